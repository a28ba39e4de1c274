//! A table that forwards most calls, and answers some of them itself.

#![allow(clippy::unwrap_used, reason = "a part of a test")]
#![allow(unsafe_code, reason = "the functions of a C table")]

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use nasfw_abi::guest::entry;
use nasfw_abi::message::{Op, space};
use nasfw_abi::{Buffer, Bytes, HostTable, RawSlice, Stamp, Table};

use super::fault::Order;

#[allow(non_upper_case_globals, reason = "the name of the symbol")]
#[used]
#[unsafe(no_mangle)]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,.nasfw"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".nasfw"))]
pub(crate) static nasfw_plugin_stamp: Stamp = Stamp::new("rude", "0.1.0");

#[unsafe(no_mangle)]
pub(crate) extern "C" fn nasfw_plugin_entry() -> *const Table {
    // SAFETY: the SDK's table is valid for ever.
    let table = unsafe { *entry() };
    match std::env::var("NASFW_RUDE_START").as_deref() {
        Ok("null table") => return std::ptr::null(),
        Ok("short table") => return leak(Table { size: 8, ..table }),
        Ok("no call") => {
            return leak(Table {
                call: None,
                ..table
            });
        }
        Ok("other version") => {
            return leak(Table {
                abi_major: 7,
                ..table
            });
        }
        _ => {}
    }
    leak(Table {
        describe: Some(describe),
        create: Some(create),
        call: Some(call),
        ..table
    })
}

fn leak(table: Table) -> *const Table {
    Box::leak(Box::new(table))
}

fn sdk_table() -> Table {
    // SAFETY: as above.
    unsafe { *entry() }
}

/// Requested replies of instances: by handle, the operation's name and the text.
static REPLIES: Mutex<BTreeMap<u64, (String, String)>> = Mutex::new(BTreeMap::new());

/// Passes text to the program as the SDK does; `@N` means N bytes.
fn reply_with(text: &str, reply: *mut Buffer) {
    let bytes = match text.strip_prefix('@').and_then(|n| n.parse().ok()) {
        Some(length) => vec![b' '; length],
        None => text.as_bytes().to_vec(),
    };
    let mut bytes = std::mem::ManuallyDrop::new(bytes);
    let buffer = Buffer {
        ptr: bytes.as_mut_ptr(),
        len: bytes.len(),
        capacity: bytes.capacity(),
    };
    // SAFETY: the program allows writing the reply.
    unsafe { reply.write(buffer) };
}

unsafe extern "C" fn describe(host: *const HostTable, reply: *mut Buffer) -> i32 {
    match std::env::var("NASFW_RUDE_START").as_deref() {
        Ok("describes nothing") => reply_with(r#"{"items": []}"#, reply),
        Ok("describes itself otherwise") => {
            let item = r#"{"kind": "task", "plugin": "x", "name": "x@", "about": "", "version": "1", "defaults": {}}"#;
            let item = item.replace('@', &std::process::id().to_string());
            reply_with(&format!("{{\"items\": [{item}]}}"), reply);
        }
        Ok("describes garbage") => reply_with("\u{1b}[2J not json", reply),
        Ok("describes too much") => reply_with("@3000000", reply),
        Ok("describes odd names") => reply_with(
            r#"{"items": [{"kind": "task", "plugin": "x", "name": "../a b", "about": "", "version": "1", "defaults": {}}]}"#,
            reply,
        ),
        Ok("describes no settings") => reply_with(
            r#"{"items": [{"kind": "task", "plugin": "x", "name": "x", "about": "", "version": "1", "defaults": 1}]}"#,
            reply,
        ),
        _ => {
            let mut all = Buffer::NONE;
            // SAFETY: the SDK's own function, with the program's host and a buffer of ours.
            let status = unsafe { (sdk_table().describe.unwrap())(host, &raw mut all) };
            // SAFETY: the SDK created the buffer.
            let bytes = unsafe { std::slice::from_raw_parts(all.ptr, all.len) };
            let mut described: serde_json::Value = serde_json::from_slice(bytes).unwrap();
            let items = described["items"].as_array_mut().unwrap();
            items.retain(|item| item["plugin"] == "rude");
            reply_with(&described.to_string(), reply);
            return status;
        }
    }
    0
}

unsafe extern "C" fn create(
    host: *const HostTable,
    kind: u32,
    name: Bytes,
    config: Bytes,
    handle: *mut u64,
    reply: *mut Buffer,
) -> i32 {
    // SAFETY: the program's pointers are valid during the call.
    let given = unsafe { std::slice::from_raw_parts(config.ptr, config.len) };
    let make: space::Make = serde_json::from_slice(given).unwrap();
    let order: Order = serde_json::from_value(make.settings).unwrap_or_default();
    // SAFETY: passed on as they came.
    let status = unsafe { (sdk_table().create.unwrap())(host, kind, name, config, handle, reply) };
    if status == 0 && order.reply_at == "create" {
        reply_with(&order.reply, reply);
    } else if status == 0 {
        // SAFETY: the SDK wrote it.
        let handle = unsafe { *handle };
        let mut replies = REPLIES.lock().unwrap_or_else(PoisonError::into_inner);
        // Handles of ended instances are reused.
        replies.insert(handle, (order.reply_at, order.reply));
    }
    status
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
    let told = {
        let replies = REPLIES.lock().unwrap_or_else(PoisonError::into_inner);
        replies.get(&handle).cloned()
    };
    let name = Op::ALL.iter().find(|o| **o as u32 == op).map(|o| o.name());
    if let Some((at, text)) = told
        && name == Some(at.as_str())
    {
        return match text.strip_prefix("status ").and_then(|s| s.parse().ok()) {
            Some(status) => status,
            None => {
                reply_with(&text, reply);
                0
            }
        };
    }
    // SAFETY: passed on as they came.
    unsafe { (sdk_table().call.unwrap())(host, handle, op, request, slices, count, reply) }
}
