//! Results of earlier searches, by everything that they depend on.
//!
//! An evaluation depends on the network, the settings and data of the run, and its random streams;
//! not on the schedule's memory, which only decides how many stages it goes through. So an entry
//! holds the result after a number of stages, and the schedule is asked anew.

use std::sync::OnceLock;

use nasfw_cache::{Cache, Key};
use nasfw_device::Device;
use nasfw_sdk::graph::Graph;
use nasfw_sdk::{Choices, Verdict};
use serde_json::json;

use super::executor::Job;
use super::prepare::WARM_WEIGHTS;
use super::strategy::Course;
use crate::config::is_value;
use crate::error::{Error, Result};
use crate::experiment::Setup;
use crate::progress::{Event, Observer};
use crate::store::RunView;
use crate::trial::{Ending, Evaluation};

/// The version of results: another number where the same settings give other results than before.
/// `tests/kept_record.rs` notices when they do.
const RESULTS: u32 = 2;

/// Kinds of entries.
const EVALUATION: &str = "evaluation";
const WARM_UP: &str = "warm-up";

/// A cache, as one search uses it.
pub(super) struct ResultCache {
    /// None where nothing is kept: the user wants none, the results are of code that the key could
    /// not name, or the cache failed.
    cache: Option<Cache>,
    /// What all results of the run depend on.
    base: String,
    /// A line that says what the entries are of.
    about: String,
    /// Hash of the warmed-up weights.
    warm: String,
    found: u64,
}

/// Identifies an evaluation in the cache, together with what all of a run have in common.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    graph: String,
    repeat: u64,
}

impl ResultCache {
    /// Prepares a cache for a run, or none.
    pub(super) fn new(cache: Option<Cache>, setup: &Setup) -> Self {
        let config = &setup.config;
        // A task of the caller's own has no version, and a GPU has more than a name. A library's
        // space builds networks in workers only.
        let is_nameable = !is_value(&config.task.name)
            && config.run.device == Device::Cpu
            && setup.members.space_in_program().is_some();
        let (space, task) = (&config.space.plugin, &config.task.name);
        Self {
            cache: cache.filter(|_| is_nameable),
            base: base(setup),
            about: format!("{space}, {task}, {}", setup.source.description),
            warm: String::new(),
            found: 0,
        }
    }

    /// The number of evaluations found so far.
    pub(super) fn found(&self) -> u64 {
        self.found
    }

    /// Reads the weights of a warm-up with the same data and settings.
    pub(super) fn warm_up(
        &mut self,
        setup: &Setup,
        observer: &mut dyn Observer,
    ) -> Option<Vec<u8>> {
        let key = self.warm_up_key(setup)?;
        self.using(observer, |cache| cache.get(WARM_UP, &key))
            .flatten()
    }

    /// Keeps the weights of a warm-up.
    pub(super) fn keep_warm_up(
        &mut self,
        setup: &Setup,
        weights: &[u8],
        observer: &mut dyn Observer,
    ) {
        if let Some(key) = self.warm_up_key(setup) {
            let about = self.about.clone();
            self.using(observer, |cache| cache.put(WARM_UP, &key, &about, weights));
        }
    }

    fn warm_up_key(&self, setup: &Setup) -> Option<Key> {
        let encoder = setup.encoder.as_ref()?.hash();
        let given = match &setup.encoder_weights {
            Some(weights) => hash(&weights.to_safetensors().ok()?),
            None => String::new(),
        };
        let settings = json!(setup.config.warmup).to_string();
        Some(Key::of([
            ("run", self.base.as_str()),
            ("encoder", &encoder),
            ("given", &given),
            ("settings", &settings),
        ]))
    }

    /// Takes note of the warmed-up weights, which evaluations start from.
    pub(super) fn start_from(&mut self, run: &RunView) -> Result<()> {
        if self.cache.is_some() {
            self.warm = run
                .artifact(WARM_WEIGHTS)?
                .map_or_else(String::new, |b| hash(&b));
        }
        Ok(())
    }

    /// The slot of an evaluation; none if its network cannot be decoded, which will show.
    pub(super) fn slot(&self, setup: &Setup, choices: &Choices, repeat: u64) -> Option<Slot> {
        self.cache.as_ref()?;
        let graph: Graph = setup.space().decode(choices, &setup.io).ok()?;
        let graph = graph.hash();
        Some(Slot { graph, repeat })
    }

