//! A new run folder, whole or not at all.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::lock::Lock;
use super::{artifact, baseline_folder, format, io_error, is_run, run_error};
use crate::config::Config;
use crate::error::{Error, Result};
use nasfw_disk::owner;
use nasfw_disk::{self as disk, Unfinished, parent};

/// Checks that a run may be created in `folder`: it does not exist, or it is empty.
pub(super) fn check_free(folder: &Path) -> Result<()> {
    let is_baseline = is_run(parent(folder)) && *folder == baseline_folder(parent(folder));
    if let Some(of) = owner(folder).filter(|_| !is_baseline) {
        let message =
            format!("this is within {of}, which must not be changed; choose another --out");
        return Err(run_error(folder, message));
    }
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

/// Makes the folder beside its final place and then moves it there. The lock is already held by
/// then, so that no other process can write first.
pub(super) fn create(folder: &Path, config: &Config) -> Result<Lock> {
    check_free(folder)?;
    if folder.file_name().is_none() {
        return Err(run_error(
            folder,
            "this is not the name of a folder that could be created",
        ));
    }
    let refused = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::PermissionDenied
        | std::io::ErrorKind::ReadOnlyFilesystem
        | std::io::ErrorKind::NotADirectory => {
            run_error(folder, format!("cannot be created here: {e}"))
        }
        std::io::ErrorKind::NotFound => run_error(
            folder,
            "cannot be created here; choose another folder with --out",
        ),
        _ => io_error(folder)(e),
    };
    let unfinished = std::fs::create_dir_all(parent(folder))
        .and_then(|()| Unfinished::create(folder))
        .map_err(refused)?;
    let lock = fill(unfinished.path(), config).map_err(|e| match e {
        // The user does not know the temporary folder beside it.
        Error::Disk(disk::Error::Full { .. }) => disk::Error::Full {
            then: "try again",
            path: folder.into(),
        }
        .into(),
        other => other,
    })?;

    unfinished.finish(folder).map_err(io_error(folder))?;
    Ok(lock)
}

/// Writes the files of a new run into the empty folder `run`.
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
    Ok(lock)
}
