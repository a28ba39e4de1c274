//! One writer at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// The right to write to what the file `path` stands for, as long as the answer lives; `None` while another process has
/// it. The system takes it back when a process ends, however it ends.
///
/// # Errors
/// When the file cannot be made or the system knows no locks.
pub fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = (File::options().create(true).truncate(false).write(true)).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(source),
    }
}
