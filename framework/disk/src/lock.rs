//! One writer at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// Takes the exclusive right to write to whatever the file `path` stands for, for the lifetime of
/// the result; `None` while another process holds it. The system releases it when a process ends,
/// however it ends.
///
/// # Errors
/// When the file cannot be created or the system does not support locks.
pub fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = (File::options().create(true).truncate(false).write(true)).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(source),
    }
}
