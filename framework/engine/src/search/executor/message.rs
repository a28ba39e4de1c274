//! Messages between workers and their parent: JSON, one per line.
//!
//! The parent writes [`Job`](super::Job)s to the worker's standard input; its end ends the worker.
//! The worker writes [`WorkerMessage`] to its standard output, each message after the nonce that
//! its parent chose: anything else there was printed by a plugin and is ignored.

use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};

use crate::search::clock::Work;
use crate::trial::Evaluation;

/// Maximum length of a message; anything longer is ignored.
const MAX_BYTES: u64 = 64 << 20;

/// A message of a worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WorkerMessage {
    /// Ready to evaluate, with the seconds by kind of work so far.
    Ready(Spent),
    /// A piece of work with countable steps begins.
    Phase { name: String, steps: usize },
    /// The number of its steps that are done.
    Step { done: usize, note: String },
    /// The piece of work is over.
    PhaseDone,
    /// A line for the user.
    Note(String),
    /// Partial result of an architecture that is being evaluated.
    SoFar(Evaluation),
    /// The finished evaluation, with the seconds by kind of work since the last message.
    Evaluation(Evaluation, Spent),
    /// The schedule failed; the search cannot continue.
    Broken(nasfw_sdk::Error),
    /// The search cannot continue for another reason; the flag is true if the user can fix it.
    Ended { message: String, is_input: bool },
}

/// Seconds by kind of work.
pub(super) type Spent = Vec<(Work, f64)>;

/// Writes a message. It starts on a new line, whatever was printed before.
pub(super) fn write(out: &mut impl Write, nonce: &str, message: &WorkerMessage) -> io::Result<()> {
    let line = format!("\n{nonce} {}\n", serde_json::to_string(message)?);
    out.write_all(line.as_bytes())?;
    out.flush()
}

/// The next message; `None` at the end.
pub(super) fn read(from: &mut impl BufRead, nonce: &str) -> io::Result<Option<WorkerMessage>> {
    loop {
        let mut line = Vec::new();
        if from.by_ref().take(MAX_BYTES).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let json = line.strip_prefix(nonce.as_bytes());
        if let Some(message) = json.and_then(|json| serde_json::from_slice(json).ok()) {
            return Ok(Some(message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_among_what_plugins_print() {
        let mut pipe = b"hello\nn0 {\"note\":\"not ours\"}\nhalf a line".to_vec();
        write(&mut pipe, "n1", &WorkerMessage::Note("a\nb".into())).expect("memory");
        pipe.extend(b"more\nn1 {broken json}\n");
        write(&mut pipe, "n1", &WorkerMessage::PhaseDone).expect("memory");
        pipe.extend(b"n1 {\"note\":\"cut of");
        let mut from = &pipe[..];
        let mut next = || read(&mut from, "n1").expect("memory");
        assert!(matches!(next(), Some(WorkerMessage::Note(text)) if text == "a\nb"));
        assert!(matches!(next(), Some(WorkerMessage::PhaseDone)));
        assert!(next().is_none());
    }
}
