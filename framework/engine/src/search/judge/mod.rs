//! Who judges the architectures of a round, side by side or one after the other.
//!
//! What an architecture is worth depends on its choices, the seed, its id and the schedule as it was when
//! the round was proposed; not on who judges it, nor on which of them comes first.
//!
//! | file | holds |
//! |---|---|
//! | `examine.rs` | one architecture through the stages |
//! | `here.rs` | a judge in this process |
//! | `pool.rs` | worker processes: who judges what |
//! | `lost.rs` | workers that are no more: retries, and when to give up |
//! | `child.rs` | one worker as its parent knows it |
//! | `ending.rs` | why a worker is no more |
//! | `message.rs` | what workers and parent say to each other |
//! | `serve.rs` | the worker's side |

mod child;
mod ending;
mod examine;
mod here;
mod lost;
mod message;
mod pool;
mod serve;

use std::ffi::OsString;
use std::path::PathBuf;

use nasfw_sdk::State;
use serde::{Deserialize, Serialize};

use super::round::Desk;
use crate::error::Result;

pub(super) use here::Here;
pub(super) use pool::Pool;
pub use serve::work;

/// The program that judges as a worker: it must call [`work`] with the arguments that follow its own.
#[derive(Clone, Debug)]
pub struct WorkerProgram {
    /// The program.
    pub program: PathBuf,
    /// Its arguments before those of the worker.
    pub args: Vec<OsString>,
    /// What its environment has besides this program's.
    pub env: Vec<(OsString, OsString)>,
}

/// One architecture to judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Job {
    /// The trial's id, which names its random streams.
    pub(super) id: u64,
    /// The architecture in the schema's sampling order.
    pub(super) choices: Vec<usize>,
    /// The schedule when the round was proposed.
    pub(super) schedule: State,
}

/// Judges architectures.
pub(super) trait Judge {
    /// Judges all `jobs`, in any order, and puts what they showed on the desk as it comes.
    fn judge(&mut self, jobs: Vec<Job>, desk: &mut Desk<'_, '_>) -> Result<()>;
}
