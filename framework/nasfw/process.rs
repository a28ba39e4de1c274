//! The present program as a worker, and its threads.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use nasfw_engine::config::RunConfig;
use nasfw_engine::experiment::GivenMembers;
use nasfw_engine::search::{WorkerProgram, work};
use nasfw_engine::{Error, Result};
use nasfw_plugin_host::{ProbeProgram, probe_here, probe_with};

const WORKER: &str = "__nasfw-worker";
const PROBE: &str = "__nasfw-probe";

/// True once [`run_as_worker_if_asked`] was called, so that this program can be started as a worker.
static CAN_BE_WORKER: AtomicBool = AtomicBool::new(false);

/// Lets searches of this program start it again, as worker processes that evaluate trials, and to
/// probe plugin libraries before they are loaded.
///
/// Call it first in `main`. In a process that a search started, it does that process's work and
/// returns its exit code, which `main` must return; otherwise it returns `None` at once. Without it,
/// a search evaluates in its own process ([`Search::workers`](crate::Search::workers) of 0) and loads
/// no library.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// fn main() -> ExitCode {
///     if let Some(code) = nasfw::run_as_worker_if_asked() {
///         return code;
///     }
///     // The program itself.
///     ExitCode::SUCCESS
/// }
/// ```
pub fn run_as_worker_if_asked() -> Option<ExitCode> {
    // Without its path no worker starts and no library is loaded, and messages say so.
    if let Ok(program) = std::env::current_exe() {
        let args = vec![OsString::from(PROBE)];
        probe_with(ProbeProgram { program, args });
        CAN_BE_WORKER.store(true, Ordering::SeqCst);
    }
    let mut args = std::env::args_os().skip(1);
    let result = match args.next().as_deref().and_then(OsStr::to_str) {
        Some(WORKER) => be_worker(&args.collect::<Vec<_>>()),
        Some(PROBE) => be_probe(&args.collect::<Vec<_>>()),
        _ => return None,
    };
    Some(match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {}", nasfw_engine::error::with_sources(&e));
            ExitCode::FAILURE
        }
    })
}

/// `THREADS RUN NONCE DEVICE MEMORY_LIMIT_MB`: evaluates until standard input ends.
fn be_worker(args: &[OsString]) -> Result<()> {
    let [threads, run, nonce, device, memory] = args else {
        return Err(usage(WORKER));
    };
    let text = |arg: &OsString| arg.to_str().map(str::to_owned).ok_or_else(|| usage(WORKER));
    let threads = text(threads)?.parse().map_err(|_| usage(WORKER))?;
    let memory = text(memory)?.parse().map_err(|_| usage(WORKER))?;
    // Whoever stops the program stops it, and the program its workers.
    ctrlc::set_handler(|| {}).map_err(|e| failed(format!("cannot ignore Ctrl-C: {e}")))?;
    use_threads(threads)?;
    let device = text(device)?.parse()?;
    work(Path::new(run), &text(nonce)?, device, memory)
        .map_err(|e| failed(format!("standard output: {e}")))
}

/// `FILE NONCE`: loads a library and describes it on standard output.
fn be_probe(args: &[OsString]) -> Result<()> {
    match args {
        [file, nonce] => probe_here(Path::new(file), &nonce.to_string_lossy())
            .map_err(|e| failed(format!("standard output: {e}"))),
        _ => Err(usage(PROBE)),
    }
}

fn usage(name: &str) -> Error {
    failed(format!("{name} is how a search starts its own processes"))
}

fn failed(message: String) -> Error {
    Error::Worker {
        message,
        is_input: false,
    }
}

/// This program as a worker, where a run wants workers; sets up the threads of this process, which
/// computes while no worker does.
pub(crate) fn prepare(run: &RunConfig, members: &GivenMembers) -> Result<Option<WorkerProgram>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = run.workers;
    if workers == 0 {
        return Ok(None);
    }
    let refused = |message: String| {
        Err(Error::Config {
            file: None,
            message,
        })
    };
    if let Some(given) = members.first() {
        return refused(format!(
            "run.workers: a worker process cannot be given a value of {given}; register the type with \
             `nasfw::sdk::register!` and name it, or set run.workers to 0"
        ));
    }
    if !CAN_BE_WORKER.load(Ordering::SeqCst) {
        return refused(
            "run.workers: worker processes are this program started again; call `nasfw::run_as_worker_if_asked()` first in its \
             `main`, or set run.workers to 0"
                .into(),
        );
    }
    let threads = match run.threads {
        0 => (cores / workers).max(1),
        n => n,
    };
    let program = std::env::current_exe()
        .map_err(|e| failed(format!("cannot find this program to start workers: {e}")))?;
    let mut env: Vec<(OsString, OsString)> = Vec::new();
    if run.memory_limit_mb > 0 {
        // The allocator takes memory by the gigabyte and uses it bit by bit; only what it uses may
        // count.
        env.push(("MIMALLOC_ARENA_EAGER_COMMIT".into(), "0".into()));
    }
    Ok(Some(WorkerProgram {
        program,
        args: vec![WORKER.into(), threads.to_string().into()],
        env,
    }))
}

/// Computes with this many threads from now on, 0 for one per core; call it once, before any work.
///
/// No result depends on it. The calling thread becomes one of the pool: were it outside, it would
/// hand every kernel over and sleep until it is done, which takes longer than most kernels on small
/// maps.
///
/// # Errors
/// When the system has no threads left, or the pool exists already.
pub fn use_threads(threads: usize) -> Result<()> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .use_current_thread();
    pool.build_global().map_err(|e| {
        let count = match threads {
            0 => "a thread for each core".into(),
            n => format!("{n} threads"),
        };
        let hint = "fewer threads, or a higher `ulimit -u`, may help";
        failed(format!("cannot start {count} ({e}); {hint}"))
    })
}
