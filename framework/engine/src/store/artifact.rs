//! Files written whole or not at all.

use std::fs::File;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use super::{io_error, run_error};
use crate::error::Result;

/// The path of the artifact called `name`, which must stay inside the run.
pub(super) fn path_of(run: &Path, name: &str) -> Result<PathBuf> {
    let relative = Path::new(name);
    let is_plain = |c: Component<'_>| matches!(c, Component::Normal(_));
    if name.is_empty() || name.contains('\\') || !relative.components().all(is_plain) {
        let message = format!("artifact `{name}`: its name must be a relative path without ..");
        return Err(run_error(run, message));
    }
    Ok(run.join("artifacts").join(relative))
}

/// The hash of a file's content, 64 hexadecimal digits.
pub(super) fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Writes beside the file, waits for the disk, then moves it into place.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(io_error(parent))?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)
    };
    write().map_err(|source| {
        let _ = std::fs::remove_file(&unfinished);
        io_error(path)(source)
    })?;
    sync_folder(parent);
    Ok(())
}

/// Makes a rename in `folder` durable where the system can; where it cannot (a folder is no file
/// on Windows) the rename is still whole.
pub(super) fn sync_folder(folder: &Path) {
    if let Ok(file) = File::open(folder) {
        let _ = file.sync_all();
    }
}
