//! One file, whole or not at all.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::error::{Error, Result};
use crate::model::is_model;

/// Writes `bytes` beside `path`, waits for the disk, and moves them into place, over a file that was
/// there; of a link, over the file that it leads to.
///
/// # Errors
/// When it cannot be written, is no plain file, or belongs to a run or a model; what was there before is
/// unchanged then.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let refused = |message: String| Error::Target {
        path: path.into(),
        message,
    };
    let real = match path.is_symlink() {
        true => path.canonicalize().map_err(|e| refused(e.to_string()))?,
        false => path.to_owned(),
    };
    let path = real.as_path();
    if path.exists() && !path.is_dir() && !path.is_file() {
        return Err(refused("this is no plain file; name another place".into()));
    }
    if let Some(of) = owner(path) {
        let message = format!("this is within {of}, which is not written to; name another place");
        return Err(refused(message));
    }
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
            ErrorKind::StorageFull => Error::DiskFull {
                path: path.into(),
                then: "try again",
            },
            ErrorKind::NotFound => refused("its folder does not exist; make it first".into()),
            _ => refused(format!("{e}; name another place")),
        }
    })
}

/// What the file would damage: a model's folder holds the model and nothing else, and files of a run are
/// its own, but for its page.
fn owner(path: &Path) -> Option<&'static str> {
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return None,
    };
    let is_page = path.extension().is_some_and(|e| e == "html");
    if is_model(folder) {
        return Some("a model's folder");
    }
    let is_run = folder.join("run.db").exists();
    (is_run && path.exists() && !is_page).then_some("a run's folder")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn files_of_runs_and_models_are_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let write = |name: &str| write_file(&at(name), b"new").is_ok();
        fs::write(at("run.db"), "old").unwrap();
        assert!(!write("run.db"));
        assert!(write("report.html") && write("report.html") && write("drawing.svg"));
        assert!(
            !write("drawing.svg"),
            "what is in a run's folder may be the run's"
        );
        fs::write(at("model.json"), "old").unwrap();
        assert!(!write("model.json") && !write("network.onnx"));
        assert_eq!(fs::read(at("run.db")).unwrap(), b"old");
        assert_eq!(fs::read(at("model.json")).unwrap(), b"old");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("real"), "old").unwrap();
        std::os::unix::fs::symlink(at("real"), at("link")).unwrap();
        write_file(&at("link"), b"new").unwrap();
        assert_eq!(fs::read(at("real")).unwrap(), b"new");
        assert!(at("link").is_symlink());
        std::os::unix::fs::symlink("/dev/null", at("null")).unwrap();
        assert!(write_file(&at("null"), b"new").is_err());
    }
}
