//! Exit codes: 0 done, 1 failed while running, 2 wrong input or usage.

use std::io::{self, Write};
use std::process::ExitCode;

use nasfw::engine::error::with_sources;

/// The reason why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// An error of the engine, which tells input errors from failures.
    #[error(transparent)]
    Engine(#[from] nasfw::engine::Error),
    /// The input or the usage is wrong.
    #[error("{0}")]
    Input(String),
    /// Something failed while running.
    #[error("{0}")]
    Failed(String),
    /// The user stopped it; the text says how to continue.
    #[error("{0}")]
    Stopped(String),
    /// Standard output could not be written.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

/// Converts errors of lower-level crates by way of the engine's error.
macro_rules! by_way_of_the_engine {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Engine(error.into())
            }
        })*
    };
}
by_way_of_the_engine!(
    nasfw::sdk::Error,
    nasfw::data::DataError,
    nasfw::disk::Error,
    nasfw::network::Error,
    nasfw::plugin_host::Error,
    nasfw::model::Error
);

/// Prints an error on standard error and returns the exit code.
pub(crate) fn code(result: Result<(), Failure>) -> ExitCode {
    let failure = match result {
        Ok(()) => return ExitCode::SUCCESS,
        // The reader of our output has closed it, as `head` does.
        Err(Failure::Output(e)) if e.kind() == io::ErrorKind::BrokenPipe => {
            return ExitCode::SUCCESS;
        }
        Err(failure) => failure,
    };
    match &failure {
        Failure::Stopped(text) => say(text),
        _ => say(&format!("error: {}", with_sources(&failure))),
    }
    match failure {
        Failure::Input(_) => ExitCode::from(2),
        Failure::Engine(e) if e.is_input() => ExitCode::from(2),
        _ => ExitCode::from(1),
    }
}

/// Prints a line on standard error; failures to do so are ignored.
///
/// Control characters, which file names may contain, are escaped.
pub(crate) fn say(text: &str) {
    let mut shown = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c.is_control() && c != '\n' {
            shown.extend(c.escape_default())
        } else {
            shown.push(c)
        }
    }
    shown.push('\n');
    let _ = io::stderr().write_all(shown.as_bytes());
}
