//! `--workers`, the limits of workers, and the worker's entry point.

use std::ffi::OsString;
use std::path::PathBuf;

use nasfw_device::Device;
use nasfw_engine::config::RunConfig;
use nasfw_engine::search::{WorkerProgram, work};

use crate::args::{MAX_THREADS, use_threads};
use crate::exit::Failure;

/// Maximum number of workers; no machine has this many cores.
const MAX_WORKERS: u64 = 256;

/// Processes that evaluate architectures, and their limits.
#[derive(Debug, clap::Args)]
pub(crate) struct JudgeArgs {
    /// Worker processes that evaluate architectures in parallel, 0 to evaluate in this process; the
    /// result does not depend on it [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MAX_WORKERS))]
    pub(crate) workers: Option<u64>,
    /// Threads per worker, 0 to divide the cores evenly; the result does not depend on it [default:
    /// 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MAX_THREADS))]
    pub(crate) threads: Option<u64>,
    /// Memory limit per worker, 0 for none; exceeding it fails the trial. Memory use depends on the
    /// machine, its threads and its allocator, so near the limit results do, too [default: 0]
    #[arg(long, value_name = "MIB")]
    pub(crate) memory_limit: Option<u64>,
    /// Time limit per architecture, 0 for none; with a limit, results depend on the clock [default:
    /// 0]
    #[arg(long, value_name = "SECS")]
    pub(crate) trial_timeout: Option<u64>,
}

/// The command that starts this program as a worker; also sets this process's own threads, which
/// compute while no worker does.
pub(crate) fn prepare(run: &RunConfig) -> Result<Option<WorkerProgram>, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = run.workers;
    use_threads(match run.threads {
        0 => 0,
        n => n.saturating_mul(workers.max(1)).min(cores.max(n)),
    })?;
    if workers == 0 {
        return Ok(None);
    }
    let threads = match run.threads {
        0 => (cores / workers).max(1),
        n => n,
    };
    let program = std::env::current_exe()
        .map_err(|e| Failure::Failed(format!("cannot find this program to start workers: {e}")))?;
    let mut env: Vec<(OsString, OsString)> = Vec::new();
    if run.memory_limit_mb > 0 {
        // The allocator reserves memory by the gigabyte and uses it bit by bit; only used memory
        // may count.
        env.push(("MIMALLOC_ARENA_EAGER_COMMIT".into(), "0".into()));
    }
    Ok(Some(WorkerProgram {
        program,
        args: vec!["__worker".into(), threads.to_string().into()],
        env,
    }))
}

/// The arguments of a worker.
#[derive(Debug, clap::Args)]
pub(crate) struct WorkerArgs {
    threads: usize,
    run: PathBuf,
    nonce: String,
    device: Device,
    memory_limit_mb: u64,
}

/// Evaluates architectures until standard input ends.
pub(crate) fn be_worker(args: &WorkerArgs) -> Result<(), Failure> {
    // Ctrl-C is for the parent, which stops its workers.
    ctrlc::set_handler(|| {}).map_err(|e| Failure::Failed(format!("cannot ignore Ctrl-C: {e}")))?;
    use_threads(args.threads)?;
    work(&args.run, &args.nonce, args.device, args.memory_limit_mb)?;
    Ok(())
}
