//! Callbacks for libraries, and the list of calls in progress.

#![allow(
    unsafe_code,
    reason = "functions that a library calls with pointers of a C interface"
)]

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use nasfw_abi::{Bytes, HostTable, LEVEL_WARNING};

use super::described::one_line;

/// Maximum number of notes; the rest is dropped.
const MAX_NOTES: usize = 100;

static STOP: OnceLock<&'static AtomicBool> = OnceLock::new();
static NOTES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static RUNNING: Mutex<BTreeMap<u64, Running>> = Mutex::new(BTreeMap::new());

/// A call into a library that has not returned yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Unique id of the call.
    pub id: u64,
    /// The library.
    pub library: &'static str,
    /// The operation called.
    pub operation: &'static str,
}

/// Tells libraries to end their calls once `flag` is set. The first flag stays.
pub fn stop_by(flag: &'static AtomicBool) {
    let _ = STOP.set(flag);
}

/// The calls in progress, oldest first.
pub fn running() -> Vec<Running> {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    running.values().copied().collect()
}

/// Takes the notes of libraries since the last call.
pub fn take_notes() -> Vec<String> {
    std::mem::take(&mut NOTES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Marks a call as in progress until dropped.
pub(super) struct InCall(u64);

impl InCall {
    pub(super) fn new(library: &'static str, operation: &'static str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(
            id,
            Running {
                id,
                library,
                operation,
            },
        );
        Self(id)
    }
}

impl Drop for InCall {
    fn drop(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.0);
    }
}

/// The table passed to a library with every call.
pub(super) fn table() -> HostTable {
    HostTable {
        size: size_of::<HostTable>(),
        context: std::ptr::null_mut(),
        log: Some(log),
        tick: Some(tick),
    }
}

unsafe extern "C" fn log(_context: *mut c_void, level: u32, text: Bytes) {
    if text.ptr.is_null() || text.len > 1 << 16 {
        return;
    }
    // SAFETY: the library lends the bytes for the duration of this call.
    let bytes = unsafe { std::slice::from_raw_parts(text.ptr, text.len) };
    let line = one_line(&String::from_utf8_lossy(bytes));
    let mut notes = NOTES.lock().unwrap_or_else(PoisonError::into_inner);
    if notes.len() < MAX_NOTES {
        let before = if level >= LEVEL_WARNING {
            "warning: "
        } else {
            ""
        };
        notes.push(format!("{before}{line}"));
    }
}

unsafe extern "C" fn tick(_context: *mut c_void, _done: u64, _total: u64) -> i32 {
    let is_stopping = STOP.get().is_some_and(|flag| flag.load(Ordering::Relaxed));
    i32::from(is_stopping)
}
