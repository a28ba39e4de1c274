//! Reasons why a file or folder cannot be written.

use std::path::PathBuf;

/// The result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error whose message names the file or folder and how to fix it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A requested file or folder cannot be written; nothing of it is left.
    #[error("{} cannot be written: {message}", .path.display())]
    Target {
        /// The file or folder.
        path: PathBuf,
        /// The problem and its fix.
        message: String,
    },
    /// The disk is full; what was finished before is kept.
    #[error("{}: the disk is full; free some space and {then}", .path.display())]
    Full {
        /// The file that could not be written.
        path: PathBuf,
        /// The next step once there is space.
        then: &'static str,
    },
}
