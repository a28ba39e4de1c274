//! A loaded library: its checked table, and the only calls into it.

#![allow(
    unsafe_code,
    reason = "loads foreign code and calls it through a C table"
)]

use std::path::Path;

#[cfg(unix)]
use libloading::os::unix::Library as Loader;
#[cfg(windows)]
use libloading::os::windows::Library as Loader;
use nasfw_abi::message::{Described, Kind, Op};
use nasfw_abi::{
    ABI_MAJOR, ABI_MINOR, Buffer, Bytes, Call, Create, Describe, Destroy, ENTRY_SYMBOL, Entry,
    FAILED, OK, PANICKED, RawSlice, Release, SLICE_F32, SLICE_U8, STOPPED, Table, WRITABLE,
};
use nasfw_sdk::Error;
use serde_json::Value;

use super::described::{check_items, clean, one_line};
use super::host::{self, InCall};

/// Maximum length of a description or an error.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// A library that stays loaded for the lifetime of the program.
pub struct Library {
    /// Its name in messages.
    label: &'static str,
    functions: Functions,
    described: Described,
}

/// The functions of the table, all present.
#[derive(Clone, Copy)]
struct Functions {
    describe: Describe,
    create: Create,
    call: Call,
    destroy: Destroy,
    release: Release,
}

/// The result of a call.
pub(super) enum Answer {
    /// The reply.
    Done(Vec<u8>),
    /// The reason of the refusal.
    Failed(Error),
    /// The library's code panicked; the instance must not be called again.
    Panicked(Error),
}

