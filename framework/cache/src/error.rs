//! Errors of the cache.

use std::path::PathBuf;

/// The result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The file of the cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// SQLite cannot read or write it.
    #[error("cache {}: {source}; if it is damaged, remove the file: it holds nothing that cannot be computed again", .path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// Its folder cannot be made.
    #[error("cache {}: cannot create its folder: {source}", .path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Another version of the program made it, with other tables, or it is another program's.
    #[error("cache {}: its format is {found}, this program reads {expected}; use another file, or remove this one", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The format found.
        found: i64,
        /// The format that this version reads and writes.
        expected: i64,
    },
}
