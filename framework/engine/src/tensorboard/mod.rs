//! TensorBoard event files of a search or a training: numbers by step.
//!
//! An event file is a sequence of records, each an `Event` message with a time, a step and tagged
//! numbers. Every call writes a file of its own; TensorBoard reads all files of a folder as one, so
//! that a resumed run continues its curves.
//!
//! | file | holds |
//! |---|---|
//! | `proto.rs` | the messages, limited to the fields in use |
//! | `record.rs` | length, message, checksums |
//! | `file.rs` | a new event file |
//! | `observer.rs` | the numbers of a search and of a training |

mod file;
mod observer;
mod proto;
mod record;

pub use file::check_folder;
pub use observer::Events;
