//! Bayesian optimisation with a random forest.

use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Controller, Error, Outcome, Proposal, Result, Rng, Schema, State};
use nasfw_surrogate::{Forest, Growth, Points, Scale, expected_improvement};
use serde::{Deserialize, Serialize};

use super::guided::{self, Stand};
use super::history::History;

const NAME: &str = "forest";
/// Proposals without a reward that the model takes as tried: the latest.
const OPEN: usize = 100;

/// Settings of [`ForestSearch`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForestConfig {
    /// Proposals at random before the model proposes, 1 to 10,000; 8 by default.
    pub initial: usize,
    /// Trees, 2 to 1,000; 30 by default.
    pub trees: usize,
    /// Trials that a leaf keeps at least, 1 to 1,000; 1 by default.
    pub leaf: usize,
    /// Share of the decisions that a split chooses among, above 0, up to 1; 0.8 by default.
    pub share: f64,
    /// Trials that the model is made of, the best and the latest, 10 to 100,000; 1,000 by default.
    pub memory: usize,
}

impl Default for ForestConfig {
    fn default() -> Self {
        Self {
            initial: 8,
            trees: 30,
            leaf: 1,
            share: 0.8,
            memory: 1000,
        }
    }
}

/// Proposes what a random forest expects the largest improvement of.
///
/// It can tell what several choices do together, where [`bayes`](super::bayes) knows only how many
/// differ. Proposals whose outcomes have not come, and those that failed, count as tried and as just
/// as good as expected. Nothing is proposed twice until all was.
#[derive(Clone, Debug)]
pub struct ForestSearch {
    config: ForestConfig,
    schema: Schema,
    history: History,
}

nasfw_sdk::register!(controller, ForestSearch, plugin: "builtin", name: "forest",
    about: "a random forest over choices, where they work together");

impl ControllerFromConfig for ForestSearch {
    type Config = ForestConfig;

    fn from_config(config: ForestConfig, schema: &Schema, _: &mut Rng) -> Result<Self> {
        let ranges = [
            ("initial", config.initial, 1..=10_000),
            ("trees", config.trees, 2..=1_000),
            ("leaf", config.leaf, 1..=1_000),
            ("memory", config.memory, 10..=100_000),
        ];
        for (key, value, range) in ranges {
            if !range.contains(&value) {
                let expected = format!("{} to {}", range.start(), range.end());
                return Err(Error::invalid(format!("controller.{key}"), value, expected));
            }
        }
        if !(config.share > 0.0 && config.share <= 1.0) {
            let expected = "above 0, up to 1";
            return Err(Error::invalid("controller.share", config.share, expected));
        }
        Ok(Self {
            config,
            schema: schema.clone(),
            history: History::default(),
        })
    }
}

impl ForestSearch {
    /// A forest on all that was told, and again with what is open as that expects it.
    fn model(&self, rng: &mut Rng) -> (Forest, Stand) {
        let width = self.schema.len();
        let rewards: Vec<f64> = self.history.told().iter().map(|(_, r)| *r).collect();
        let scale = Scale::of(&rewards);
        let chosen = Scale::telling(&rewards, self.config.memory);
        let rows = chosen.iter().map(|&at| &*self.history.told()[at].0);
        let mut points = Points::collect(width, rows);
        let mut y: Vec<f64> = chosen
            .iter()
            .map(|&at| scale.standardise(rewards[at]))
            .collect();
        let growth = Growth {
            trees: self.config.trees,
            leaf: self.config.leaf,
            share: self.config.share,
        };
        let first = Forest::new(growth, &points, &y, rng);
        let means = |points: &Points| -> Vec<f64> {
            first
                .predict(points)
                .iter()
                .map(|belief| belief.mean)
                .collect()
        };
        let all = self.history.told().iter().map(|(choices, _)| &**choices);
        let stand = Stand::of(&self.history, &means(&Points::collect(width, all)));
        let open = self.history.open();
        let open = &open[open.len().saturating_sub(OPEN)..];
        if open.is_empty() {
            return (first, stand);
        }
        y.extend(means(&Points::collect(
            width,
            open.iter().map(|choices| &**choices),
        )));
        for choices in open {
            points.push(choices);
        }
        (Forest::new(growth, &points, &y, rng), stand)
    }
}

impl Controller for ForestSearch {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
        let choices = if self.history.len() < self.config.initial || self.history.told().is_empty()
        {
            self.history.spread(&self.schema, rng)?
        } else {
            let (forest, stand) = self.model(rng);
            let most = |points: &Points| {
                let worth = forest.predict(points).into_iter();
                let worth = worth.map(|belief| expected_improvement(belief, stand.best));
                worth
                    .enumerate()
                    .reduce(|most, next| if next.1 > most.1 { next } else { most })
            };
            guided::choose(&self.schema, &self.history, &stand, most, rng)?
        };
        Ok(self.history.propose(choices))
    }

    fn observe(&mut self, outcome: &Outcome, _: &mut Rng) -> Result<()> {
        self.history.observe(&self.schema, outcome);
        Ok(())
    }

    fn save(&self) -> Result<State> {
        self.history.save(NAME, &self.schema, &())
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let (history, ()) = History::load(NAME, &self.schema, state)?;
        self.history = history;
        Ok(())
    }
}
