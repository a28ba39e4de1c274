//! Plugins in libraries of their own: finding out whether a file is one, loading it, and calling it.
//!
//! A library is code that runs with the user's rights, so only files that the user named are looked
//! at, and a file goes a long way before it runs here:
//!
//! ```text
//! path ─▶ permissions ─▶ bytes, read once ─▶ machine, stamp, entry ─▶ sha256 pin
//!      ─▶ private copy ─▶ loaded in a child process ─▶ loaded here ─▶ names ─▶ registry
//! ```
//!
//! That keeps broken, foreign and unlucky files from doing harm. It is no sandbox: a file that means
//! harm and passes for a plugin does it. A library that is loaded stays for the program's life.
//!
//! | file | holds |
//! |---|---|
//! | `reference.rs` | `PATH#sha256=HEX` |
//! | `file.rs` | everything that is checked before the file runs |
//! | `probe.rs` | loading it in a child process first, and that child |
//! | `library.rs` | the loaded library: its table, and the only unsafe calls |
//! | `described.rs` | what it says of itself, before it is believed or shown |
//! | `host.rs` | what the library may call: notes, and whether to stop |
//! | `load.rs` | the order of all this, and the registry |
//! | `remote/` | its spaces, controllers, schedules and tasks, as the engine knows them |
//!
//! The library's side is `nasfw_sdk::wire::guest`.

mod described;
mod error;
mod file;
mod host;
mod library;
mod load;
mod probe;
mod reference;
mod remote;

pub use error::{Error, Result};
pub use host::{Running, running, stop_by, take_notes};
pub use library::Library;
pub use load::{Inspected, Loaded, inspect, is_library, load, loaded, open};
pub use probe::{ProbeProgram, exit_text, probe_here, probe_with};
