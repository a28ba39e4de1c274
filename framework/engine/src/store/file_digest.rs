//! The hash of a run's database file while no process writes to it.
//!
//! Links and seal cover what is recorded. A database also has bytes that record nothing; to detect
//! changes of these too, as signs of a failing disk, a run leaves the hash of the whole file in
//! `run.blake3` when it is closed.

use std::path::{Path, PathBuf};

use super::{artifact, database_path, io_error};
use crate::error::Result;

pub(super) fn path(run: &Path) -> PathBuf {
    run.join("run.blake3")
}

/// Removes the hash before the first write, which would make it wrong.
pub(super) fn remove(run: &Path) -> Result<()> {
    let path = path(run);
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io_error(&path)(e)),
        _ => Ok(()),
    }
}

/// Writes the hash. The database must be in one file, without a log.
pub(super) fn leave(run: &Path) -> Result<()> {
    artifact::write_whole(&path(run), text(run)?.as_bytes())
}

/// The expected content of the file: 64 hexadecimal digits and a line feed.
pub(super) fn text(run: &Path) -> Result<String> {
    let path = database_path(run);
    let bytes = std::fs::read(&path).map_err(io_error(&path))?;
    Ok(format!("{}\n", artifact::hash(&bytes)))
}