    /// Finds the evaluation of a job, if one that went through the stages that it would go through
    /// now is kept.
    ///
    /// # Errors
    /// When the schedule fails.
    pub(super) fn find(
        &mut self,
        setup: &Setup,
        slot: &Slot,
        job: &Job,
        observer: &mut dyn Observer,
    ) -> Result<Option<Evaluation>> {
        let mut after = |stages: usize| -> Option<Evaluation> {
            let key = self.evaluation_key(setup, slot, stages);
            let bytes = self.using(observer, |cache| cache.get(EVALUATION, &key));
            let mut found: Evaluation = serde_json::from_slice(&bytes.flatten()?).ok()?;
            found.id = job.id;
            Some(found)
        };
        let last = setup.stages.len();
        let Some(farthest) = (1..=last).rev().find_map(&mut after) else {
            return Ok(None);
        };
        let mut schedule = setup.members.schedule()?;
        schedule.load(&job.schedule).map_err(Error::broken)?;
        let course = Course::of(&setup.config.run, job.id, job.repeat);
        let mut stages = last;
        for at in 0..last - 1 {
            let Some(&reward) = farthest.stage_rewards.get(at) else {
                return Ok(None);
            };
            if course.verdict(&mut *schedule, at, reward)? == Verdict::Stop {
                stages = at + 1;
                break;
            }
        }
        let found = if farthest.stage_rewards.len() == stages {
            Some(farthest)
        } else {
            after(stages)
        };
        self.found += u64::from(found.is_some());
        Ok(found)
    }

    /// Keeps an evaluation. A failure is not kept: its reason may be this machine's.
    pub(super) fn keep(
        &mut self,
        setup: &Setup,
        slot: &Slot,
        evaluation: &Evaluation,
        observer: &mut dyn Observer,
    ) {
        if matches!(evaluation.ending, Ending::Failed { .. }) {
            return;
        }
        let Ok(bytes) = serde_json::to_vec(evaluation) else {
            return;
        };
        let key = self.evaluation_key(setup, slot, evaluation.stage_rewards.len());
        let about = self.about.clone();
        self.using(observer, |cache| {
            cache.put(EVALUATION, &key, &about, &bytes)
        });
    }

    fn evaluation_key(&self, setup: &Setup, slot: &Slot, stages: usize) -> Key {
        let config = &setup.config;
        let settings = json!([
            setup.stages,
            config.teacher,
            config.features,
            config.space,
            config.run.memory_limit_mb,
            config.run.trial_timeout_secs,
            slot.repeat,
            stages,
        ]);
        Key::of([
            ("run", self.base.as_str()),
            ("warm", &self.warm),
            ("graph", &slot.graph),
            ("settings", &settings.to_string()),
        ])
    }

    /// Uses the cache. If that fails the search goes on without it, which is said once.
    fn using<T>(
        &mut self,
        observer: &mut dyn Observer,
        work: impl FnOnce(&mut Cache) -> nasfw_cache::Result<T>,
    ) -> Option<T> {
        match work(self.cache.as_mut()?) {
            Ok(value) => Some(value),
            Err(e) => {
                self.cache = None;
                let text = format!("continuing without the cache: {e}");
                observer.on(&Event::Note { text: &text });
                None
            }
        }
    }
}

/// What all results of a run depend on: the program, the instructions that it computes with, the
/// task, the data and its split.
fn base(setup: &Setup) -> String {
    let config = &setup.config;
    let mut data = config.data.clone();
    data.path = None; // the folder may move
    let libraries = config.plugins.iter().map(|reference| {
        // A path says nothing about the content.
        reference
            .rsplit_once("#sha256=")
            .map_or(reference.as_str(), |(_, hex)| hex)
    });
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "results": RESULTS,
        "instructions": nasfw_network::instructions(),
        "mathematics": mathematics(),
        "libraries": libraries.collect::<Vec<_>>(),
        "task": config.task,
        "data": data,
        "content": setup.source.fingerprint,
        "meta": config.meta,
        "seed": config.run.seed,
        "outputs": setup.io.output_channels,
    })
    .to_string()
}

/// A hash of what the system's mathematical functions give, which differ between libraries in the
/// last bits.
fn mathematics() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let mut bytes = Vec::new();
        for at in 1..=256_i16 {
            let (x, y) = (f64::from(at) * 0.037, f32::from(at) * 0.037);
            for value in [x.exp(), x.ln(), x.sin(), x.cos(), x.powf(0.9), x.tanh()] {
                bytes.extend(value.to_le_bytes());
            }
            for value in [
                y.exp(),
                (-y).exp(),
                y.ln(),
                y.sin(),
                y.cos(),
                y.powf(0.9),
                y.tanh(),
            ] {
                bytes.extend(value.to_le_bytes());
            }
        }
        hash(&bytes)
    })
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
