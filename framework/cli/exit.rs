//! How the program ends: 0 done, 1 failed while running, 2 the input or the usage is wrong.

use std::io::{self, Write};
use std::process::ExitCode;

use nasfw::engine::error::with_sources;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The engine's reasons, which know whose fault they are.
    #[error(transparent)]
    Engine(#[from] nasfw::engine::Error),
    /// The input or the usage is wrong.
    #[error("{0}")]
    Input(String),
    /// Something failed while running.
    #[error("{0}")]
    Failed(String),
    /// The user stopped it; the text says how to go on.
    #[error("{0}")]
    Stopped(String),
    /// Standard output could not be written.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

/// Errors of the crates below the engine are shown as the engine shows them.
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

/// The exit code of a result, its error said on standard error.
pub(crate) fn code(result: Result<(), Failure>) -> ExitCode {
    let failure = match result {
        Ok(()) => return ExitCode::SUCCESS,
        // Whoever read our output has read enough, as `head` does.
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

/// Says something on standard error. Where nothing can be said, the exit code is all there is.
///
/// Control characters, which names of files may hold, are shown and not obeyed.
pub(crate) fn say(text: &str) {
    let mut shown = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c.is_control() && c != '\n' {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown.push('\n');
    let _ = io::stderr().write_all(shown.as_bytes());
}
