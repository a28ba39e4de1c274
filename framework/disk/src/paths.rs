//! Parent folders and hidden names.

use std::fs::File;
use std::path::{Path, PathBuf};

/// Makes names in `folder` durable where the system can; elsewhere (Windows cannot open a folder as
/// a file) a rename is still atomic.
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

/// A hidden name beside `path`, unique to this process and telling its purpose; `None` when `path`
/// has no file name.
pub(crate) fn beside(path: &Path) -> Option<PathBuf> {
    let mut unfinished = std::ffi::OsString::from(".");
    unfinished.push(path.file_name()?);
    unfinished.push(format!(".unfinished-{}", std::process::id()));
    Some(path.with_file_name(unfinished))
}
