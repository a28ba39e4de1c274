//! The content of a run folder, read once.

use std::collections::BTreeMap;

use nasfw_engine::search::{best, compare};
use nasfw_engine::store::RunView;
use nasfw_engine::{Config, Contender, Contenders, Machine, Result, Status, Trial};
use nasfw_plugins::schedules::progressive::ProgressiveConfig;
use nasfw_plugins::schedules::termination::Termination;
use nasfw_sdk::{Decision, SearchSpace, Sketch, Stage};

use super::baseline::Baseline;

/// A run as it was when read; a search that continues meanwhile is not disturbed, and its new
/// trials are not seen.
pub struct Recorded {
    pub(super) shown: String,
    pub(super) trials: Vec<Trial>,
    pub(super) config_text: String,
    pub(super) settings: toml::Table,
    pub(super) version: Option<String>,
    pub(super) made_unix_secs: Option<u64>,
    pub(super) data_fingerprint: Option<String>,
    pub(super) outputs: Option<u32>,
    pub(super) constant_reward: Option<f64>,
    pub(super) contenders: Option<Contenders>,
    pub(super) spent: BTreeMap<String, f64>,
    pub(super) headline: Vec<&'static str>,
    pub(super) stages: Vec<Stage>,
    /// The rule that stops trials early, where the page knows it.
    pub(super) termination: Option<Termination>,
    space: Option<Box<dyn SearchSpace>>,
    /// The reason for the lack of a space, so that names and sketches are missing.
    pub(super) unknown: Option<String>,
    /// The machines that worked on it.
    pub(super) machines: Vec<Machine>,
    /// Another run that this one is compared with.
    pub(super) baseline: Option<Baseline>,
    /// Architectures of the run after full training.
    pub(super) trained: Vec<TrainedInFull>,
}

/// An architecture after full training.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainedInFull {
    /// The architecture as text.
    pub genotype: String,
    /// The task's reward of its metrics on the validation split.
    pub reward: f64,
}

impl Recorded {
    /// Reads a run. `shown` is how commands name its folder, quoted for a shell.
    ///
    /// Libraries of the run are code and loaded only if `load_libraries`; without them, and where a
    /// plugin is not in this program, choices have no names and nothing is drawn.
    ///
    /// # Errors
    /// When the database cannot be read or is damaged.
    pub fn read(view: &RunView, shown: &str, load_libraries: bool) -> Result<Self> {
        let config_text = view.config_text()?;
        let (version, made_unix_secs) = view.made()?;
        let (config, unknown) = if view.loads_libraries()? && !load_libraries {
            let unknown = "the run uses a library; load it with --load";
            (None, Some(unknown.to_owned()))
        } else {
            match view.config() {
                Ok(config) => (Some(config), None),
                Err(e) => (None, Some(e.to_string())),
            }
        };
        let (space, unknown) = match config.as_ref().map(Config::make_space) {
            Some(Ok(space)) => (Some(space), unknown),
            Some(Err(e)) => (None, Some(e.to_string())),
            None => (None, unknown),
        };
        let task = config.as_ref().and_then(|c| c.make_task().ok());
        let schedule = config.as_ref().and_then(|c| c.make_schedule().ok());
        Ok(Self {
            shown: shown.into(),
            trials: view.trials()?,
            settings: toml::from_str(&config_text).unwrap_or_default(),
            config_text,
            version,
            made_unix_secs,
            // A run interrupted early may know neither.
            data_fingerprint: view.data_fingerprint().ok(),
            outputs: view.outputs().ok(),
            constant_reward: view.constant_reward()?,
            contenders: view.contenders()?,
            spent: view.spent()?,
            headline: task.map(|t| t.headline().to_vec()).unwrap_or_default(),
            stages: schedule.map(|s| s.stages().to_vec()).unwrap_or_default(),
            termination: config.as_ref().and_then(termination),
            space,
            unknown,
            machines: view.machines()?,
            baseline: None,
            trained: Vec::new(),
        })
    }

    /// Makes the page compare this run with another one, usually of the controller `random`.
    ///
    /// # Errors
    /// The reason why the rewards of both cannot be compared.
    pub fn compare_with(&mut self, other: &Self) -> std::result::Result<(), String> {
        self.baseline = Some(Baseline::of(other, self)?);
        Ok(())
    }

    /// Makes the page compare rewards of the search with those of architectures trained in full.
    pub fn compare_with_trained(&mut self, trained: Vec<TrainedInFull>) {
        self.trained = trained;
    }

    /// All finished trials, in order.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The title of the page.
    pub(super) fn title(&self) -> String {
        format!("Search {}", self.shown)
    }

    /// A text among the settings, by its path.
    pub(super) fn setting(&self, path: &[&str]) -> Option<String> {
        let (last, tables) = path.split_last()?;
        let mut table = &self.settings;
        for name in tables {
            table = table.get(*name)?.as_table()?;
        }
        Some(match table.get(*last)? {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// The total number of trials wanted.
    pub(super) fn wanted(&self) -> u64 {
        let wanted = self.setting(&["run", "trials"]);
        let wanted = wanted.and_then(|t| t.parse().ok());
        wanted.unwrap_or(self.trials.len() as u64)
    }

    /// The trial with the highest reward.
    pub(super) fn best(&self) -> Option<&Trial> {
        best(&self.trials)
    }

    /// The architecture that is most likely the best, where it is known, and the first trial with it.
    pub(super) fn recommended(&self) -> Option<(&Trial, &Contender)> {
        let first = self.contenders.as_ref()?.ranked.first()?;
        let trial = self.trials.iter().find(|trial| trial.id() == first.trial)?;
        Some((trial, first))
    }

    /// The best trials, the best first: complete before stopped, then by reward, then the earlier.
    pub(super) fn ranked(&self) -> Vec<&Trial> {
        let mut ranked: Vec<&Trial> = self.trials.iter().filter(|t| t.reward.is_some()).collect();
        ranked.sort_by(|a, b| compare(b, a));
        ranked
    }

    /// The number of trials with this status.
    pub(super) fn count(&self, status: Status) -> usize {
        self.trials.iter().filter(|t| t.status() == status).count()
    }

    /// The decisions of the space; none when it is unknown.
    pub(super) fn decisions(&self) -> &[Decision] {
        self.space.as_ref().map_or(&[], |s| s.schema().decisions())
    }

    /// The sketches of a trial's architecture; none when the space is unknown.
    pub(super) fn sketches(&self, trial: &Trial) -> Vec<Sketch> {
        let Some(space) = &self.space else {
            return Vec::new();
        };
        let choices = space.schema().choices(trial.proposal.choices.clone());
        // A library that cannot draw leaves the page without sketches.
        choices.and_then(|c| space.sketches(&c)).unwrap_or_default()
    }
}

fn termination(config: &Config) -> Option<Termination> {
    if config.schedule.name != "progressive" {
        return None;
    }
    let settings = config.schedule.settings.clone();
    let schedule: ProgressiveConfig = serde_json::from_value(settings).ok()?;
    Some(schedule.termination)
}
