//! Who judges the architectures of a round, side by side or one after the other.
//!
//! What an architecture is worth depends on its choices, the seed, its id and the schedule as it was when
//! the round was proposed; not on who judges it, nor on which of them comes first.
//!
//! | file | holds |
//! |---|---|
//! | `evaluate.rs` | one architecture through the stages |
//! | `in_process.rs` | an executor in this process |
//! | `worker_pool.rs` | worker processes: which of them evaluates what |
//! | `recovery.rs` | lost workers: retries, and when to give up |
//! | `worker_handle.rs` | one worker as its parent knows it |
//! | `exit_reason.rs` | the reason why a worker ended |
//! | `message.rs` | messages between workers and their parent |
//! | `worker_main.rs` | the worker's side |

mod evaluate;
mod exit_reason;
mod in_process;
mod message;
mod recovery;
mod worker_handle;
mod worker_main;
mod worker_pool;

use std::ffi::OsString;
use std::path::PathBuf;

use nasfw_sdk::State;
use serde::{Deserialize, Serialize};

use super::round::ReorderBuffer;
use crate::error::Result;

pub(super) use in_process::InProcess;
pub use worker_main::work;
pub(super) use worker_pool::WorkerPool;

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
pub(super) trait Executor {
    /// Judges all `jobs`, in any order, and puts what they showed on the buffer as it comes.
    fn judge(&mut self, jobs: Vec<Job>, buffer: &mut ReorderBuffer<'_, '_>) -> Result<()>;
}
