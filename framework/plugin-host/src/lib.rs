//! Plugins in dynamic libraries: recognising, loading and calling them.
//!
//! A library is code that runs with the user's rights, so only files that the user named are
//! opened, and a file passes many checks before it runs here:
//!
//! ```text
//! path ─▶ permissions ─▶ bytes, read once ─▶ sha256 pin ─▶ machine, stamp, entry
//!      ─▶ private copy ─▶ loaded in a child process ─▶ loaded here ─▶ names ─▶ registry
//! ```
//!
//! These checks stop broken, foreign and incompatible files. They are not a sandbox: a malicious
//! plugin that passes them can do anything. A loaded library stays for the program's lifetime.
//!
//! | file | holds |
//! |---|---|
//! | `reference.rs` | `PATH#sha256=HEX` |
//! | `file.rs` | all checks before the file runs |
//! | `probe.rs` | the probe: loading it in a child process first |
//! | `library.rs` | the loaded library: its table, and the only unsafe calls |
//! | `described.rs` | validation of its description |
//! | `host.rs` | callbacks for the library: notes, and stop requests |
//! | `load.rs` | the sequence of all this, and the registry |
//! | `remote/` | adapters: its spaces, controllers, schedules and tasks |
//!
//! The library's side is `nasfw_abi::guest`.

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
