//! The search loop: propose a round, judge it, learn from it.
//!
//! | file | holds |
//! |---|---|
//! | `setup.rs` | members, data and splits that a configuration names, checked before anything is written |
//! | `own.rs` | data that the task brings itself |
//! | `warmup.rs` | encoder and teacher where no weights are given, on the decoder of `plain.rs` |
//! | `features.rs` | encoder outputs and teacher outputs, computed once |
//! | `baseline.rs` | what the best constant answer is worth |
//! | `candidate.rs` | one architecture through the stages of the schedule |
//! | `prepare.rs` | what architectures are judged with |
//! | `session.rs` | a search from its preparation to its summary |
//! | `round.rs` | proposals drawn together, judged in any order, learned from in theirs |
//! | `learn.rs` | what a search learns, and the run that remembers it |
//! | `policy.rs` | who decides: controller and schedule |
//! | `replay.rs` | a search decided again, from its seed and what judging showed |
//! | `failures.rs` | when going on is pointless |
//! | `judge/` | who judges: this process, or workers |
//! | `show.rs` | how judging in workers is shown |
//! | `clock.rs` | where the time goes |

mod baseline;
mod candidate;
mod clock;
mod failures;
mod features;
mod judge;
mod learn;
mod own;
mod plain;
mod policy;
mod prepare;
mod replay;
mod round;
mod session;
mod setup;
mod show;
mod warmup;

use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::device::on_device;
use crate::error::{Error, Result};
use crate::network::kernels::Kernels;
use crate::progress::Observer;
use crate::store::Run;
use crate::trial::{Status, Trial};
use clock::Clock;
pub use clock::Work;
pub use judge::{WorkerProgram, work};
pub use prepare::WARM_WEIGHTS;
pub use replay::{Difference, Replayed, replay};
pub use setup::Setup;
pub(crate) use setup::{any_graph, open_data};

/// How a call of [`run`] or [`resume`] ended.
#[derive(Debug)]
pub struct Summary {
    /// The run folder.
    pub run: PathBuf,
    /// The trial with the highest reward, complete ones first.
    pub best: Option<Trial>,
    /// Trials finished in all.
    pub finished: u64,
    /// The reward of the best constant answer on the same images; `None` when the run was stopped
    /// before it was measured.
    pub constant_reward: Option<f64>,
    /// Whether the observer asked to stop before all trials were done.
    pub is_stopped: bool,
    /// Seconds of this call by kind of work.
    pub spent: Vec<(Work, f64)>,
}

/// Runs a search in the new folder `out`. This process judges, one architecture after the other.
///
/// # Errors
/// When the configuration, the data or the folder is wrong (before anything is written), or the
/// run itself fails; trials finished before are kept.
pub fn run(config: &Config, out: &Path, observer: &mut dyn Observer) -> Result<Summary> {
    run_with(config, out, None, observer)
}

/// As [`run`]; `program` judges in `run.workers` processes of its own, if there is one.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    config: &Config,
    out: &Path,
    program: Option<&WorkerProgram>,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    check_limits(config, program)?;
    on_device!(config.run.device, |kernels| {
        run_on(kernels, config, out, program, observer)
    })
}

fn run_on<K: Kernels>(
    kernels: K,
    config: &Config,
    out: &Path,
    program: Option<&WorkerProgram>,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    let clock = Clock::start();
    let setup = clock.time(Work::Data, || Setup::checked(config, observer))?;
    let mut run = Run::create(out, config)?;
    run.bind(&setup.source.fingerprint, setup.io.output_channels)?;
    session::search(kernels, setup, run, &clock, program, observer)
}

/// What a call of [`resume_with`] changes of the run's settings. Only the trials wanted are kept for
/// later calls; the rest, which no result should depend on, holds for this one.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// `run.trials`.
    pub trials: Option<u64>,
    /// `run.device`.
    pub device: Option<String>,
    /// `run.workers`.
    pub workers: Option<usize>,
    /// `run.memory_limit_mb`.
    pub memory_limit_mb: Option<u64>,
    /// `run.trial_timeout_secs`.
    pub trial_timeout_secs: Option<u64>,
}

/// Continues the run in `folder`; `trials` changes how many are wanted in all.
///
/// # Errors
/// As [`run`]; also when the folder holds no run of this version, or its data has changed.
pub fn resume(folder: &Path, trials: Option<u64>, observer: &mut dyn Observer) -> Result<Summary> {
    let changes = Changes {
        trials,
        ..Changes::default()
    };
    resume_with(folder, &changes, None, observer)
}

/// As [`resume`]; `program` judges in `run.workers` processes of its own, if there is one.
///
/// # Errors
/// As [`resume`].
pub fn resume_with(
    folder: &Path,
    changes: &Changes,
    program: Option<&WorkerProgram>,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    let run = Run::open(folder)?;
    let mut config = run.config()?;
    let now = &mut config.run;
    now.trials = changes.trials.unwrap_or(now.trials);
    if let Some(device) = &changes.device {
        now.device.clone_from(device);
    }
    now.workers = changes.workers.unwrap_or(now.workers);
    now.memory_limit_mb = changes.memory_limit_mb.unwrap_or(now.memory_limit_mb);
    now.trial_timeout_secs = changes.trial_timeout_secs.unwrap_or(now.trial_timeout_secs);
    config.check()?;
    check_limits(&config, program)?;
    if run.artifact(WARM_WEIGHTS)?.is_some() {
        // The warm-up that began from them is over.
        config.encoder.weights = None;
    }
    on_device!(config.run.device, |kernels| {
        resume_on(kernels, run, &config, changes.trials, program, observer)
    })
}

fn resume_on<K: Kernels>(
    kernels: K,
    mut run: Run,
    config: &Config,
    trials: Option<u64>,
    program: Option<&WorkerProgram>,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    let clock = Clock::start();
    let setup = clock.time(Work::Data, || Setup::checked(config, observer))?;
    run.bind(&setup.source.fingerprint, setup.io.output_channels)?;
    if let Some(trials) = trials {
        run.set_trials_wanted(trials)?;
    }
    session::search(kernels, setup, run, &clock, program, observer)
}

/// Whether who is to judge can be held to the limits.
fn check_limits(config: &Config, program: Option<&WorkerProgram>) -> Result<()> {
    let wrong = |message: &str| {
        Err(Error::Config {
            file: None,
            message: message.into(),
        })
    };
    let run = &config.run;
    match program.filter(|_| run.workers > 0) {
        None if run.trial_timeout_secs > 0 => wrong(
            "run.trial_timeout_secs: only a worker can be ended when its time is over; set run.workers \
             to 1 or more, or this to 0",
        ),
        Some(_) if run.memory_limit_mb > 0 && !cfg!(target_os = "linux") => wrong(
            "run.memory_limit_mb: only Linux holds a worker to a limit; set this to 0, or run.workers to \
             0, where what an architecture needs is only estimated",
        ),
        _ => Ok(()),
    }
}

/// The better of two trials: complete beats stopped beats failed, then the reward decides, then
/// the earlier one.
pub fn is_better(trial: &Trial, than: Option<&Trial>) -> bool {
    let key = |t: &Trial| {
        (
            t.status == Status::Complete,
            t.reward.unwrap_or(f64::NEG_INFINITY),
        )
    };
    trial.status != Status::Failed && than.is_none_or(|best| key(trial) > key(best))
}

/// The best of some trials; `None` when none has a reward.
pub fn best(trials: &[Trial]) -> Option<&Trial> {
    trials.iter().fold(None, |best, trial| {
        if is_better(trial, best) {
            Some(trial)
        } else {
            best
        }
    })
}
