//! Adapters: spaces, controllers, schedules and tasks of a library behind the traits of the SDK.
//!
//! Replies of a library are untrusted input: of limited length, valid JSON, a valid graph or
//! choice, a finite number in its range; anything else is an error that names the library and the
//! call.
//!
//! | file | holds |
//! |---|---|
//! | `instance.rs` | one instance: calls, and its end after a panic |
//! | `respawn.rs` | stateless instances, made again after a panic |
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

use nasfw_abi::message::Drawn;
use nasfw_sdk::{Error, Result, Rng};

pub(super) use controller::controller;
pub(super) use schedule::schedule;
pub(super) use space::space;
pub(super) use task::task;

/// Maximum bytes of an ordinary reply.
const MAX_REPLY: usize = 1 << 20;
/// Maximum bytes of a graph.
const MAX_GRAPH: usize = 16 << 20;
/// Maximum bytes of a saved state.
const MAX_STATE: usize = 256 << 20;

/// Advances a generator to the position where the library left it.
fn advance(rng: &mut Rng, drawn: Drawn) -> Result<()> {
    /// Maximum number of words that a call may draw.
    const MAX_WORDS: u128 = 1 << 40;
    let Some(position) = drawn.position.map(u128::from) else {
        return Ok(());
    };
    let now = rng.get_word_pos();
    if !(now..=now + MAX_WORDS).contains(&position) {
        return Err(Error::invalid(
            "generator position",
            position,
            format!("the position after a call that began at {now}"),
        ));
    }
    rng.set_word_pos(position);
    Ok(())
}
