//! One file, whole or not at all.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// Writes `bytes` beside `path`, waits for the disk, and moves them into place, over a file that was
/// there.
///
/// # Errors
/// When it cannot be written; what was there before is unchanged then.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let refused = |message: String| Error::Target {
        path: path.into(),
        message,
    };
    let Some(name) = path.file_name() else {
        return Err(refused("this names no file".into()));
    };
    if path.is_dir() {
        return Err(refused("a folder of this name exists; name a file".into()));
    }
    let mut unfinished = std::ffi::OsString::from(".");
    unfinished.push(name);
    unfinished.push(format!(".unfinished-{}", std::process::id()));
    let unfinished = path.with_file_name(unfinished);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    write().map_err(|e| {
        // The error that brought us here is the one to report.
        let _ = fs::remove_file(&unfinished);
        match e.kind() {
            ErrorKind::StorageFull => Error::DiskFull { path: path.into() },
            ErrorKind::NotFound => refused("its folder does not exist; make it first".into()),
            _ => refused(format!("{e}; name another place")),
        }
    })
}
