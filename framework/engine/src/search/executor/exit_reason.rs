//! Exit reasons of workers, as text for the record of a trial.

use std::collections::VecDeque;
use std::process::ExitStatus;

use crate::search::failures::BEFORE_LOG;

/// Number of last lines of a worker's standard error that are kept.
const LINES: usize = 3;
/// Maximum number of characters per line.
const LINE_CHARS: usize = 160;

/// The last lines that a worker wrote on its standard error.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail(VecDeque<String>);

impl Tail {
    pub(super) fn push(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.is_empty() || words.starts_with(&["note:", "run", "with"]) {
            return;
        }
        let line: String = without_thread_id(&words.join(" "));
        if self.0.len() == LINES {
            self.0.pop_front();
        }
        self.0.push_back(line.chars().take(LINE_CHARS).collect());
    }
}

/// True for messages about memory exhaustion: Rust's own, or the system's.
pub(super) fn is_memory(message: &str) -> bool {
    let texts = [
        "memory allocation of",
        "out of memory",
        "Cannot allocate memory",
    ];
    texts.iter().any(|text| message.contains(text))
}

/// Removes thread ids, which differ from run to run: `thread 'main' (4711) panicked` is the same
/// failure whatever the number.
fn without_thread_id(line: &str) -> String {
    let Some((before, rest)) = line
        .split_once("' (")
        .filter(|_| line.starts_with("thread '"))
    else {
        return line.to_owned();
    };
    match rest.split_once(") ") {
        Some((id, after)) if id.bytes().all(|b| b.is_ascii_digit()) => format!("{before}' {after}"),
        _ => line.to_owned(),
    }
}

/// The limits of a worker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// MiB; 0 for none.
    pub(super) memory_mb: u64,
    /// Seconds per trial; 0 for none.
    pub(super) timeout_secs: u64,
}

/// The exit reason of a worker that was not told to end.
#[derive(Clone, Debug)]
pub(super) enum ExitReason {
    /// Killed because a trial took too long.
    TimedOut(Tail),
    /// Ended by itself, with this status if the system knew one.
    Died(Option<ExitStatus>, Tail),
}

impl ExitReason {
    /// True if it exceeded its memory limit.
    pub(super) fn is_out_of_memory(&self, limits: Limits) -> bool {
        let Self::Died(_, tail) = self else {
            return false;
        };
        limits.memory_mb > 0 && tail.0.iter().any(|line| is_memory(line))
    }

    /// The reason in words; `attempts` is the number of times the trial was tried.
    pub(super) fn reason(&self, limits: Limits, attempts: u64) -> String {
        let often = match attempts {
            1 => String::new(),
            n => format!(" in each of {n} attempts"),
        };
        let (what, tail) = match self {
            Self::TimedOut(tail) => {
                let secs = limits.timeout_secs;
                (
                    format!("took longer than {secs} s (--trial-timeout){often}"),
                    tail,
                )
            }
            Self::Died(_, tail) if self.is_out_of_memory(limits) => {
                let limit = limits.memory_mb;
                (
                    format!("exceeded the memory limit of {limit} MiB (--memory-limit){often}"),
                    tail,
                )
            }
            Self::Died(status, tail) => (format!("the worker {}{often}", how(*status)), tail),
        };
        let lines: Vec<&str> = tail.0.iter().map(String::as_str).collect();
        if lines.is_empty() {
            what
        } else {
            format!("{what}{BEFORE_LOG}{}", lines.join(" / "))
        }
    }
}

fn how(status: Option<ExitStatus>) -> String {
    let Some(status) = status else {
        return "closed its output and was killed".into();
    };
    match nasfw_plugin_host::exit_text(status) {
        // Programs practically never raise this signal themselves.
        killed if killed.ends_with("(SIGKILL)") => {
            "was killed by signal 9 (SIGKILL), usually because the system ran out of memory".into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(lines: &[&str]) -> Tail {
        let mut tail = Tail::default();
        lines.iter().for_each(|line| tail.push(line.as_bytes()));
        tail
    }

    #[test]
    fn reasons_are_the_same_for_the_same_failure() {
        let limits = Limits {
            memory_mb: 100,
            timeout_secs: 3,
        };
        let output = tail(&[
            "a",
            "",
            "b",
            "c",
            "thread '<unnamed>' (4711) has overflowed its stack",
        ]);
        let late = ExitReason::TimedOut(output).reason(limits, 1);
        let expected = "took longer than 3 s (--trial-timeout); last output: b / c / \
                        thread '<unnamed>' has overflowed its stack";
        assert_eq!(late, expected);
        let full = ExitReason::Died(None, tail(&["memory allocation of 12 bytes failed"]));
        let reason = full.reason(limits, 2);
        let expected = "exceeded the memory limit of 100 MiB (--memory-limit) in each of 2 attempts; last output: ";
        assert!(reason.starts_with(expected), "{reason}");
        let without = Limits {
            memory_mb: 0,
            ..limits
        };
        let reason = full.reason(without, 1);
        assert!(
            reason.starts_with("the worker closed its output"),
            "{reason}"
        );
        assert_eq!(without_thread_id("thread 'a' (x1) b"), "thread 'a' (x1) b");
    }
}
