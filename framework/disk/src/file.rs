//! One file, whole or not at all.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Error, Result};
use crate::kind::{Folder, is_model};
use crate::replace::replace;

/// Writes `bytes` beside `path`, flushes them to disk, and moves them into place, over an existing
/// file; for a link, over the file that it points to.
///
/// # Errors
/// When it cannot be written, is not a regular file, or belongs to a run or a model; an existing
/// file is unchanged then.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let refused = |message: String| Error::Target {
        path: path.into(),
        message,
    };
    let real = if path.is_symlink() {
        path.canonicalize().map_err(|e| refused(e.to_string()))?
    } else {
        path.to_owned()
    };
    let path = real.as_path();
    if path.exists() && !path.is_dir() && !path.is_file() {
        return Err(refused(
            "this is not a regular file; choose another path".into(),
        ));
    }
    if let Some(of) = owner(path) {
        let message =
            format!("this is within {of}, which must not be changed; choose another path");
        return Err(refused(message));
    }
    if path.file_name().is_none() {
        return Err(refused("this is not a file name".into()));
    }
    if path.is_dir() {
        return Err(refused("this is a folder; name a file".into()));
    }
    replace(path, bytes).map_err(|e| match e.kind() {
        ErrorKind::StorageFull => Error::Full {
            path: path.into(),
            then: "try again",
        },
        ErrorKind::NotFound => refused("its folder does not exist; create it first".into()),
        _ => refused(format!("{e}; choose another path")),
    })
}

/// The kind of nasfw folder that a path is in, at any depth: a run, a model or an unfinished
/// training. They hold only their own files; a run's report page is the one exception.
pub fn owner(path: &Path) -> Option<&'static str> {
    let whole = std::path::absolute(path).ok()?;
    let parent = whole.parent()?;
    // Resolve links and `..` first.
    let parent = parent.canonicalize().unwrap_or_else(|_| parent.into());
    let is_page = path.extension().is_some_and(|e| e == "html");
    parent
        .ancestors()
        .find_map(|folder| match Folder::at(folder) {
            Folder::Run if is_page && folder == parent => None,
            Folder::Run => Some("a run's folder"),
            Folder::Model => Some("a model's folder"),
            Folder::Unfinished { .. } if !is_model(folder) && folder.is_dir() => {
                Some("the folder of an unfinished training")
            }
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fs;

    use super::*;

    #[test]
    fn files_of_runs_and_models_are_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let write = |name: &str| write_file(&at(name), b"new").is_ok();
        fs::write(at("run.db"), "old").unwrap();
        assert!(!write("run.db"));
        assert!(write("report.html") && write("report.html"));
        fs::create_dir(at("artifacts")).unwrap();
        for name in [
            "drawing.svg",
            "run.db-wal",
            "artifacts/x",
            "artifacts/x.html",
        ] {
            assert!(!write(name), "{name}");
        }
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
