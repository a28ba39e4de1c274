//! Files and folders written whole or not at all, and locks for their writers.
//!
//! Errors are the system's; the caller knows the purpose of the file and adds it.
//!
//! | file | holds |
//! |---|---|
//! | `file.rs` | one file of the user's choice, whole or not at all |
//! | `new_folder.rs` | the same for a folder of files |
//! | `kind.rs` | a folder's kind: a run, a model, an unfinished training |
//! | `replace.rs` | a file written beside its place and moved there |
//! | `unfinished.rs` | a folder filled beside its place and moved there |
//! | `lock.rs` | one writer at a time |
//! | `paths.rs` | parents and hidden names |

mod error;
mod file;
mod kind;
mod lock;
mod new_folder;
mod paths;
mod replace;
mod unfinished;

pub use error::{Error, Result};
pub use file::{owner, write_file};
pub use kind::{
    CHECKPOINT, Folder, MODEL_DESCRIPTION, RUN_DATABASE, is_model, is_run, started_training,
    unfinished_folder, unfinished_model,
};
pub use lock::try_lock;
pub use new_folder::NewFolder;
pub use paths::parent;
pub use replace::{replace, replace_by};
pub use unfinished::Unfinished;
