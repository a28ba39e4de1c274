//! Services of the program for a plugin's code during a call.
//!
//! Built-in code may call these, too: notes are dropped, and it is never asked to stop.

#![allow(
    unsafe_code,
    reason = "calls the functions of the C table that the program passed in"
)]

use std::cell::Cell;
use std::ptr;

use crate::{Bytes, HostTable, LEVEL_NOTE, LEVEL_WARNING};

thread_local! {
    /// The table of the call that this thread is in.
    static HOST: Cell<*const HostTable> = const { Cell::new(ptr::null()) };
}

/// Shows the user an informative note of one line.
pub fn note(text: &str) {
    log(LEVEL_NOTE, text);
}

/// Shows the user a warning of one line.
pub fn warn(text: &str) {
    log(LEVEL_WARNING, text);
}

/// Reports that `done` of `total` steps of a long call are done (`total` 0: unknown); true if the
/// call should end soon, with [`Error::Stopped`](nasfw_sdk::Error::Stopped).
///
/// A call of more than a second should ask several times a second: the user may have pressed
/// Ctrl-C.
pub fn should_stop(done: u64, total: u64) -> bool {
    table().is_some_and(|table| {
        // SAFETY: the table is the program's and valid during the call that this thread is in;
        // `context` is what it wants back.
        table
            .tick
            .is_some_and(|tick| unsafe { tick(table.context, done, total) } != 0)
    })
}

fn log(level: u32, text: &str) {
    if let Some(table) = table()
        && let Some(log) = table.log
    {
        let text = Bytes {
            ptr: text.as_ptr(),
            len: text.len(),
        };
        // SAFETY: as for `tick`; the bytes outlive the call.
        unsafe { log(table.context, level, text) };
    }
}

fn table() -> Option<HostTable> {
    let host = HOST.get();
    if host.is_null() {
        return None;
    }
    // SAFETY: `within` set the pointer for the time of the call; `size` is the table's first field
    // and says whether the others are there.
    unsafe {
        let size = ptr::addr_of!((*host).size).read();
        (size >= size_of::<HostTable>()).then(|| host.read())
    }
}

/// Runs `call` with the program's table in reach.
///
/// # Safety
/// `host` is null or points to a table that is valid until `call` returns.
pub(crate) unsafe fn within<T>(host: *const HostTable, call: impl FnOnce() -> T) -> T {
    struct Back(*const HostTable);
    impl Drop for Back {
        fn drop(&mut self) {
            HOST.set(self.0);
        }
    }
    let _back = Back(HOST.replace(host));
    call()
}
