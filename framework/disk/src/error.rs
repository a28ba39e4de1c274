//! Reasons why a file or folder cannot be written.

use std::path::PathBuf;

/// The result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error whose message names the file or folder and how to fix it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder that was asked for cannot be written; nothing of it is left.
    #[error("{} cannot be written: {message}", .path.display())]
    Target {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong and what to do.
        message: String,
    },
    /// The disk is full; what was finished before is kept.
    #[error("{}: the disk is full; free some space and {then}", .path.display())]
    Full {
        /// The file that found no room.
        path: PathBuf,
        /// How to continue once there is room.
        then: &'static str,
    },
}
