//! The interface between nasfw and a plugin in a library of its own.
//!
//! A library exports a [`Stamp`], which is read without running anything, and one function that
//! returns a [`Table`] of C functions. What goes through them is UTF-8 JSON ([`message`]) and flat
//! slices of numbers; no Rust type does, so the two sides may be built by different compilers, or
//! in C (`include/nasfw_plugin.h`). `docs/plugin-abi.md` is the reference.
//!
//! A plugin in Rust implements the traits of `nasfw-sdk`, registers what it has, and calls
//! [`export_plugin!`] once; [`host`] speaks to the user during a call.
//!
//! | file | holds |
//! |---|---|
//! | `stamp.rs` | the record in a section of its own |
//! | `table.rs` | the C layout: table, buffers, slices, status codes |
//! | `message/` | requests and replies, one file a kind |
//! | `truth.rs` | labels as slices |
//! | `guest/` | the plugin's side: dispatch to the registered items, panics caught |
//! | `host.rs` | the program's side of a call, as a plugin sees it: notes, warnings, requests to stop |
//! | `export.rs` | `export_plugin!()` |
//!
//! The program's side is the crate `nasfw-plugin-host`.

mod export;
pub mod guest;
pub mod host;
pub mod message;
mod stamp;
mod table;
pub mod truth;

pub use stamp::{MAGIC, STAMP_SECTION, STAMP_SYMBOL, Stamp};
pub use table::{
    ABI_MAJOR, ABI_MINOR, Buffer, Bytes, Call, Create, Describe, Destroy, ENTRY_SYMBOL, Entry,
    FAILED, HostTable, LEVEL_NOTE, LEVEL_WARNING, OK, PANICKED, RawSlice, Release, SLICE_F32,
    SLICE_U8, STOPPED, Table, WRITABLE,
};
