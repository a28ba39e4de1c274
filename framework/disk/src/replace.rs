//! One file, whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::paths::{beside, parent, sync_folder};

/// Replaces the content of `path` with `bytes`, or leaves it unchanged; durable when this returns.
///
/// # Errors
/// When it cannot be written, or `path` names no file.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = beside(path).ok_or(ErrorKind::InvalidFilename)?;
    replace_by(&unfinished, path, bytes)
}

/// Does the same via the given name in the same folder: where one process writes at a time, a fixed
/// name leaves at most one stray file when the process is killed.
///
/// # Errors
/// As [`replace`].
pub fn replace_by(unfinished: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let write = || -> io::Result<()> {
        let mut file = File::create(unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(unfinished, path)
    };
    // Report the original error.
    write().inspect_err(|_| drop(fs::remove_file(unfinished)))?;
    sync_folder(parent(path));
    Ok(())
}
