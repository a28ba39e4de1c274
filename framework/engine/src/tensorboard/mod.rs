//! A search or a training as TensorBoard reads it: event files of numbers by step.
//!
//! An event file is a row of records, each an `Event` message with a moment, a step and tagged
//! numbers. Every call writes a file of its own; TensorBoard reads those of a folder as one, so that a
//! resumed run goes on where it was.
//!
//! | file | holds |
//! |---|---|
//! | `proto.rs` | the messages, as far as they are written |
//! | `record.rs` | length, message, checksums |
//! | `file.rs` | a new event file |
//! | `observer.rs` | what is written of a search and of a training |

mod file;
mod observer;
mod proto;
mod record;

pub use file::check_folder;
pub use observer::Events;
