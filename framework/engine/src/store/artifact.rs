//! Files written whole or not at all.

use std::path::{Component, Path, PathBuf};

use super::{io_error, run_error};
use crate::error::Result;
use nasfw_disk as disk;

/// The path of the artifact called `name`, which must stay inside the run folder.
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

/// Writes `bytes` as the content of a file of the run, whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = disk::parent(path);
    std::fs::create_dir_all(folder).map_err(io_error(folder))?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    disk::replace_by(Path::new(&unfinished), path, bytes).map_err(io_error(path))
}
