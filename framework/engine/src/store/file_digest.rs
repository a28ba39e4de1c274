//! The hash of a run's database while nobody writes to it.
//!
//! Links and seal are of what is recorded. A database also has bytes that record nothing; so that a change of
//! these is found too, as the sign of a failing disk that it is, a run that was closed leaves the hash of the
//! whole file in `run.blake3`.

use std::path::{Path, PathBuf};

use super::{artifact, database_path, io_error};
use crate::error::Result;

pub(super) fn path(run: &Path) -> PathBuf {
    run.join("run.blake3")
}

/// Removes the hash before the first write, or else it would soon be wrong.
pub(super) fn remove(run: &Path) -> Result<()> {
    let path = path(run);
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io_error(&path)(e)),
        _ => Ok(()),
    }
}

/// Leaves the hash. The database must be in one file.
pub(super) fn leave(run: &Path) -> Result<()> {
    artifact::write_whole(&path(run), text(run)?.as_bytes())
}

/// What the file should hold now: 64 hexadecimal digits and a line feed.
pub(super) fn text(run: &Path) -> Result<String> {
    let path = database_path(run);
    let bytes = std::fs::read(&path).map_err(io_error(&path))?;
    Ok(format!("{}\n", artifact::hash(&bytes)))
}
