//! Faults that can be ordered, and where they happen.

use std::sync::atomic::{AtomicU64, Ordering};

use nasfw_abi::host;
use nasfw_sdk::{Error, Result};
use serde::{Deserialize, Serialize};

/// Settings of every item of this library.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Order {
    /// The method where it happens.
    at: String,
    /// The fault: panic, bomb, hang, wait, abort, exit, overflow, leak, dawdle, lie.
    how: String,
    /// Number of calls that succeed before it.
    after: u64,
    /// For the table: the operation whose reply is another one.
    pub(super) reply_at: String,
    /// The reply to give.
    pub(super) reply: String,
}

impl Default for Order {
    /// `NASFW_RUDE="at how"`, or nothing.
    fn default() -> Self {
        let text = std::env::var("NASFW_RUDE").unwrap_or_default();
        let (at, how) = text.split_once(' ').unwrap_or_default();
        Self {
            at: at.into(),
            how: how.into(),
            after: 0,
            reply_at: String::new(),
            reply: String::new(),
        }
    }
}

/// Calls of the ordered method so far, in this process.
static HITS: AtomicU64 = AtomicU64::new(0);

/// A payload whose end is another panic.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the payload panics, too");
    }
}

/// Needs more stack than there is.
#[allow(
    unconditional_recursion,
    reason = "a library that overflows its stack is what this is for"
)]
fn deeper(from: &[u64; 64]) -> u64 {
    let next = std::hint::black_box([from[0] + 1; 64]);
    deeper(&next) + next[0]
}

impl Order {
    /// Does what was ordered, if it was ordered for here; whether to lie.
    pub(super) fn is_lie(&self, here: &str) -> Result<bool> {
        if self.at != here || HITS.fetch_add(1, Ordering::Relaxed) < self.after {
            return Ok(false);
        }
        match self.how.as_str() {
            "panic" => panic!("as told, in {here}"),
            "bomb" => std::panic::panic_any(Bomb),
            "hang" => loop {
                std::thread::sleep(std::time::Duration::from_secs(1));
            },
            "wait" => {
                host::note("waiting to be stopped");
                while !host::should_stop(0, 0) {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                Err(Error::Stopped)
            }
            "abort" => std::process::abort(),
            "exit" => std::process::exit(0),
            "overflow" => Ok(deeper(&[0; 64]) == 0),
            "leak" => loop {
                std::mem::forget(std::hint::black_box(vec![1_u8; 1 << 22]));
            },
            "dawdle" => {
                // By the clock, so that those evaluated at the same time end in any order.
                let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
                let wait = since.map_or(0, |s| s.subsec_micros() % 40);
                std::thread::sleep(std::time::Duration::from_millis(wait.into()));
                Ok(false)
            }
            _ => Ok(true),
        }
    }

    /// The same where a method returns no error.
    pub(super) fn lies(&self, here: &str) -> bool {
        self.is_lie(here).unwrap_or(true)
    }
}
