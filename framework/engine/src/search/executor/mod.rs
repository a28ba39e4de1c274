//! Evaluation of the architectures of a round, in parallel or one after the other.
//!
//! The result for an architecture depends on its choices, the seed, its id and the schedule as it
//! was when the round was proposed; not on which process evaluates it, nor on their order.
//!
//! | file | holds |
//! |---|---|
//! | `evaluate.rs` | one evaluation: decoding, the stages in order, verdicts, failures |
//! | `in_process.rs` | evaluation in this process |
//! | `worker_pool.rs` | the pool of worker processes: assignment of jobs, and messages |
//! | `recovery.rs` | recovery from lost workers: retries, and when to give up |
//! | `worker_handle.rs` | a worker process as its parent sees it |
//! | `exit_reason.rs` | exit reasons of workers |
//! | `message.rs` | messages between workers and parent |
//! | `worker_main.rs` | main loop of a worker |

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

/// The program that evaluates as a worker: it must call [`work`] with the arguments that follow its
/// own.
#[derive(Clone, Debug)]
pub struct WorkerProgram {
    /// The program.
    pub program: PathBuf,
    /// Its arguments before those of the worker.
    pub args: Vec<OsString>,
    /// Environment variables added to those of this program.
    pub env: Vec<(OsString, OsString)>,
}

/// One architecture to evaluate.
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

/// Evaluates architectures.
pub(super) trait Executor {
    /// Evaluates all `jobs`, in any order, and passes each result to the buffer as it arrives.
    fn evaluate(&mut self, jobs: Vec<Job>, buffer: &mut ReorderBuffer<'_, '_>) -> Result<()>;
}
