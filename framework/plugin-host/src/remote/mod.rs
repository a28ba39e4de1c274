//! Adapters for a library's spaces, controllers, schedules and tasks.
//!
//! A library's reply is untrusted input: it must be within its size limit, JSON, a valid graph or
//! choice, a finite number in its range, or else it is an error that names the library and the
//! call. Where a call cannot return an error, the first one is kept for `fault`.
//!
//! | file | holds |
//! |---|---|
//! | `instance.rs` | one instance: calls, and its state after a panic |
//! | `fresh.rs` | stateless instances, respawned after a panic |
//! | `space.rs`, `controller.rs`, `schedule.rs`, `task.rs` | one kind each |
//! | `scorer.rs`, `data.rs` | a task's scorers, and its own data |

mod controller;
mod data;
mod instance;
mod respawn;
mod schedule;
mod scorer;
mod space;
mod task;

use std::sync::{Mutex, PoisonError};

use nasfw_sdk::wire::message::Drawn;
use nasfw_sdk::{Error, Result, Rng};

pub(super) use controller::controller;
pub(super) use schedule::schedule;
pub(super) use space::space;
pub(super) use task::task;

/// Maximum bytes of an ordinary reply.
const MOST_REPLY: usize = 1 << 20;
/// Maximum bytes of a graph.
const MOST_GRAPH: usize = 16 << 20;
/// Maximum bytes of a saved state.
const MOST_STATE: usize = 256 << 20;

/// The first failure that could not be returned.
#[derive(Debug, Default)]
struct Fault(Mutex<Option<Error>>);

impl Fault {
    /// Keeps an error unless there is one already; the call returns `instead`.
    fn keep<T>(&self, result: Result<T>, instead: impl FnOnce() -> T) -> T {
        result.unwrap_or_else(|error| {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.get_or_insert(error);
            instead()
        })
    }

    /// Takes the error.
    fn take(&self) -> Result<()> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take().map_or(Ok(()), Err)
    }
}

/// Advances a generator to the position where the library left it.
fn advance(rng: &mut Rng, drawn: Drawn) -> Result<()> {
    /// A call that draws more words than this is faulty.
    const MOST_WORDS: u128 = 1 << 40;
    let Some(position) = drawn.position.map(u128::from) else {
        return Ok(());
    };
    let now = rng.get_word_pos();
    if !(now..=now + MOST_WORDS).contains(&position) {
        return Err(Error::invalid(
            "generator position",
            position,
            format!("expected a position at or shortly after {now}, where the call started"),
        ));
    }
    rng.set_word_pos(position);
    Ok(())
}
