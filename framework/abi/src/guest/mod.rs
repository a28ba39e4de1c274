//! The plugin's side: the C functions, and the dispatch to what is registered.
//!
//! No panic leaves: each function catches it, keeps its message, and forgets the payload, whose
//! own `Drop` might panic again. What cannot be caught (an abort, a stack overflow, a panic during
//! a panic) ends the program.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | the C functions |
//! | `instance.rs` | what a handle stands for; making and calling one |
//! | `space.rs`, `controller.rs`, `schedule.rs`, `task.rs` | one kind's operations |
//! | `slice.rs` | the numbers that come with a call |
//! | `panic.rs` | catching, with the place a panic came from |

#![allow(
    unsafe_code,
    reason = "the functions take the pointers of a C interface"
)]

mod controller;
mod instance;
mod panic;
mod schedule;
mod slice;
mod space;
mod task;

use std::sync::Once;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::message::{Described, Item, Kind, Op};
use super::table::{
    ABI_MAJOR, ABI_MINOR, Buffer, Bytes, FAILED, HostTable, OK, PANICKED, RawSlice, STOPPED, Table,
};
use crate::host;
use instance::Instance;
use nasfw_sdk::error::{Error, Result};
use nasfw_sdk::registry::{About, ControllerEntry, ScheduleEntry, SpaceEntry, TaskEntry};

/// The table of this library.
static TABLE: Table = Table {
    size: size_of::<Table>(),
    abi_major: ABI_MAJOR as u32,
    abi_minor: ABI_MINOR as u32,
    describe: Some(describe),
    create: Some(create),
    call: Some(call),
    destroy: Some(destroy),
    release: Some(release),
};

/// Returns the table of `nasfw_plugin_entry`, and passes the messages of panics in calls to the
/// program from then on.
pub fn entry() -> *const Table {
    static ONCE: Once = Once::new();
    ONCE.call_once(panic::keep_places);
    &raw const TABLE
}

unsafe extern "C" fn describe(host: *const HostTable, reply: *mut Buffer) -> i32 {
    // SAFETY: the program's pointers are valid during the call.
    unsafe { answer(host, reply, || write(&described())) }
}

unsafe extern "C" fn create(
    host: *const HostTable,
    kind: u32,
    name: Bytes,
    config: Bytes,
    handle: *mut u64,
    reply: *mut Buffer,
) -> i32 {
    let make = || {
        let kind = (Kind::ALL.into_iter().find(|k| *k as u32 == kind))
            .ok_or_else(|| Error::invalid("kind", kind, "this SDK knows 1 to 4"))?;
        // SAFETY: the program's pointers are valid during the call.
        let (name, config) = unsafe { (slice::bytes(name), slice::bytes(config)) };
        let name =
            std::str::from_utf8(name).map_err(|e| Error::invalid("name", e, "names are UTF-8"))?;
        let (instance, reply) = Instance::make(kind, name, config)?;
        // SAFETY: as above.
        unsafe { handle.write(instance.into_handle()) };
        Ok(reply)
    };
    // SAFETY: as above.
    unsafe { answer(host, reply, make) }
}

unsafe extern "C" fn call(
    host: *const HostTable,
    handle: u64,
    op: u32,
    request: Bytes,
    slices: *const RawSlice,
    count: usize,
    reply: *mut Buffer,
) -> i32 {
    // SAFETY: the program calls with handles that it got and did not give back.
    let Some(instance) = (unsafe { Instance::of_handle(handle) }) else {
        return FAILED;
    };
    let call = || {
        let op = (Op::ALL.iter().copied().find(|o| *o as u32 == op))
            .ok_or_else(|| Error::invalid("operation", op, "this SDK does not know it"))?;
        // SAFETY: the program's pointers are valid during the call, and no two of its slices
        // overlap.
        let (request, mut slices) =
            unsafe { (slice::bytes(request), slice::slices(slices, count)?) };
        instance.call(op, request, &mut slices)
    };
    // SAFETY: as above.
    let status = unsafe { answer(host, reply, call) };
    if status == PANICKED {
        instance.kill();
    }
    status
}

unsafe extern "C" fn destroy(handle: u64) -> i32 {
    let end = || {
        // SAFETY: the program gives a handle back once.
        unsafe { Instance::end(handle) };
        Ok(Vec::new())
    };
    // SAFETY: no pointer is passed.
    unsafe { answer(std::ptr::null(), std::ptr::null_mut(), end) }
}

unsafe extern "C" fn release(buffer: Buffer) {
    if !buffer.ptr.is_null() {
        // SAFETY: the buffer is one that `answer` made of a `Vec`.
        drop(unsafe { Vec::from_raw_parts(buffer.ptr, buffer.len, buffer.capacity) });
    }
}

/// Does `work`, catches what it throws, and hands its bytes over.
///
/// # Safety
/// `host` is null or valid during the call; `reply` is null or may be written.
unsafe fn answer(
    host: *const HostTable,
    reply: *mut Buffer,
    work: impl FnOnce() -> Result<Vec<u8>>,
) -> i32 {
    // SAFETY: `host` is as promised.
    let caught = panic::catch(|| unsafe { host::within(host, work) });
    let (status, bytes) = match caught {
        Ok(Ok(bytes)) => (OK, bytes),
        Ok(Err(Error::Stopped)) => (STOPPED, Vec::new()),
        Ok(Err(error)) => (FAILED, serde_json::to_vec(&error).unwrap_or_default()),
        Err(message) => {
            let message = serde_json::json!({ "message": message });
            (PANICKED, message.to_string().into_bytes())
        }
    };
    if !reply.is_null() {
        let mut bytes = std::mem::ManuallyDrop::new(bytes);
        let buffer = Buffer {
            ptr: bytes.as_mut_ptr(),
            len: bytes.len(),
            capacity: bytes.capacity(),
        };
        // SAFETY: `reply` may be written.
        unsafe { reply.write(buffer) };
    }
    status
}

/// Everything that is registered in this library.
fn described() -> Described {
    let item = |kind, about: &About, defaults: &dyn Fn() -> serde_json::Value| Item {
        kind,
        plugin: about.plugin.into(),
        name: about.name.into(),
        about: about.about.into(),
        version: about.version.into(),
        defaults: defaults(),
    };
    let mut items = Vec::new();
    items.extend(
        SpaceEntry::all()
            .iter()
            .map(|e| item(Kind::Space, &e.about, e.defaults)),
    );
    items.extend(
        ControllerEntry::all()
            .iter()
            .map(|e| item(Kind::Controller, &e.about, e.defaults)),
    );
    items.extend(
        ScheduleEntry::all()
            .iter()
            .map(|e| item(Kind::Schedule, &e.about, e.defaults)),
    );
    items.extend(
        TaskEntry::all()
            .iter()
            .map(|e| item(Kind::Task, &e.about, e.defaults)),
    );
    Described { items }
}

fn read<T: DeserializeOwned>(request: &[u8]) -> Result<T> {
    serde_json::from_slice(request).map_err(|e| Error::Config {
        item: "request".into(),
        message: e.to_string(),
    })
}

fn write<T: Serialize>(reply: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(reply).map_err(|e| Error::Config {
        item: "reply".into(),
        message: e.to_string(),
    })
}

fn unknown_operation(op: Op, kind: &str) -> Error {
    Error::invalid("operation", op.name(), format!("no operation of a {kind}"))
}
