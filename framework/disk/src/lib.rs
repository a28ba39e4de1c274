//! Files and folders that are written whole or not at all, and who may write.
//!
//! Errors are the system's; who calls knows what the file is for, and says so.
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
