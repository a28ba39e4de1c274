//! Bayesian optimisation with a Gaussian process over choices.

use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Controller, Error, Outcome, Proposal, Result, Rng, Schema, State};
use nasfw_surrogate::{GaussianProcess, Kernel, Layout, Points, Scale, fit};
use serde::{Deserialize, Serialize};

use super::guided::{self, Stand};
use super::history::History;
use super::saved;

const NAME: &str = "bayes";
/// Proposals without a reward that the model takes as tried: the latest.
const OPEN: usize = 100;
/// Trials that the kernel is learned from.
const FIT_TRIALS: usize = 200;
/// Multiplications that learning it may cost before a proposal, some 10 ms.
const FIT_WORK: usize = 15_000_000;
const FIT_STEPS: (usize, usize) = (3, 25);

/// Settings of [`Bayes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BayesConfig {
    /// Proposals at random before the model proposes, 1 to 10,000; 8 by default.
    pub initial: usize,
    /// Trials that the model is made of, the best and the latest, 10 to 5,000; 400 by default. The
    /// time of a proposal grows with its square.
    pub memory: usize,
}

impl Default for BayesConfig {
    fn default() -> Self {
        Self {
            initial: 8,
            memory: 400,
        }
    }
}

/// Proposes what a Gaussian process expects the largest improvement of.
///
/// Architectures that share choices have similar rewards; how much each decision matters and how noisy
/// a trial is are learned with every round. Proposals whose outcomes have not come, and those that
/// failed, count as tried and as just as good as expected. Nothing is proposed twice until all was.
#[derive(Clone, Debug)]
pub struct Bayes {
    config: BayesConfig,
    schema: Schema,
    layout: Layout,
    history: History,
    learned: Learned,
    /// Made of the rest, for the proposals of a round.
    model: Option<Model>,
}

/// What was learned of the kernel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Learned {
    kernel: Kernel,
    /// The rewards that had been told by then.
    told: usize,
}

#[derive(Clone, Debug)]
struct Model {
    process: GaussianProcess,
    stand: Stand,
    /// Rewards told, and the first of the open proposals it believes.
    made_of: (usize, usize),
}

nasfw_sdk::register!(controller, Bayes, plugin: "builtin", name: "bayes",
    about: "a Gaussian process over choices: most from few trials");

impl ControllerFromConfig for Bayes {
    type Config = BayesConfig;

    fn from_config(config: BayesConfig, schema: &Schema, _: &mut Rng) -> Result<Self> {
        let ranges = [
            ("initial", config.initial, 1..=10_000),
            ("memory", config.memory, 10..=5_000),
        ];
        for (key, value, range) in ranges {
            if !range.contains(&value) {
                let expected = format!("{} to {}", range.start(), range.end());
                return Err(Error::invalid(format!("controller.{key}"), value, expected));
            }
        }
        let layout = Layout::of(schema);
        Ok(Self {
            config,
            schema: schema.clone(),
            history: History::default(),
            learned: Learned {
                kernel: Kernel::prior(&layout),
                told: 0,
            },
            layout,
            model: None,
        })
    }
}

impl Bayes {
    /// Brings the model up to what was told and proposed.
    fn model(&mut self) -> Model {
        let told = self.history.told().len();
        let first_open = self.history.open().len().saturating_sub(OPEN);
        match self.model.take() {
            Some(model) if model.made_of == (told, first_open) => return model,
            _ => {}
        }
        let rewards: Vec<f64> = self.history.told().iter().map(|(_, r)| *r).collect();
        let scale = Scale::of(&rewards);
        if told != self.learned.told {
            let (points, y) = self.trials(&rewards, &scale, FIT_TRIALS.min(self.config.memory));
            let work = y.len() * y.len() * (y.len() / 2 + self.schema.len());
            let steps = (FIT_WORK / work.max(1)).clamp(FIT_STEPS.0, FIT_STEPS.1);
            self.learned.kernel = fit(&self.layout, &self.learned.kernel, &points, &y, steps);
            self.learned.told = told;
        }
        let (points, y) = self.trials(&rewards, &scale, self.config.memory);
        let mut process = GaussianProcess::new(&self.layout, &self.learned.kernel, points, &y);
        let all = self.history.told().iter().map(|(choices, _)| &**choices);
        let means = process.means(&Points::collect(self.schema.len(), all));
        let stand = Stand::of(&self.history, &means);
        for open in &self.history.open()[first_open..] {
            process.believe(open);
        }
        Model {
            process,
            stand,
            made_of: (told, first_open),
        }
    }

    /// At most `most` of the trials, with standardised rewards.
    fn trials(&self, rewards: &[f64], scale: &Scale, most: usize) -> (Points, Vec<f64>) {
        let chosen = Scale::telling(rewards, most);
        let rows = chosen.iter().map(|&at| &*self.history.told()[at].0);
        let points = Points::collect(self.schema.len(), rows);
        let y = chosen.iter().map(|&at| scale.standardise(rewards[at]));
        (points, y.collect())
    }
}

impl Controller for Bayes {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
        if self.history.len() < self.config.initial || self.history.told().is_empty() {
            let choices = self.history.spread(&self.schema, rng)?;
            return Ok(self.history.propose(choices));
        }
        let mut model = self.model();
        let (best, care) = (model.stand.best, guided::care(rng));
        let most = |points: &Points| model.process.most_promising(points, best, care);
        let choices = guided::choose(&self.schema, &self.history, &model.stand, most, rng)?;
        model.process.believe(&choices);
        self.model = Some(model);
        Ok(self.history.propose(choices))
    }

    fn observe(&mut self, outcome: &Outcome, _: &mut Rng) -> Result<()> {
        self.history.observe(&self.schema, outcome);
        Ok(())
    }

    fn save(&self) -> Result<State> {
        self.history.save(NAME, &self.schema, &self.learned)
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let (history, learned): (_, Learned) = History::load(NAME, &self.schema, state)?;
        if !learned.kernel.is_for(&self.layout) {
            return Err(saved::damaged(NAME, "has a kernel of another size"));
        }
        self.history = history;
        self.learned = learned;
        self.model = None;
        Ok(())
    }
}
