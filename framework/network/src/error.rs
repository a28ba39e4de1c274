//! Errors of networks and their training, by what the reader can do about them.

/// The result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error whose message names the offending value and how to fix it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name, value, genotype or graph is wrong.
    #[error(transparent)]
    Contract(nasfw_sdk::Error),
    /// A data set is missing, damaged or does not fit the task.
    #[error(transparent)]
    Data(#[from] nasfw_data::DataError),
    /// An image that can be read cannot be used.
    #[error("{message}")]
    BadData {
        /// The image, and the reason.
        message: String,
    },
    /// Weights are damaged or belong to another network.
    #[error("{0}")]
    Weights(String),
    /// The device failed: out of memory, no driver, a kernel error.
    #[error("device: {0}")]
    Device(String),
    /// The device cannot be used: it is not there, or this program was not built for it.
    #[error("configuration: {0}")]
    Unavailable(String),
    /// Training or evaluating one network went wrong.
    #[error("{0}")]
    Training(String),
    /// The observer asked to stop.
    #[error("stopped on request")]
    Stopped,
}

impl Error {
    /// Tells whether the user can fix it by another value or other data.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Contract(e) => e.is_input(),
            Self::Data(_) | Self::BadData { .. } | Self::Unavailable(_) => true,
            Self::Weights(_) | Self::Device(_) | Self::Training(_) | Self::Stopped => false,
        }
    }
}

impl From<nasfw_sdk::Error> for Error {
    fn from(error: nasfw_sdk::Error) -> Self {
        match error {
            // A plugin ended its call because it was asked to.
            nasfw_sdk::Error::Stopped => Self::Stopped,
            other => Self::Contract(other),
        }
    }
}
