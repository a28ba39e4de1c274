//! The search loop: propose a round, evaluate it, learn from it.
//!
//! | file | holds |
//! |---|---|
//! | `warmup.rs` | warm-up of encoder and teacher under the decoder of `plain.rs`, from `encoder.weights` if given |
//! | `features.rs` | encoder outputs and teacher outputs, computed once |
//! | `baseline.rs` | the constant-prediction baseline |
//! | `candidate.rs` | one stage of a candidate: training and validation |
//! | `prepare.rs` | the shared inputs of all evaluations |
//! | `session.rs` | a search from its preparation to its summary |
//! | `round.rs` | proposals drawn together, evaluated in any order, learned from in theirs |
//! | `study.rs` | learning from trials, and the run that records them |
//! | `strategy.rs` | the decisions: controller and schedule |
//! | `networks.rs` | the networks that a run has tried |
//! | `evidence.rs` | what its complete trials say of them: the best, and which to evaluate again |
//! | `replay.rs` | a run's decisions recomputed from its seed and evaluations |
//! | `result_cache.rs` | results of earlier searches, by what they depend on |
//! | `failures.rs` | detection of a hopeless search |
//! | `executor/` | evaluation in this process, or in workers |
//! | `show.rs` | progress of evaluation in workers |
//! | `clock.rs` | time by kind of work |

mod baseline;
mod candidate;
mod clock;
mod evidence;
mod executor;
mod failures;
mod features;
mod networks;
mod plain;
mod prepare;
mod replay;
mod result_cache;
mod round;
mod session;
mod show;
mod strategy;
mod study;
mod warmup;

use std::path::{Path, PathBuf};

use nasfw_sdk::{IoChannels, Proposal};

use crate::config::{Config, RunConfig};
use crate::contenders::Contenders;
use crate::error::{Error, Result};
use crate::experiment::{GivenMembers, Members, Setup};
use crate::progress::Observer;
use crate::store::Run;
use crate::trial::Trial;
pub use crate::trial::{best, compare, is_better};
use clock::Clock;
pub use clock::Work;
pub use executor::{WorkerProgram, work};
use nasfw_cache::Cache;
use nasfw_device::{Device, on_device};
use nasfw_network::kernels::Kernels;
pub use nasfw_surrogate::FIRST_REPEAT;
pub use prepare::WARM_WEIGHTS;
pub use replay::{Difference, Replayed, replay};
use strategy::{Strategy, prior};

/// What a search may use besides its device.
#[derive(Debug, Default)]
pub struct Resources {
    /// The program that evaluates as a worker; without one, and with `run.workers = 0`, this process
    /// evaluates.
    pub workers: Option<WorkerProgram>,
    /// Results of earlier searches, which are then not computed again, and a place to keep those of
    /// this one. A search that reads from it ends as one that does not.
    pub cache: Option<Cache>,
}

/// The result of a call of [`run`] or [`resume`].
#[derive(Debug)]
pub struct Summary {
    /// The run folder.
    pub run: PathBuf,
    /// The trial with the highest reward, complete ones first.
    pub best: Option<Trial>,
    /// The architectures that may be the best, by a model of all trials; `None` where no trial is
    /// complete.
    pub contenders: Option<Contenders>,
    /// Total number of finished trials.
    pub finished: u64,
    /// The reward of the constant-prediction baseline on the same images; `None` when the run was
    /// stopped before it was measured.
    pub constant_reward: Option<f64>,
    /// True if the observer asked to stop before all trials were done.
    pub is_stopped: bool,
    /// Evaluations of this call that were found in the cache.
    pub cached: u64,
    /// Seconds of this call by kind of work.
    pub spent: Vec<(Work, f64)>,
}

/// Runs a search in the new folder `out`. Architectures are evaluated in workers, which run
/// `program`, if `run.workers` is above 0 and a program is given; otherwise in this process, one
/// after the other.
///
/// # Errors
/// When the configuration, the data or the folder is wrong (before anything is written), or the
/// run itself fails; trials finished before are kept.
pub fn run(
    config: &Config,
    members: &Members,
    out: &Path,
    resources: Resources,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    check_limits(config, resources.workers.as_ref())?;
    // A wrong one shows before any work is done.
    prior(config, members)?;
    on_device!(config.run.device, |kernels| {
        run_on(kernels, config, members, out, resources, observer)
    })
}