/// An array lent to the library for one call.
pub(super) enum Lent<'a> {
    U8(&'a [u8]),
    F32(&'a [f32]),
    U8Mut(&'a mut [u8]),
    F32Mut(&'a mut [f32]),
}

impl Library {
    /// Loads the library in `file` and checks its description. `label` is its name in messages.
    ///
    /// Its code runs here: constructors, `nasfw_plugin_entry`, `describe`.
    ///
    /// # Errors
    /// One line: the problem.
    pub(super) fn open(file: &Path, label: &str) -> Result<&'static Self, String> {
        let loader =
            load(file).map_err(|e| format!("cannot be loaded: {}", without_path(&e, file)))?;
        // Never unloaded: threads and thread-local destructors of its own may outlive any use.
        let loader = Box::leak(Box::new(loader));
        // SAFETY: the stamp guarantees a function of this type under this name.
        let entry = unsafe { loader.get::<Entry>(ENTRY_SYMBOL.as_bytes()) };
        let entry = entry.map_err(|_| format!("does not export {ENTRY_SYMBOL}"))?;
        // SAFETY: as guaranteed by the stamp.
        let table = unsafe { entry() };
        let functions = functions(table)?;
        let mut library = Self {
            label: Box::leak(label.into()),
            functions,
            described: Described { items: Vec::new() },
        };
        library.described = library.describe()?;
        Ok(Box::leak(Box::new(library)))
    }

    /// Its name in messages.
    pub fn label(&self) -> &'static str {
        self.label
    }

    /// Everything it has.
    pub fn described(&self) -> &Described {
        &self.described
    }

    fn describe(&self) -> Result<Described, String> {
        let (host, mut reply) = (host::table(), Buffer::NONE);
        let _running = InCall::new(self.label, "describe");
        // SAFETY: the function is the table's, all pointers are valid during the call.
        let status = unsafe { (self.functions.describe)(&raw const host, &raw mut reply) };
        let bytes = match self.answer("describe", status, reply, MAX_TEXT_BYTES) {
            Answer::Done(bytes) => bytes,
            Answer::Failed(e) | Answer::Panicked(e) => return Err(e.to_string()),
        };
        let described: Described = serde_json::from_slice(&bytes)
            .map_err(|e| format!("its description is invalid: {e}"))?;
        check_items(&described.items)?;
        Ok(described)
    }

    /// Makes an instance.
    pub(super) fn create(
        &self,
        kind: Kind,
        name: &str,
        config: &[u8],
        most: usize,
    ) -> (u64, Answer) {
        let (host, mut reply, mut handle) = (host::table(), Buffer::NONE, 0);
        let running = InCall::new(self.label, "create");
        // SAFETY: as in `describe`.
        let status = unsafe {
            (self.functions.create)(
                &raw const host,
                kind as u32,
                bytes(name.as_bytes()),
                bytes(config),
                &raw mut handle,
                &raw mut reply,
            )
        };
        drop(running);
        match self.answer("create", status, reply, most) {
            Answer::Done(_) if handle == 0 => {
                let message = "made an instance with a null handle".to_owned();
                (0, Answer::Failed(self.error("create", message)))
            }
            answer => (handle, answer),
        }
    }

    /// Calls an instance.
    pub(super) fn call(
        &self,
        handle: u64,
        op: Op,
        request: &[u8],
        lent: &mut [Lent<'_>],
        most: usize,
    ) -> Answer {
        let slices: Vec<RawSlice> = lent.iter_mut().map(Lent::raw).collect();
        let (host, mut reply) = (host::table(), Buffer::NONE);
        let running = InCall::new(self.label, op.name());
        // SAFETY: as in `describe`; the slices are borrowed for the time of the call.
        let status = unsafe {
            (self.functions.call)(
                &raw const host,
                handle,
                op as u32,
                bytes(request),
                slices.as_ptr(),
                slices.len(),
                &raw mut reply,
            )
        };
        drop(running);
        self.answer(op.name(), status, reply, most)
    }

    /// Drops an instance.
    pub(super) fn destroy(&self, handle: u64) {
        let _running = InCall::new(self.label, "destroy");
        // SAFETY: the handle is one that the library made and that is not used any more. What it
        // returns changes nothing: the instance is gone either way.
        let _ = unsafe { (self.functions.destroy)(handle) };
    }

    /// Copies a reply, returns the buffer to the library, and decodes the status.
    fn answer(&self, operation: &str, status: i32, reply: Buffer, most: usize) -> Answer {
        let most = if status == OK { most } else { MAX_TEXT_BYTES };
        let length = reply.len;
        let copied = if reply.ptr.is_null() {
            Some(Vec::new())
        } else if length > most {
            None
        } else {
            // SAFETY: the library states this length.
            Some(unsafe { std::slice::from_raw_parts(reply.ptr, length) }.to_vec())
        };
        if !reply.ptr.is_null() {
            // SAFETY: the buffer is the library's own, and is given back once.
            unsafe { (self.functions.release)(reply) };
        }
        let Some(bytes) = copied else {
            let message = format!("replied with {length} bytes; at most {most} are accepted");
            return Answer::Failed(self.error(operation, message));
        };
        match status {
            OK => Answer::Done(bytes),
            FAILED => Answer::Failed(self.failure(operation, &bytes)),
            PANICKED => Answer::Panicked(self.failure(operation, &bytes)),
            STOPPED => Answer::Failed(Error::Stopped),
            other => {
                let message = format!("returned the unknown status {other}");
                Answer::Panicked(self.error(operation, message))
            }
        }
    }

    /// The error in a library's reply: one of the contract's, or a message of its own.
    fn failure(&self, operation: &str, bytes: &[u8]) -> Error {
        let mut value: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        clean(&mut value);
        let message = value
            .get("message")
            .and_then(Value::as_str)
            .map(str::to_owned);
        if let Ok(error) = serde_json::from_value::<Error>(value) {
            return error;
        }
        self.error(
            operation,
            message.unwrap_or_else(|| "no reason given".into()),
        )
    }

    /// An error attributed to this library.
    pub(super) fn error(&self, operation: &str, message: String) -> Error {
        Error::Library {
            library: format!("{}: {operation}", self.label),
            message,
        }
    }
}

impl Lent<'_> {
    fn raw(&mut self) -> RawSlice {
        let (kind, flags, ptr, len) = match self {
            Self::U8(s) => (SLICE_U8, 0, s.as_ptr().cast_mut().cast(), s.len()),
            Self::F32(s) => (SLICE_F32, 0, s.as_ptr().cast_mut().cast(), s.len()),
            Self::U8Mut(s) => (SLICE_U8, WRITABLE, s.as_mut_ptr().cast(), s.len()),
            Self::F32Mut(s) => (SLICE_F32, WRITABLE, s.as_mut_ptr().cast(), s.len()),
        };
        RawSlice {
            kind,
            flags,
            ptr,
            len,
        }
    }
}

fn load(file: &Path) -> Result<Loader, libloading::Error> {
    // SAFETY: the user asked for this library's code to run. All its symbols are bound now, so that
    // a missing one shows here, and it shares none with other libraries.
    #[cfg(unix)]
    return unsafe {
        use libloading::os::unix::{RTLD_LOCAL, RTLD_NOW};
        Loader::open(Some(file), RTLD_NOW | RTLD_LOCAL)
    };
    // SAFETY: as above; on this system both are so.
    #[cfg(windows)]
    return unsafe { Loader::new(file) };
}

fn bytes(from: &[u8]) -> Bytes {
    Bytes {
        ptr: from.as_ptr(),
        len: from.len(),
    }
}

/// Reads the table, up to the size it declares.
fn functions(table: *const Table) -> Result<Functions, String> {
    if table.is_null() || !table.is_aligned() {
        return Err(format!("{ENTRY_SYMBOL} returned a null table"));
    }
    // SAFETY: the interface requires a table that begins with its size.
    let size = unsafe { std::ptr::addr_of!((*table).size).read() };
    if size < size_of::<Table>() {
        let needed = size_of::<Table>();
        return Err(format!("its table has {size} bytes; {needed} are needed"));
    }
    // SAFETY: the table has the size that it states.
    let table = unsafe { table.read() };
    if table.abi_major != u32::from(ABI_MAJOR) || table.abi_minor > u32::from(ABI_MINOR) {
        return Err(format!(
            "its table has version {}.{}, which differs from its stamp",
            table.abi_major, table.abi_minor
        ));
    }
    let missing = |name: &str| format!("its table lacks {name}");
    Ok(Functions {
        describe: table.describe.ok_or_else(|| missing("describe"))?,
        create: table.create.ok_or_else(|| missing("create"))?,
        call: table.call.ok_or_else(|| missing("call"))?,
        destroy: table.destroy.ok_or_else(|| missing("destroy"))?,
        release: table.release.ok_or_else(|| missing("release"))?,
    })
}

/// The loader's message, without the private copy's path.
fn without_path(error: &libloading::Error, file: &Path) -> String {
    let mut text = error.to_string();
    let source = std::error::Error::source(error).map(ToString::to_string);
    if let Some(source) = source.filter(|s| !text.contains(s.as_str())) {
        text = source;
    }
    let path = format!("{}: ", file.display());
    one_line(&text.replace(&path, ""))
}
