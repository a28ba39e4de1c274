//! Errors of libraries, by what the reader can do about them.

use std::path::{Path, PathBuf};

/// The result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error whose message names the library and how to fix it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name or value is wrong, or a library violated its contract.
    #[error(transparent)]
    Contract(#[from] nasfw_sdk::Error),
    /// A library is not a plugin for this program, or not the requested one.
    #[error("plugin {}: {message}", .path.display())]
    Plugin {
        /// The library.
        path: PathBuf,
        /// The problem and its fix.
        message: String,
    },
    /// Reading or writing a file failed.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

impl Error {
    /// True if the user can fix it by another value or library.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Contract(e) => e.is_input(),
            Self::Plugin { .. } => true,
            Self::Io { .. } => false,
        }
    }
}

/// An [`Error::Plugin`].
pub(super) fn refused(path: &Path, message: impl Into<String>) -> Error {
    Error::Plugin {
        path: path.into(),
        message: message.into(),
    }
}
