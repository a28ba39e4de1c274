//! One writer at a time.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use super::{io_error, run_error};
use crate::error::Result;
use nasfw_disk as disk;

/// The right to write to a run. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Acquires the right, or names the likely holder.
    pub(super) fn take(run: &Path) -> Result<Self> {
        let path = run.join("run.lock");
        let lock = disk::try_lock(&path).map_err(|e| match e.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => run_error(
                run,
                format!("cannot be written to ({e}); copy it elsewhere and continue there"),
            ),
            _ => io_error(&path)(e),
        });
        match lock? {
            Some(file) => Ok(Self { _file: file }),
            None => Err(run_error(
                run,
                "another nasfw process is writing to it; wait for it, or stop it",
            )),
        }
    }
}