fn run_on<K: Kernels>(
    kernels: K,
    config: &Config,
    members: &Members,
    out: &Path,
    resources: Resources,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    let clock = Clock::start();
    let setup = clock.time(Work::Data, || Setup::checked(config, members, observer))?;
    let mut run = Run::create(out, config)?;
    run.bind(&setup.source.fingerprint, setup.io.output_channels)?;
    session::search(kernels, setup, run, &clock, resources, observer)
}

/// Overrides of a run's settings for one call of [`resume`]. Only the number of trials is kept
/// for later calls; the rest, which no result should depend on, applies to this call only.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// `run.trials`.
    pub trials: Option<u64>,
    /// `data.path`: the present location of the data. It must be the same data; later calls use
    /// this path, too.
    pub data: Option<PathBuf>,
    /// `run.device`.
    pub device: Option<Device>,
    /// `run.workers`.
    pub workers: Option<usize>,
    /// `run.threads`.
    pub threads: Option<usize>,
    /// `run.memory_limit_mb`.
    pub memory_limit_mb: Option<u64>,
    /// `run.trial_timeout_secs`.
    pub trial_timeout_secs: Option<u64>,
}

impl Changes {
    /// Applies the overrides to `run`.
    pub fn apply(&self, run: &mut RunConfig) {
        fn set<T: Clone>(to: &mut T, now: &Option<T>) {
            if let Some(now) = now {
                to.clone_from(now);
            }
        }
        set(&mut run.trials, &self.trials);
        set(&mut run.device, &self.device);
        set(&mut run.workers, &self.workers);
        set(&mut run.threads, &self.threads);
        set(&mut run.memory_limit_mb, &self.memory_limit_mb);
        set(&mut run.trial_timeout_secs, &self.trial_timeout_secs);
    }
}

/// Continues the run in `folder` with `changes` to its settings.
///
/// # Errors
/// As [`run`]; also when the folder holds no run of this version, or its data has changed.
pub fn resume(
    folder: &Path,
    changes: &Changes,
    members: &GivenMembers,
    resources: Resources,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    let run = Run::open(folder)?;
    let mut config = run.config()?;
    changes.apply(&mut config.run);
    if let Some(path) = &changes.data {
        let absolute = std::path::absolute(path).map_err(|source| Error::Io {
            path: path.clone(),
            source,
        })?;
        config.data.path = Some(absolute);
    }
    config.check_ranges()?;
    check_limits(&config, resources.workers.as_ref())?;
    let members = members.complete(&config)?;
    if run.artifact(WARM_WEIGHTS)?.is_some() {
        // The warm-up that started from them is over.
        config.encoder.weights = None;
    }
    on_device!(config.run.device, |kernels| {
        resume_on(
            kernels, run, &config, &members, changes, resources, observer,
        )
    })
}

fn resume_on<K: Kernels>(
    kernels: K,
    mut run: Run,
    config: &Config,
    members: &Members,
    changes: &Changes,
    resources: Resources,
    observer: &mut dyn Observer,
) -> Result<Summary> {
    let clock = Clock::start();
    let setup = clock.time(Work::Data, || Setup::checked(config, members, observer))?;
    run.bind(&setup.source.fingerprint, setup.io.output_channels)?;
    if let Some(trials) = changes.trials {
        run.set_trials_wanted(trials)?;
    }
    if changes.data.is_some() {
        run.set_data_path(config)?;
    }
    session::search(kernels, setup, run, &clock, resources, observer)
}

/// Checks that the limits can be enforced with this kind of evaluation.
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
            "run.trial_timeout_secs: a time limit needs workers, which can be killed; set run.workers \
             to 1 or more, or this to 0",
        ),
        Some(_) if run.memory_limit_mb > 0 && !cfg!(target_os = "linux") => wrong(
            "run.memory_limit_mb: workers can be limited on Linux only; set this to 0, or run.workers to \
             0, which only checks an estimate",
        ),
        _ => Ok(()),
    }
}

/// Draws the proposals that a search with these settings would make if it learned nothing, one
/// after the other.
///
/// # Errors
/// When the controller cannot be made, or fails.
pub fn proposals(
    config: &Config,
    members: &Members,
) -> Result<impl Iterator<Item = Result<Proposal>>> {
    // Outputs do not tell networks apart.
    let mut strategy = Strategy::new(config, members, IoChannels::rgb(1))?;
    Ok((0..).map(move |id| Ok(strategy.propose(id)?.proposal)))
}
