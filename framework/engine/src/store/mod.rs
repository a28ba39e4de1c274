//! The run folder and its database.
//!
//! ```text
//! RUN/run.db        SQLite: configuration, every trial, the state to continue from
//! RUN/config.toml   the configuration again, for people
//! RUN/artifacts/    the weights of the warmed-up encoder
//! RUN/run.blake3    the hash of run.db while nobody writes to it
//! RUN/run.lock      held by the one process that writes
//! RUN/baseline/     a run of another controller to compare with, if one is wanted
//! ```
//!
//! The database and the artifacts it names are enough to continue. A trial and the state after it
//! are one transaction, durable before [`Run::append`] returns; a crash at any moment leaves all
//! earlier trials. The same holds for the proposals of a round before any is evaluated, and for
//! evaluations that wait for earlier trials. Readers ([`RunView`]) never block the writer
//! ([`Run`]), nor the writer them.
//!
//! | file | holds |
//! |---|---|
//! | `create.rs` | a new folder, whole or not at all |
//! | `format.rs` | the tables, their version, opening a database |
//! | `lock.rs` | one writer at a time |
//! | `view.rs` | reading a run |
//! | `write.rs` | writing to a run |
//! | `folder_identity.rs` | detection of a moved run folder |
//! | `rows.rs` | trials as rows |
//! | `round.rs` | the current round |
//! | `artifact.rs` | files written whole or not at all |
//! | `hash_chain.rs`, `file_digest.rs` | hashes of the records, and of the file |
//! | `verify.rs` | the check that nothing has changed |

mod artifact;
mod create;
mod file_digest;
mod folder_identity;
mod format;
mod hash_chain;
mod lock;
mod round;
mod rows;
mod verify;
mod view;
mod write;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use nasfw_disk as disk;
use nasfw_sdk::State;

pub use format::FORMAT;
pub use round::{Pending, Round};
pub use verify::Verified;
pub use view::RunView;
pub use write::Run;

use crate::error::Error;

/// The state that a search needs to continue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchState {
    /// The controller's.
    pub controller: State,
    /// The reward schedule's.
    pub schedule: State,
}

/// True if `folder` looks like a run's, sound or not.
pub fn is_run(folder: &Path) -> bool {
    database_path(folder).is_file()
}

/// The folder of the run of another controller that a run is compared with (`run.baseline`).
pub fn baseline_folder(run: &Path) -> PathBuf {
    run.join("baseline")
}

fn database_path(run: &Path) -> PathBuf {
    run.join("run.db")
}

/// Turns a database failure in `run` into the error variant for whoever can fix it.
fn database_error(run: &Path, source: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode::{
        DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase,
    };
    let path = database_path(run);
    let message = match source.sqlite_error_code() {
        Some(NotADatabase | DatabaseCorrupt) => {
            format!("run.db is damaged or not a database: {source}")
        }
        Some(DatabaseBusy | DatabaseLocked) => "run.db is in use by another program".into(),
        Some(DiskFull) => return disk::Error::Full { path, then: RESUME }.into(),
        _ if is_out_of_room(&source) => return disk::Error::Full { path, then: RESUME }.into(),
        _ => return Error::Database { path, source },
    };
    Error::Run {
        run: run.into(),
        message,
    }
}

/// The action left to the user when the disk is full.
const RESUME: &str = "continue with `nasfw resume`";

/// True if SQLite could not make room for the memory that readers and the writer share: a full disk
/// under another name.
fn is_out_of_room(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|e| e.extended_code);
    code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

fn run_error(run: &Path, message: impl Into<String>) -> Error {
    Error::Run {
        run: run.into(),
        message: message.into(),
    }
}

fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    |source| {
        let path = path.into();
        match source.kind() {
            std::io::ErrorKind::StorageFull => disk::Error::Full { path, then: RESUME }.into(),
            _ => Error::Io { path, source },
        }
    }
}
