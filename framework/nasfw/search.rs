//! A search, from settings to a run.

use std::path::Path;

use nasfw_cache::Cache;
use nasfw_engine::config::{Layers, Preset};
use nasfw_engine::experiment::GivenMembers;
use nasfw_engine::search::{self, Changes, Resources, Summary};
use nasfw_engine::{Config, Error, Result};
use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Controller, RewardSchedule, Rng, Schema, SearchSpace, Task};

use crate::baseline::{self, search_beside};
use crate::observe::{Watch, watched};
use crate::process;
use crate::run::Run;
use crate::settings::{Settings, configured, trained};

/// A search for the best network of a space for a task.
///
/// Everything not said comes from the preset `demo`: images of the procedural scene generator, and
/// few enough epochs for minutes on two cores. Settings take effect in the order of the calls; errors
/// show when the search [runs](Self::run).
///
/// ```no_run
/// use nasfw::{Cancel, Event, Search};
///
/// let cancel = Cancel::new();
/// let run = Search::named("segm")
///     .set("task.name=depth")
///     .data("rooms")
///     .trials(40)
///     .cancel_with(&cancel)
///     .on_event(|event| {
///         if let Event::TrialFinished { trial, is_best: true } = event {
///             println!("{:?} {}", trial.reward, trial.genotype());
///         }
///     })
///     .run("runs/first")?;
/// # Ok::<(), nasfw::Error>(())
/// ```
#[derive(Debug)]
pub struct Search<'a> {
    settings: Settings,
    members: GivenMembers,
    cache: Option<Cache>,
    watch: Watch<'a>,
}

configured!(Search);
trained!(Search);
watched!(Search);

impl<'a> Search<'a> {
    fn over(base: Layers) -> Self {
        Self {
            settings: Settings::new(base),
            members: GivenMembers::default(),
            cache: None,
            watch: Watch::default(),
        }
    }

    /// A search of `space`, evaluated in this process.
    pub fn new<S: SearchSpace + 'static>(space: S) -> Self {
        let mut new = Self::over(Layers::new(Preset::Demo));
        new.members.space(space);
        new.workers(0)
    }

    /// A search of the space of the plugin called `name`, evaluated in this process.
    pub fn named(name: &str) -> Self {
        let mut new = Self::over(Layers::new(Preset::Demo));
        new.settings.value("named", "space.plugin", name);
        new.workers(0)
    }

    /// A search with settings from `layers`; `run.workers` says where it is evaluated.
    pub fn with_layers(layers: Layers) -> Self {
        Self::over(layers)
    }

    /// Starts from the settings of another preset.
    #[must_use]
    pub fn preset(mut self, preset: Preset) -> Self {
        self.settings.preset(preset);
        self
    }

    /// Searches for networks of `task`.
    ///
    /// A run records a value by its type alone. Training, evaluating or resuming it takes the value
    /// again, from Rust; the program `nasfw` can list, verify and describe such a run, and no more.
    /// For a built-in task, `.set("task.name=depth")` leaves everything to both.
    #[must_use]
    pub fn task<T: Task + 'static>(mut self, task: T) -> Self {
        self.members.task(task);
        self
    }

    /// Evaluates as `schedule` says, which has seen nothing yet.
    #[must_use]
    pub fn schedule<S>(mut self, schedule: S) -> Self
    where
        S: RewardSchedule + Clone + Send + Sync + 'static,
    {
        self.members.schedule(schedule);
        self
    }

    /// Proposes architectures with the controller `C`, made with `config` for the schema of the space.
    #[must_use]
    pub fn controller<C>(self, config: C::Config) -> Self
    where
        C: ControllerFromConfig + Controller + 'static,
        C::Config: Clone + Send + Sync + 'static,
    {
        self.controller_with(move |schema, rng| C::from_config(config.clone(), schema, rng))
    }

    /// Proposes architectures with what `make` makes for the schema of the space; it draws initial
    /// weights, if any, from the generator.
    #[must_use]
    pub fn controller_with<C, F>(mut self, make: F) -> Self
    where
        C: Controller + 'static,
        F: Fn(&Schema, &mut Rng) -> nasfw_sdk::Result<C> + Send + Sync + 'static,
    {
        self.members.controller(make);
        self
    }

    /// Total number of architectures to evaluate.
    #[must_use]
    pub fn trials(mut self, trials: u64) -> Self {
        self.settings.value("trials", "run.trials", trials);
        self
    }

    /// Number of worker processes that evaluate in parallel, 0 (the default) for this process; no
    /// result depends on it. Workers need
    /// [`run_as_worker_if_asked`](crate::run_as_worker_if_asked), and members with names.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.settings.value("workers", "run.workers", workers);
        self
    }

    /// Reads results of earlier searches from `cache`, and keeps those of this one there. The search
    /// ends as it would without; [`Summary::cached`](crate::Summary::cached) counts what was not
    /// computed again. Nothing is kept for a task that is a value, as it has no version, nor on a GPU.
    #[must_use]
    pub fn cache(mut self, cache: Cache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Loads a plugin library, `./libx.so` or `./libx.so#sha256=HEX`; its search space, if it has one
    /// and none was named before, is searched. Needs
    /// [`run_as_worker_if_asked`](crate::run_as_worker_if_asked).
    #[must_use]
    pub fn library(mut self, reference: &str) -> Self {
        self.settings.library(reference);
        self
    }

    /// The complete configuration that these settings give.
    ///
    /// # Errors
    /// When a name, key or value is wrong; the message says what would be accepted.
    pub fn config(&self) -> Result<Config> {
        let layers = self.members.named_in(self.settings.layers()?);
        layers.resolve()
    }

    /// Searches, recording into the new folder `run`.
    ///
    /// Returns the run also when it was cancelled after it had begun: [`Run::is_complete`] tells, and
    /// [`resume`](Self::resume) continues it. Cancelled earlier, e.g. while the data is checked, there
    /// is no folder yet, and the error is [`Error::Stopped`].
    ///
    /// # Errors
    /// Before anything is written, when a setting, the data or the folder is wrong; later when the run
    /// itself fails. Finished trials are kept.
    pub fn run(mut self, run: impl AsRef<Path>) -> Result<Run> {
        let (run, config) = (run.as_ref(), self.config()?);
        baseline::settings(&config)?;
        let members = self.members.complete(&config)?;
        let resources = self.resources(&config)?;
        let summary = search::run(&config, &members, run, resources, &mut self.watch)?;
        self.beside(summary, &config, &Changes::default())
    }

    /// Makes or continues the baseline of a run that is complete, if it wants one.
    fn beside(mut self, summary: Summary, config: &Config, changes: &Changes) -> Result<Run> {
        if summary.is_stopped || config.run.baseline.is_none() {
            return Run::of(summary, None);
        }
        let resources = self.resources(config)?;
        let (given, watch) = (&self.members, &mut self.watch);
        let baseline = search_beside((config, changes), &summary.run, given, resources, watch)?;
        Run::of(summary, baseline)
    }

    fn resources(&self, config: &Config) -> Result<Resources> {
        Ok(Resources {
            workers: process::prepare(&config.run, &self.members)?,
            // A cache that cannot be opened again is done without.
            cache: (self.cache.as_ref()).and_then(|cache| cache.reopened().ok()),
        })
    }

    /// Continues the run in the folder `run`, made by a search with the same members.
    ///
    /// Only what was set by methods of this builder counts: of a preset or layers that it began with,
    /// nothing is taken. Settings that no result depends on may differ from the recorded ones: the number of trials, where
    /// the data is now, the device, workers and their limits.
    ///
    /// # Errors
    /// As [`run`](Self::run); also when the folder holds no run, its record or its data has changed,
    /// or a setting or member differs from the recorded one. Members that are values are compared by
    /// their types: that they have the same settings is up to the caller.
    pub fn resume(mut self, run: impl AsRef<Path>) -> Result<Run> {
        let folder = run.as_ref();
        let recorded = Run::open(folder)?.config()?;
        let base = Layers::new(Preset::None).text(&recorded.to_toml(), "the run's record")?;
        let layers = self.members.named_in(self.settings.over(base)?);
        let changes = changes(&recorded, &layers.resolve()?)?;
        let mut now = recorded;
        changes.apply(&mut now.run);
        let resources = self.resources(&now)?;
        let summary = search::resume(folder, &changes, &self.members, resources, &mut self.watch)?;
        self.beside(summary, &now, &changes)
    }
}

