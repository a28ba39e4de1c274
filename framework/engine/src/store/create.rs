//! A new run folder, whole or not at all.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::lock::Lock;
use super::{artifact, format, io_error, run_error};
use crate::config::Config;
use crate::error::{Error, Result};

/// Whether a run may be made in `folder`: it does not exist, or it is empty.
pub(super) fn check_free(folder: &Path) -> Result<()> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(run_error(
                folder,
                "this folder exists; choose another with --out, or continue it with `nasfw resume`",
            )),
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => Err(run_error(
            folder,
            "this is a file; choose another folder with --out",
        )),
        Err(e) => Err(io_error(folder)(e)),
    }
}

/// Makes the folder beside its place and then moves it there. The lock is already held then, so
/// that no other process can write first.
pub(super) fn create(folder: &Path, config: &Config) -> Result<Lock> {
    check_free(folder)?;
    let Some(name) = folder.file_name() else {
        return Err(run_error(folder, "this names no folder that could be made"));
    };
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let refused = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::PermissionDenied
        | std::io::ErrorKind::ReadOnlyFilesystem
        | std::io::ErrorKind::NotADirectory => {
            run_error(folder, format!("cannot be made here: {e}"))
        }
        std::io::ErrorKind::NotFound => run_error(
            folder,
            "cannot be made here; choose another folder with --out",
        ),
        _ => io_error(folder)(e),
    };
    std::fs::create_dir_all(parent).map_err(refused)?;
    let mut unfinished = std::ffi::OsString::from(".");
    unfinished.push(name);
    unfinished.push(format!(".unfinished-{}", std::process::id()));
    let unfinished = Unfinished(parent.join(unfinished));
    std::fs::create_dir(&unfinished.0).map_err(refused)?;

    let lock = fill(&unfinished.0, config).map_err(|e| match e {
        // Nobody knows the folder beside.
        Error::DiskFull { .. } => Error::DiskFull {
            then: "try again",
            path: folder.into(),
        },
        other => other,
    })?;

    // An empty folder in the way is replaced; some systems rename onto nothing only.
    if folder.is_dir() {
        std::fs::remove_dir(folder).map_err(io_error(folder))?;
    }
    std::fs::rename(&unfinished.0, folder).map_err(io_error(folder))?;
    artifact::sync_folder(parent);
    Ok(lock)
}

/// Writes what a new run holds into the empty folder `run`.
fn fill(run: &Path, config: &Config) -> Result<Lock> {
    let toml = config.to_toml();
    let made_at = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let meta = [
        ("config", toml.as_str()),
        ("program_version", env!("CARGO_PKG_VERSION")),
        ("created_unix_secs", &made_at.as_secs().to_string()),
    ];
    format::create(run, &meta)?;
    artifact::write_whole(&run.join("config.toml"), toml.as_bytes())?;
    let lock = Lock::take(run)?;
    artifact::sync_folder(run);
    Ok(lock)
}

/// Removes what was made so far when making the rest fails.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the rename there is nothing here; before it, the error that brought us here is
        // the one to report.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
