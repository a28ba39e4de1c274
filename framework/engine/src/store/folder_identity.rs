//! Detection of a run folder that was moved or replaced while open.

use std::path::Path;

use super::database_path;

/// Identity of a run's database file; `None` if there is none or the system does not provide one. A
/// path may come to mean another file: somebody moves the folder, removes it, or puts a copy there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FolderIdentity(Option<(u64, u64)>);

impl FolderIdentity {
    /// The identity of the run's database in `folder` now. The file is not opened: closing it would
    /// release SQLite's locks.
    pub(super) fn of(folder: &Path) -> Self {
        #[cfg(unix)]
        let which = |metadata: std::fs::Metadata| {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        };
        // On other systems an open file cannot be moved.
        #[cfg(not(unix))]
        let which = |_| (0, 0);
        Self(std::fs::metadata(database_path(folder)).ok().map(which))
    }
}
