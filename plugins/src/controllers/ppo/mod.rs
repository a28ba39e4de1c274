//! The method's controller: an LSTM policy that learns by proximal policy optimisation.
//!
//! `layout` says which weights there are, `network` is the LSTM and what it says of one decision
//! after another, `objective` the clipped loss and its gradient, `config` the settings; this file
//! ties them to the [`Controller`] contract.

mod config;
mod layout;
mod network;
mod objective;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use nasfw_sdk::State;
use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Choices, Controller, Outcome, Policy, Proposal, Result, Rng, Schema};
use rand::RngExt;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::adam::Adam;
use super::baseline::Baseline;
use super::{categorical, feedback, saved};
pub use config::{PolicyKind, PpoConfig};
use layout::Layout;
use network::{Net, Walk};

const NAME: &str = "ppo";
/// Initial weights are uniform between −this and this.
const INITIAL_RANGE: f32 = 0.1;

/// A two-layer LSTM over the decisions, moved by PPO (Schulman et al. 2017) on a ring of the last
/// rewards.
///
/// An advantage is a stored reward minus a moving average of rewards; there is no value network.
/// Only what was really proposed and scored is ever in the ring: it starts empty.
#[derive(Clone, Debug)]
pub struct Ppo {
    config: PpoConfig,
    schema: Schema,
    layout: Layout,
    weights: Vec<f32>,
    /// The network that holds `weights`, built once per change of them.
    net: Net,
    adam: Adam,
    memory: Memory,
}

/// The memory of rewards.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    baseline: Baseline,
    /// The last scored proposals, oldest first.
    ring: VecDeque<Record>,
    /// Scored proposals since the last update.
    fresh: usize,
}

/// One scored proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    choices: Vec<usize>,
    /// Under the policy it was sampled from.
    log_prob: f64,
    reward: f64,
}

nasfw_sdk::register!(controller, Ppo, plugin: "builtin", name: "ppo",
    about: "LSTM policy with proximal policy optimisation: the method's controller");

impl ControllerFromConfig for Ppo {
    type Config = PpoConfig;

    fn from_config(config: PpoConfig, schema: &Schema, rng: &mut Rng) -> Result<Self> {
        config.check()?;
        let layout = Layout::new(&config, schema)?;
        let weights: Vec<f32> = (0..layout.weights())
            .map(|_| rng.random_range(-INITIAL_RANGE..=INITIAL_RANGE))
            .collect();
        Ok(Self {
            config,
            schema: schema.clone(),
            net: Net::new(&layout, &weights),
            adam: Adam::new(weights.len()),
            layout,
            weights,
            memory: Memory::default(),
        })
    }
}

impl Ppo {
    /// Follows `prefix` and returns the probabilities of every decision up to the one after it.
    fn follow(&self, prefix: &[usize]) -> Vec<Vec<f64>> {
        let mut walk = Walk::new(&self.net);
        let mut all = Vec::with_capacity(prefix.len() + 1);
        for at in 0..self.schema.len().min(prefix.len() + 1) {
            let allowed = self.schema.allowed(&prefix[..at]);
            all.push(categorical::softmax(&walk.logits(), &allowed));
            if let Some(&choice) = prefix.get(at) {
                walk.choose(choice);
            }
        }
        all
    }

    /// Goes over the ring as often as the settings say, each time in another order.
    fn update(&mut self, rng: &mut Rng) {
        let mut order: Vec<usize> = (0..self.memory.ring.len()).collect();
        let baseline = self.memory.baseline.value();
        for _ in 0..self.config.epochs {
            order.shuffle(rng);
            for part in order.chunks(self.config.minibatch) {
                let batch: Vec<&Record> = part.iter().map(|&i| &self.memory.ring[i]).collect();
                let mut gradient =
                    objective::gradient(&self.net, &self.schema, &batch, baseline, &self.config);
                clip_norm(&mut gradient, self.config.clip_norm);
                self.adam
                    .descend(self.config.lr, &mut self.weights, &gradient);
                self.net = Net::new(&self.layout, &self.weights);
            }
        }
    }
}

impl Controller for Ppo {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
        let mut walk = Walk::new(&self.net);
        Proposal::sample(&self.schema, rng, |prefix| {
            if let Some(&choice) = prefix.last() {
                walk.choose(choice);
            }
            let allowed = self.schema.allowed(prefix);
            Ok(categorical::softmax(&walk.logits(), &allowed))
        })
    }

    fn observe(&mut self, outcome: &Outcome, rng: &mut Rng) -> Result<()> {
        let Some((proposal, reward)) = feedback::lesson(&self.schema, outcome) else {
            return Ok(());
        };
        // Without it there is no ratio to learn from.
        let Some(log_prob) = proposal.log_prob.filter(|p| p.is_finite()) else {
            return Ok(());
        };
        self.memory
            .baseline
            .update(self.config.baseline_decay, reward);
        self.memory.ring.push_back(Record {
            choices: proposal.choices.to_vec(),
            log_prob,
            reward,
        });
        if self.memory.ring.len() > self.config.ring {
            self.memory.ring.pop_front();
        }
        self.memory.fresh += 1;
        if self.memory.fresh >= self.config.update_every {
            self.memory.fresh = 0;
            self.update(rng);
        }
        Ok(())
    }

    fn save(&self) -> Result<State> {
        let weights = [&self.weights[..], &self.adam.first, &self.adam.second].concat();
        let rest = (self.config.network(), self.adam.steps, &self.memory);
        saved::write(NAME, &self.schema, &rest, &weights)
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let damaged = |message: &str| saved::damaged(NAME, message);
        type Rest = ((PolicyKind, usize, usize), u64, Memory);
        let ((network, steps, memory), weights) = saved::read::<Rest>(NAME, &self.schema, state)?;
        let n = self.weights.len();
        if network != self.config.network() || weights.len() != 3 * n {
            return Err(damaged("was saved with another network"));
        }
        if memory.ring.len() > self.config.ring {
            return Err(damaged("remembers more than the settings allow"));
        }
        for record in &memory.ring {
            self.schema
                .choices(&record.choices[..])
                .map_err(|e| damaged(&e.to_string()))?;
        }
        let part = |at: usize| weights[at * n..(at + 1) * n].to_vec();
        self.weights = part(0);
        self.net = Net::new(&self.layout, &self.weights);
        self.adam = Adam {
            steps,
            first: part(1),
            second: part(2),
        };
        self.memory = memory;
        Ok(())
    }

    fn policy(&self) -> Option<&dyn Policy> {
        Some(self)
    }
}

impl Policy for Ppo {
    fn probabilities(&self, prefix: &[usize]) -> Result<Vec<f64>> {
        categorical::allowed(&self.schema, prefix)?;
        Ok(self.follow(prefix).pop().unwrap_or_default())
    }

    fn log_prob(&self, choices: &Choices) -> Result<f64> {
        let all = self.follow(choices);
        Ok(choices
            .iter()
            .zip(all)
            .map(|(&choice, p)| p.get(choice).copied().unwrap_or(0.0).ln())
            .sum())
    }
}

/// Scales a gradient down to the length `limit` if it is longer; 0 is no limit.
fn clip_norm(gradient: &mut [f32], limit: f64) {
    let norm = gradient
        .iter()
        .map(|&g| f64::from(g) * f64::from(g))
        .sum::<f64>()
        .sqrt();
    if limit > 0.0 && norm > limit {
        let scale = (limit / norm) as f32;
        gradient.iter_mut().for_each(|g| *g *= scale);
    }
}
