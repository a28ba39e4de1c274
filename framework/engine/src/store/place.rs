//! Whether a run is still where it was opened.

use std::path::Path;

use super::database_path;

/// Which file the database of a run is; `None` where there is none or the system does not tell. A path may come to
/// mean another: somebody moves the folder, removes it, or puts a copy there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(Option<(u64, u64)>);

impl Place {
    /// That of the run in `folder` now. The file is not opened: closing it would give up SQLite's locks.
    pub(super) fn of(folder: &Path) -> Self {
        #[cfg(unix)]
        let which = |metadata: std::fs::Metadata| {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        };
        // Elsewhere a file that is open cannot be moved.
        #[cfg(not(unix))]
        let which = |_| (0, 0);
        Self(std::fs::metadata(database_path(folder)).ok().map(which))
    }
}
