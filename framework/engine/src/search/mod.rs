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
use crate::error::{Error, Result};
use crate::network::kernels::CpuKernels;
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
    let kernels = cpu_only(config)?;
    let clock = Clock::start();
    let setup = clock.time(Work::Data, || Setup::checked(config, observer))?;
    let mut run = Run::create(out, config)?;
    run.bind(&setup.source.fingerprint, setup.io.output_channels)?;
    Session::new(kernels, setup, run, clock)?.go(observer)
}

/// Continues the run in `folder`; `trials` changes how many are wanted in all.
///
/// # Errors
/// As [`run`]; also when the folder holds no run of this version, or its data has changed.
pub fn resume(folder: &Path, trials: Option<u64>, observer: &mut dyn Observer) -> Result<Summary> {
    let mut run = Run::open(folder)?;
    let mut config = run.config()?;
    if let Some(trials) = trials {
        config.run.trials = trials;
        config.check()?;
    }
    if run.artifact(session::WARM_WEIGHTS)?.is_some() {
        // The warm-up that began from them is over.
        config.encoder.weights = None;
    }
    let kernels = cpu_only(&config)?;
    let clock = Clock::start();
    let setup = clock.time(Work::Data, || Setup::checked(&config, observer))?;
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

pub(crate) fn cpu_only(config: &Config) -> Result<CpuKernels> {
    match config.run.device.as_str() {
        "cpu" => Ok(CpuKernels::default()),
        other => Err(Error::Config {
            file: None,
            message: format!(
                "run.device: `{other}` is not available; searches run on `cpu` in this version"
            ),
        }),
    }
}
