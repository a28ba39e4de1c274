//! The C layout of what both sides call. `include/nasfw_plugin.h` says the same in C; a test
//! compares the two.
//!
//! A table grows at its end only, and a reader looks at `size` before it reads a field that an
//! earlier version did not have.

use std::ffi::c_void;

/// Major version of the ABI; it rises when something changes its meaning.
pub const ABI_MAJOR: u16 = 2;
/// Minor version of the ABI; it rises when something is added.
pub const ABI_MINOR: u16 = 0;
/// The one function that a library exports, of type [`Entry`].
pub const ENTRY_SYMBOL: &str = "nasfw_plugin_entry";

/// The call did what was asked; the reply is its answer.
pub const OK: i32 = 0;
/// It did not; the reply is an error as JSON.
pub const FAILED: i32 = 1;
/// The plugin's code panicked; the reply is an error, and the instance must not be called again.
pub const PANICKED: i32 = 2;
/// The plugin ended the call early because `tick` asked for it.
pub const STOPPED: i32 = 3;

/// A slice of bytes.
pub const SLICE_U8: u32 = 1;
/// A slice of 32-bit floats.
pub const SLICE_F32: u32 = 2;
/// The plugin may write to the slice.
pub const WRITABLE: u32 = 1;

/// Something the user may want to know.
pub const LEVEL_NOTE: u32 = 0;
/// Something the user should know.
pub const LEVEL_WARNING: u32 = 1;

/// Bytes that the callee may read during the call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    /// The first byte; may be null when `len` is 0.
    pub ptr: *const u8,
    /// Number of elements.
    pub len: usize,
}

/// Bytes that the plugin made; the program gives them back with `release`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Buffer {
    /// The first byte; null for no buffer, which is not given back.
    pub ptr: *mut u8,
    /// Number of bytes in use.
    pub len: usize,
    /// Value that the plugin needs to release the memory.
    pub capacity: usize,
}

impl Buffer {
    /// No buffer.
    pub const NONE: Self = Self {
        ptr: std::ptr::null_mut(),
        len: 0,
        capacity: 0,
    };
}

/// A flat array that the program owns, valid during the call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RawSlice {
    /// [`SLICE_U8`] or [`SLICE_F32`].
    pub kind: u32,
    /// [`WRITABLE`] or 0.
    pub flags: u32,
    /// The first element, aligned for its kind; may be null when `len` is 0.
    pub ptr: *mut c_void,
    /// Number of elements.
    pub len: usize,
}

/// Services of the program during a call, on the calling thread.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HostTable {
    /// Bytes of this table.
    pub size: usize,
    /// Given back to the functions below.
    pub context: *mut c_void,
    /// Tells the user something: a level and a line of UTF-8.
    pub log: Option<unsafe extern "C" fn(*mut c_void, u32, Bytes)>,
    /// Says how far a long call is, `done` of `total` (0: unknown); not 0 means: end soon and
    /// return [`STOPPED`].
    pub tick: Option<unsafe extern "C" fn(*mut c_void, u64, u64) -> i32>,
}

/// Describes everything the library has: `(host, reply)`.
pub type Describe = unsafe extern "C" fn(*const HostTable, *mut Buffer) -> i32;
/// Makes an instance: `(host, kind, name, config, handle, reply)`.
pub type Create =
    unsafe extern "C" fn(*const HostTable, u32, Bytes, Bytes, *mut u64, *mut Buffer) -> i32;
/// Calls an instance: `(host, handle, op, request, slices, count, reply)`.
pub type Call = unsafe extern "C" fn(
    *const HostTable,
    u64,
    u32,
    Bytes,
    *const RawSlice,
    usize,
    *mut Buffer,
) -> i32;
/// Ends an instance.
pub type Destroy = unsafe extern "C" fn(u64) -> i32;
/// Takes a reply's memory back.
pub type Release = unsafe extern "C" fn(Buffer);

/// The functions of a library.
///
/// Spaces and tasks may be called by several threads at once; an instance of any other kind by one
/// at a time.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Bytes of this table.
    pub size: usize,
    /// [`ABI_MAJOR`] of the SDK it was made with.
    pub abi_major: u32,
    /// [`ABI_MINOR`] of the SDK it was made with.
    pub abi_minor: u32,
    /// Describes everything the library has.
    pub describe: Option<Describe>,
    /// Makes an instance of something it has.
    pub create: Option<Create>,
    /// Calls an instance.
    pub call: Option<Call>,
    /// Ends an instance; it is not called again, whatever is returned.
    pub destroy: Option<Destroy>,
    /// Takes a reply's memory back.
    pub release: Option<Release>,
}

/// The exported function: the same table every time, valid for ever.
pub type Entry = unsafe extern "C" fn() -> *const Table;
