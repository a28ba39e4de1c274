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
    /// An image that decodes, but cannot be used.
    #[error("{message}")]
    BadData {
        /// Names the image and the reason.
        message: String,
    },
    /// A setting or its file is wrong.
    #[error("configuration{}: {message}", .file.as_ref().map(|f| format!(" {}", f.display())).unwrap_or_default())]
    Config {
        /// The file it came from, if any.
        file: Option<PathBuf>,
        /// The problem, and a value that would be accepted.
        message: String,
    },
    /// A library is not a plugin for this program, or not the one that was asked for.
    #[error("plugin {}: {message}", .path.display())]
    Plugin {
        /// The library.
        path: PathBuf,
        /// The problem and the fix.
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
    /// A model folder is damaged, or cannot be used as asked.
    #[error("model {}: {message}", .model.display())]
    Model {
        /// The model folder.
        model: PathBuf,
        /// The problem and the fix.
        message: String,
    },
    /// A requested file cannot be written; nothing of it is left behind.
    #[error("{} cannot be written: {message}", .path.display())]
    Target {
        /// The file.
        path: PathBuf,
        /// The problem and the fix.
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
    /// The disk is full; everything finished before is kept.
    #[error("{}: the disk is full; free some space and {then}", .path.display())]
    DiskFull {
        /// The file that found no room.
        path: PathBuf,
        /// The action to take once there is space.
        then: &'static str,
    },
    /// A run's folder disappeared while the run was in progress.
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
    /// Weights are damaged or belong to a different network.
    #[error("{0}")]
    Weights(String),
    /// The device failed: out of memory, no driver, a kernel error.
    #[error("device: {0}")]
    Device(String),
    /// Training one network failed; the search records it and continues.
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
        // A library that fails or breaks a promise does so at run time.
        let is_broken = matches!(self, Self::Contract(nasfw_sdk::Error::Library { .. }));
        matches!(
            self,
            Self::Contract(_)
                | Self::Plugin { .. }
                | Self::Data(_)
                | Self::BadData { .. }
                | Self::Config { .. }
                | Self::Run { .. }
                | Self::Model { .. }
                | Self::Target { .. }
                | Self::DiskFull { .. }
                | Self::Worker { is_input: true, .. }
        ) && !is_broken
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
