//! Spaces, controllers, schedules and tasks of a library, as the rest of the program knows them.
//!
//! What a library replies is input like any other: it is as long as it may be, JSON, a valid graph
//! or choice, a finite number in its range, or else an error that names the library and the call.
//!
//! | file | holds |
//! |---|---|
//! | `instance.rs` | one instance: calls, and its end after a panic |
//! | `fresh.rs` | instances that keep no state and are made again after a panic |
//! | `space.rs`, `controller.rs`, `schedule.rs`, `task.rs` | one kind each |
//! | `scorer.rs`, `data.rs` | what a task makes: scorers, and its own data |

mod controller;
mod data;
mod instance;
mod respawn;
mod schedule;
mod scorer;
mod space;
mod task;

use nasfw_abi::message::Drawn;
use nasfw_sdk::{Error, Result, Rng};

pub(super) use controller::controller;
pub(super) use schedule::schedule;
pub(super) use space::space;
pub(super) use task::task;

/// The most bytes of an ordinary reply.
const MOST_REPLY: usize = 1 << 20;
/// The most bytes of a graph.
const MOST_GRAPH: usize = 16 << 20;
/// The most bytes of a saved state.
const MOST_STATE: usize = 256 << 20;

/// Brings a generator to where the library left it.
fn advance(rng: &mut Rng, drawn: Drawn) -> Result<()> {
    /// A call that draws more words than this is mistaken.
    const MOST_WORDS: u128 = 1 << 40;
    let Some(position) = drawn.position.map(u128::from) else {
        return Ok(());
    };
    let now = rng.get_word_pos();
    if !(now..=now + MOST_WORDS).contains(&position) {
        return Err(Error::invalid(
            "generator position",
            position,
            format!("a call that began at {now} continues from there"),
        ));
    }
    rng.set_word_pos(position);
    Ok(())
}
