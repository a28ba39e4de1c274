//! One writer at a time.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::{io_error, run_error};
use crate::error::Result;

/// The right to write to a run. The system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the right, or says who may have it.
    pub(super) fn take(run: &Path) -> Result<Self> {
        let path = run.join("run.lock");
        let file = (File::options().create(true).truncate(false).write(true))
            .open(&path)
            .map_err(io_error(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(run_error(
                run,
                "another nasfw is writing to it; wait for it, or stop it",
            )),
            Err(TryLockError::Error(source)) => Err(io_error(&path)(source)),
        }
    }
}
