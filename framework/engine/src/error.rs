//! Errors of the engine, grouped by what the reader can do about them.

use std::path::PathBuf;

/// The result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error whose message names the offending value and the fix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name, value, genotype or graph is wrong.
    #[error(transparent)]
    Contract(nasfw_sdk::Error),
    /// A data set is missing, damaged or does not fit the task.
    #[error(transparent)]
    Data(#[from] nasfw_data::DataError),
    /// A setting or its file is wrong.
    #[error("configuration{}: {message}", .file.as_ref().map(|f| format!(" {}", f.display())).unwrap_or_default())]
    Config {
        /// The file it came from, if any.
        file: Option<PathBuf>,
        /// The problem, and a value that would be accepted.
        message: String,
    },
    /// A run folder cannot be used as asked.
    #[error("run {}: {message}", .run.display())]
    Run {
        /// The run folder.
        run: PathBuf,
        /// The problem and the fix.
        message: String,
    },
    /// A trained network is damaged, or cannot be used as asked.
    #[error(transparent)]
    Model(nasfw_model::Error),
    /// A library cannot be loaded.
    #[error(transparent)]
    Plugin(nasfw_plugin_host::Error),
    /// A file or folder cannot be written.
    #[error(transparent)]
    Disk(#[from] nasfw_disk::Error),
    /// Reading or writing a file failed.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The folder of a run went away under it.
    #[error(
        "run {}: its folder was moved, removed or replaced while the run was active; nothing more is recorded. Continue \
         it from its present location with `nasfw resume`", .run.display()
    )]
    Moved {
        /// The folder's last known path.
        run: PathBuf,
    },
    /// The run's database failed.
    #[error("database {}: {source}", .path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
    /// A network, its device or its weights failed.
    #[error(transparent)]
    Network(nasfw_network::Error),
    /// Training one network went wrong; a search records it and continues.
    #[error("{0}")]
    Training(String),
    /// A controller or schedule failed, without which a search cannot continue.
    #[error(
        "the search cannot continue: {source}; earlier trials are kept, and `nasfw resume` continues \
         after them"
    )]
    Broken {
        /// The underlying error.
        source: nasfw_sdk::Error,
    },
    /// Every trial fails, so continuing would be pointless.
    #[error(
        "the last {count} trials all failed for the same reason: {reason}. Fix it, then continue with `nasfw resume`; \
         run.max_failures_in_row sets how many end the search"
    )]
    Failing {
        /// Number of consecutive failures.
        count: u64,
        /// Reason of the last failure.
        reason: String,
    },
    /// A worker failed for a reason other than its architecture.
    #[error("{message}")]
    Worker {
        /// The failure.
        message: String,
        /// True if the user can fix it without changing the program.
        is_input: bool,
    },
    /// The observer asked to stop.
    #[error("stopped on request")]
    Stopped,
}

impl From<nasfw_sdk::Error> for Error {
    fn from(error: nasfw_sdk::Error) -> Self {
        match error {
            // A plugin ended its call because it was asked to stop.
            nasfw_sdk::Error::Stopped => Self::Stopped,
            other => Self::Contract(other),
        }
    }
}

impl From<nasfw_network::Error> for Error {
    fn from(error: nasfw_network::Error) -> Self {
        use nasfw_network::Error as Network;
        match error {
            Network::Contract(error) => error.into(),
            Network::Data(error) => error.into(),
            Network::Training(message) => Self::Training(message),
            Network::Stopped => Self::Stopped,
            other => Self::Network(other),
        }
    }
}

impl From<nasfw_model::Error> for Error {
    fn from(error: nasfw_model::Error) -> Self {
        match error {
            nasfw_model::Error::Network(error) => error.into(),
            nasfw_model::Error::Disk(error) => error.into(),
            other => Self::Model(other),
        }
    }
}

impl From<nasfw_plugin_host::Error> for Error {
    fn from(error: nasfw_plugin_host::Error) -> Self {
        match error {
            nasfw_plugin_host::Error::Contract(error) => error.into(),
            other => Self::Plugin(other),
        }
    }
}

impl Error {
    /// Wraps the error of a controller or schedule in the middle of a search.
    pub(crate) fn broken(source: nasfw_sdk::Error) -> Self {
        match source {
            nasfw_sdk::Error::Stopped => Self::Stopped,
            source => Self::Broken { source },
        }
    }

    /// True if the user can fix it without changing the program (exit code 2: input, usage, a full
    /// disk), as opposed to a failure of the run (1).
    pub fn is_input(&self) -> bool {
        match self {
            Self::Contract(e) => e.is_input(),
            Self::Network(e) => e.is_input(),
            Self::Model(e) => e.is_input(),
            Self::Plugin(e) => e.is_input(),
            Self::Worker { is_input, .. } => *is_input,
            Self::Data(_) | Self::Config { .. } | Self::Run { .. } | Self::Disk(_) => true,
            _ => false,
        }
    }
}

/// The message, with those of its sources that it does not already quote.
pub fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let message = inner.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        source = inner.source();
    }
    text
}
