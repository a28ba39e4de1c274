//! Parents of paths, and the hidden names under which things are written.

use std::fs::File;
use std::path::{Path, PathBuf};

/// Makes names in `folder` durable where the system can; where it cannot (a folder is no file on Windows) a
/// rename is still whole.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(file) = File::open(folder) {
        let _ = file.sync_all();
    }
}

/// The folder that `path` is in.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A hidden name beside `path` that tells people and programs what it is, this process's own; `None` where
/// `path` ends in no name.
pub(crate) fn beside(path: &Path) -> Option<PathBuf> {
    let mut unfinished = std::ffi::OsString::from(".");
    unfinished.push(path.file_name()?);
    unfinished.push(format!(".unfinished-{}", std::process::id()));
    Some(path.with_file_name(unfinished))
}
