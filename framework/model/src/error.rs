//! Errors of trained networks, by what the reader can do about them.

use std::path::PathBuf;

/// The result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error whose message names the file or value and how to fix it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The network, its device or its data failed.
    #[error(transparent)]
    Network(#[from] nasfw_network::Error),
    /// A file or folder cannot be written.
    #[error(transparent)]
    Disk(#[from] nasfw_disk::Error),
    /// A model folder is damaged, or cannot be used as asked.
    #[error("model {}: {message}", .model.display())]
    Model {
        /// The model folder.
        model: PathBuf,
        /// The problem and its fix.
        message: String,
    },
    /// Encoder weights cannot be read, or do not fit the encoder.
    #[error("configuration: encoder.weights {}: {message}", .file.display())]
    EncoderWeights {
        /// The file.
        file: PathBuf,
        /// The problem and its fix.
        message: String,
    },
}

impl Error {
    /// True if the user can fix it by another value, file or folder.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Network(e) => e.is_input(),
            Self::Disk(_) | Self::Model { .. } | Self::EncoderWeights { .. } => true,
        }
    }
}

impl From<nasfw_sdk::Error> for Error {
    fn from(error: nasfw_sdk::Error) -> Self {
        Self::Network(error.into())
    }
}
