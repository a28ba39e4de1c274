//! What can go wrong in the engine, by what the reader can do about it.

use std::path::PathBuf;

/// The result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error whose message names the offending value and the mend.
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
        /// What is wrong and what would be right.
        message: String,
    },
    /// A run folder cannot be used as asked.
    #[error("run {}: {message}", .run.display())]
    Run {
        /// The run folder.
        run: PathBuf,
        /// What is wrong and what to do.
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
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder of a run went away under it.
    #[error(
        "run {}: its folder was moved, removed or replaced while the run was going on; nothing more is recorded. Where \
         it is now, `nasfw resume` goes on with it", .run.display()
    )]
    Moved {
        /// Where it was.
        run: PathBuf,
    },
    /// The run's database failed.
    #[error("database {}: {source}", .path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A network, its device or its weights failed.
    #[error(transparent)]
    Network(nasfw_network::Error),
    /// Training one network went wrong; a search records it and continues.
    #[error("{0}")]
    Training(String),
    /// A controller or schedule broke off, without which a search cannot go on.
    #[error(
        "the search cannot go on: {source}; the trials before are kept, and `nasfw resume` continues \
         after them"
    )]
    Broken {
        /// What happened.
        source: nasfw_sdk::Error,
    },
    /// Every trial fails, so that going on would find nothing.
    #[error(
        "the last {count} trials all failed, for one reason: {reason}. Mend it and go on with `nasfw resume`; \
         run.max_failures_in_row says after how many the search ends"
    )]
    Failing {
        /// How many in a row.
        count: u64,
        /// Why the last one did.
        reason: String,
    },
    /// A worker could not do its work, other than for an architecture.
    #[error("{message}")]
    Worker {
        /// What happened.
        message: String,
        /// Whether the user can mend it without touching the program.
        is_input: bool,
    },
    /// The observer asked to stop.
    #[error("stopped on request")]
    Stopped,
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
    /// The error of a controller or schedule in the middle of a search.
    pub(crate) fn broken(source: nasfw_sdk::Error) -> Self {
        match source {
            nasfw_sdk::Error::Stopped => Self::Stopped,
            source => Self::Broken { source },
        }
    }

    /// Tells whether the user can fix it without touching the program (exit code 2: input, usage, a full
    /// disk) rather than the run having failed (1).
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

/// The message with those of its sources that it does not already quote.
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