/// The changes that a resumed run may take from `recorded` to `wanted`.
fn changes(recorded: &Config, wanted: &Config) -> Result<Changes> {
    fn changed<T: PartialEq + Clone>(old: &T, new: &T) -> Option<T> {
        (old != new).then(|| new.clone())
    }
    let (old, new) = (&recorded.run, &wanted.run);
    let changes = Changes {
        trials: changed(&old.trials, &new.trials),
        data: changed(&recorded.data.path, &wanted.data.path).flatten(),
        device: changed(&old.device, &new.device),
        workers: changed(&old.workers, &new.workers),
        threads: changed(&old.threads, &new.threads),
        memory_limit_mb: changed(&old.memory_limit_mb, &new.memory_limit_mb),
        trial_timeout_secs: changed(&old.trial_timeout_secs, &new.trial_timeout_secs),
    };
    let mut with_changes = recorded.clone();
    changes.apply(&mut with_changes.run);
    with_changes.data.path.clone_from(&wanted.data.path);
    // Another member has other settings; its name says more than the first of them.
    let names = |c: &Config| {
        [
            ("space.plugin", c.space.plugin.clone()),
            ("task.name", c.task.name.clone()),
            ("schedule.name", c.schedule.name.clone()),
            ("controller.name", c.controller.name.clone()),
        ]
    };
    let (theirs, ours) = (names(recorded), names(wanted));
    let other_member = (theirs.into_iter().zip(ours))
        .find(|(theirs, ours)| theirs != ours)
        .map(|((key, theirs), (_, ours))| (key.to_owned(), theirs, ours));
    match other_member.or_else(|| with_changes.first_difference(wanted)) {
        None => Ok(changes),
        Some((key, old, new)) => {
            let is_member = [".name", ".plugin"].iter().any(|end| key.ends_with(end));
            let advice = if is_member {
                "give the same member, or start a new run"
            } else {
                "a run continues with its own settings, so leave it out, or start a new run"
            };
            Err(Error::Config {
                file: None,
                message: format!("{key} is {old} in the run and {new} here; {advice}"),
            })
        }
    }
}
