//! The search loop: propose, judge, tell.
//!
//! | file | holds |
//! |---|---|
//! | `setup.rs` | members, data and splits that a configuration names, checked before anything is written |
//! | `own.rs` | data that the task brings itself |
//! | `warmup.rs` | encoder and teacher where no weights are given, on the decoder of `plain.rs` |
//! | `features.rs` | encoder outputs and teacher outputs, computed once |
//! | `baseline.rs` | what the best constant answer is worth |
//! | `candidate.rs` | one architecture through the stages of the schedule |
//! | `session.rs` | the loop over trials |
//! | `clock.rs` | where the time goes |

mod baseline;
mod candidate;
mod clock;
mod features;
mod own;
mod plain;
mod session;
mod setup;
mod warmup;

use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::device::on_device;
use crate::error::Result;
use crate::network::kernels::Kernels;
use crate::progress::Observer;
use crate::store::Run;
use crate::trial::{Status, Trial};
use clock::Clock;
pub use clock::Work;
use session::Session;
pub use session::WARM_WEIGHTS;
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

/// Runs a search in the new folder `out`.
///
/// # Errors
/// When the configuration, the data or the folder is wrong (before anything is written), or the
/// run itself fails; trials finished before are kept.
pub fn run(config: &Config, out: &Path, observer: &mut dyn Observer) -> Result<Summary> {
    on_device!(config.run.device, |kernels| {
        run_on(kernels, config, out, observer)
    })
}

fn run_on<K: Kernels>(
    kernels: K,
    config: &Config,
    out: &Path,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    let clock = Clock::start();
    let setup = clock.time(Work::Data, || Setup::checked(config, observer))?;
    let mut run = Run::create(out, config)?;
    run.bind(&setup.source.fingerprint, setup.io.output_channels)?;
    Session::new(kernels, setup, run, clock)?.go(observer)
}

/// What is to be otherwise when a run goes on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes<'a> {
    /// How many trials are wanted in all, from now on.
    pub trials: Option<u64>,
    /// The device to compute on, this time.
    pub device: Option<&'a str>,
}

/// Continues the run in `folder`.
///
/// # Errors
/// As [`run`]; also when the folder holds no run of this version, or its data has changed.
pub fn resume(folder: &Path, changes: Changes<'_>, observer: &mut dyn Observer) -> Result<Summary> {
    let run = Run::open(folder)?;
    let mut config = run.config()?;
    if let Some(trials) = changes.trials {
        config.run.trials = trials;
    }
    if let Some(device) = changes.device {
        config.run.device = device.into();
    }
    config.check()?;
    if run.artifact(session::WARM_WEIGHTS)?.is_some() {
        // The warm-up that began from them is over.
        config.encoder.weights = None;
    }
    on_device!(config.run.device, |kernels| {
        resume_on(kernels, run, &config, changes.trials, observer)
    })
}

fn resume_on<K: Kernels>(
    kernels: K,
    mut run: Run,
    config: &Config,
    trials: Option<u64>,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    let clock = Clock::start();
    let setup = clock.time(Work::Data, || Setup::checked(config, observer))?;
    run.bind(&setup.source.fingerprint, setup.io.output_channels)?;
    if let Some(trials) = trials {
        run.set_trials_wanted(trials)?;
    }
    Session::new(kernels, setup, run, clock)?.go(observer)
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
