//! `--workers` and the limits of workers.

use nasfw::engine::config::{Layers, RunConfig};

use crate::args::MAX_THREADS;
use crate::exit::Failure;

/// Maximum number of workers; no machine has this many cores.
const MAX_WORKERS: u64 = 256;

/// Processes that evaluate architectures, and their limits.
#[derive(Debug, clap::Args)]
pub(crate) struct WorkerArgs {
    /// Worker processes that evaluate architectures in parallel, 0 to evaluate in this process; the
    /// result does not depend on it [default: 1, or as before]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MAX_WORKERS))]
    pub(crate) workers: Option<u64>,
    /// Threads per worker, 0 to divide the cores evenly; the result does not depend on it [default:
    /// 0, or as before]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MAX_THREADS))]
    pub(crate) threads: Option<u64>,
    /// Memory limit per worker, 0 for none; exceeding it fails the trial. Memory use depends on the
    /// machine, its threads and its allocator, so near the limit results do, too [default: 0,
    /// or as before]
    #[arg(long, value_name = "MIB")]
    pub(crate) memory_limit: Option<u64>,
    /// Time limit per architecture, 0 for none; with a limit, results depend on the clock [default:
    /// 0, or as before]
    #[arg(long, value_name = "SECS")]
    pub(crate) trial_timeout: Option<u64>,
}

impl WorkerArgs {
    /// The layers with these on top.
    pub(crate) fn over(&self, mut layers: Layers) -> Layers {
        for (flag, key, value) in self.given() {
            layers = layers.flag(flag, key, value);
        }
        layers
    }

    /// Flags, keys and values that were given.
    pub(crate) fn given(&self) -> Vec<(&'static str, &'static str, u64)> {
        let numbers = [
            ("--workers", "run.workers", self.workers),
            ("--threads", "run.threads", self.threads),
            ("--memory-limit", "run.memory_limit_mb", self.memory_limit),
            (
                "--trial-timeout",
                "run.trial_timeout_secs",
                self.trial_timeout,
            ),
        ];
        let given = |(flag, key, value): (_, _, Option<u64>)| Some((flag, key, value?));
        numbers.into_iter().filter_map(given).collect()
    }
}

/// Sets up the threads of this process, which computes while no worker does.
pub(crate) fn use_threads_for(run: &RunConfig) -> Result<(), Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = match run.threads {
        0 => 0,
        n => n.saturating_mul(run.workers.max(1)).min(cores.max(n)),
    };
    Ok(nasfw::use_threads(threads)?)
}
