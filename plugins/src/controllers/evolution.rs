//! Regularised evolution (Real, Aggarwal, Huang & Le 2019, algorithm 1).

use std::collections::VecDeque;

use nasfw_sdk::State;
use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Choices, Controller, Error, Outcome, Proposal, Result, Rng, Schema};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::{categorical, feedback, saved};

const NAME: &str = "evolution";
const SIZE_LIMIT: usize = 100_000;

/// Settings of [`Evolution`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvolutionConfig {
    /// Architectures alive at a time, 1 to 100,000; 50 by default.
    pub population: usize,
    /// Draws (with replacement) in a tournament, whose best becomes the parent, 1 to 100,000; 10 by
    /// default.
    pub sample: usize,
}

impl Default for EvolutionConfig {
    fn default() -> Self {
        Self {
            population: 50,
            sample: 10,
        }
    }
}

/// Mutates one decision of the best of a random sample; the oldest dies, however good it was.
///
/// Until the population is full, proposals are uniform. Then a parent wins a tournament (of equals
/// the younger), one of its decisions that has another allowed option takes one of those at random,
/// and a later choice that the change forbids is drawn anew. Failed trials do not enter the population.
#[derive(Clone, Debug)]
pub struct Evolution {
    config: EvolutionConfig,
    schema: Schema,
    /// Oldest first.
    population: VecDeque<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    choices: Choices,
    reward: f64,
}

nasfw_sdk::register!(controller, Evolution, plugin: "builtin", name: "evolution",
    about: "regularised evolution: mutate the best of a sample, the oldest dies");

impl ControllerFromConfig for Evolution {
    type Config = EvolutionConfig;

    fn from_config(config: EvolutionConfig, schema: &Schema, _: &mut Rng) -> Result<Self> {
        let sizes = [("population", config.population), ("sample", config.sample)];
        for (key, size) in sizes {
            if !(1..=SIZE_LIMIT).contains(&size) {
                let expected = format!("1 to {SIZE_LIMIT}");
                return Err(Error::invalid(format!("controller.{key}"), size, expected));
            }
        }
        Ok(Self {
            config,
            schema: schema.clone(),
            population: VecDeque::new(),
        })
    }
}

impl Evolution {
    /// Whether proposals are mutations already.
    fn is_full(&self) -> bool {
        self.population.len() >= self.config.population
    }

    /// The population from worst to best; of equals the younger is better.
    fn ranked(&self) -> Vec<&Member> {
        let mut ranked: Vec<&Member> = self.population.iter().collect();
        // Stable, so that age keeps the order of equals.
        ranked.sort_by(|a, b| a.reward.total_cmp(&b.reward));
        ranked
    }

    /// The decisions of `parent` that have another allowed option.
    fn mutable(&self, parent: &[usize]) -> Vec<usize> {
        let open = |at: &usize| {
            self.schema
                .allowed(&parent[..*at])
                .iter()
                .filter(|&&a| a)
                .count()
                > 1
        };
        (0..parent.len()).filter(open).collect()
    }

    /// The distribution of decision `prefix.len()` in a child of `parent` that follows `prefix`,
    /// when decision `mutated` was picked for mutation (`None`: nothing can be mutated).
    fn child(&self, parent: &[usize], mutated: Option<usize>, prefix: &[usize]) -> Vec<f64> {
        let at = prefix.len();
        let mut allowed = self.schema.allowed(prefix);
        if mutated == Some(at) {
            allowed[parent[at]] = false;
        } else if allowed[parent[at]] {
            allowed.fill(false);
            allowed[parent[at]] = true;
        }
        categorical::uniform(&allowed)
    }

    /// Adds to `mix` how much a child of `parent` weighs each option after `prefix`: summed over
    /// the mutated decision, the probability that the child begins with `prefix` and goes on so.
    fn mix_children(&self, parent: &[usize], weight: f64, prefix: &[usize], mix: &mut [f64]) {
        let at = prefix.len();
        let mutable = self.mutable(parent);
        let share = weight / mutable.len().max(1) as f64;
        let mut add = |weight: f64, mutated: Option<usize>| {
            if weight > 0.0 {
                let next = self.child(parent, mutated, prefix);
                mix.iter_mut().zip(next).for_each(|(m, p)| *m += weight * p);
            }
        };
        match (0..at).find(|&i| prefix[i] != parent[i]) {
            // A child first differs from its parent where it was mutated: one way is left.
            Some(differs) if mutable.contains(&differs) => {
                let likelihood = (differs..at)
                    .map(|i| self.child(parent, Some(differs), &prefix[..i])[prefix[i]]);
                add(share * likelihood.product::<f64>(), Some(differs));
            }
            Some(_) => {}
            None if mutable.is_empty() => add(weight, None),
            // Nothing differs yet, so the mutation is still to come: here, or later.
            None => {
                let here = mutable.iter().filter(|&&m| m == at).count();
                let later = mutable.iter().filter(|&&m| m > at).count();
                add(share * here as f64, Some(at));
                add(share * later as f64, Some(parent.len()));
            }
        }
    }
}

impl Controller for Evolution {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Proposal {
        if !self.is_full() {
            return Proposal::sample(&self.schema, rng, |prefix| self.probabilities(prefix));
        }
        let ranked = self.ranked();
        let best = (0..self.config.sample)
            .map(|_| rng.random_range(0..ranked.len()))
            .max();
        let parent = &ranked[best.unwrap_or(0)].choices;
        let mutable = self.mutable(parent);
        let mutated = (!mutable.is_empty()).then(|| mutable[rng.random_range(0..mutable.len())]);
        let mut child = Vec::with_capacity(parent.len());
        while child.len() < parent.len() {
            child.push(categorical::draw(&self.child(parent, mutated, &child), rng));
        }
        // Other parents lead to the same child, so its probability is that of the whole mixture.
        let mut proposal = categorical::proposal(&self.schema, child, 0.0);
        proposal.log_prob = self.log_prob(&proposal.choices);
        proposal
    }

    fn observe(&mut self, outcome: &Outcome, _: &mut Rng) {
        if let Some((proposal, reward)) = feedback::lesson(&self.schema, outcome) {
            self.population.push_back(Member {
                choices: proposal.choices.clone(),
                reward,
            });
            if self.population.len() > self.config.population {
                self.population.pop_front();
            }
        }
    }

    /// Exact: the mixture over all parents and mutated decisions. A prefix that no child of the
    /// present population can have is given uniform probabilities.
    fn probabilities(&self, prefix: &[usize]) -> Vec<f64> {
        let allowed = categorical::allowed(&self.schema, prefix);
        if allowed.is_empty() || !self.is_full() {
            return categorical::uniform(&allowed);
        }
        let mut mix = vec![0.0; allowed.len()];
        let size = self.population.len() as f64;
        // The best of s draws with replacement is among the k worst of n with probability (k/n)^s.
        let among = |k: usize| (k as f64 / size).powf(self.config.sample as f64);
        for (rank, member) in self.ranked().into_iter().enumerate() {
            let wins = among(rank + 1) - among(rank);
            self.mix_children(&member.choices, wins, prefix, &mut mix);
        }
        let sum: f64 = mix.iter().sum();
        if sum > 0.0 {
            mix.iter_mut().for_each(|p| *p /= sum);
            mix
        } else {
            categorical::uniform(&allowed)
        }
    }

    fn save(&self) -> State {
        let members: Vec<(&[usize], f64)> = self
            .population
            .iter()
            .map(|m| (&*m.choices, m.reward))
            .collect();
        saved::write(NAME, &self.schema, &members, &[])
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let (members, _): (Vec<(Vec<usize>, f64)>, _) = saved::read(NAME, &self.schema, state)?;
        if members.len() > self.config.population {
            return Err(saved::damaged(
                NAME,
                "has a larger population than the settings allow",
            ));
        }
        let read = |(values, reward)| {
            let choices = self.schema.choices(values)?;
            Ok(Member { choices, reward })
        };
        let population: Result<_> = members.into_iter().map(read).collect();
        self.population = population.map_err(|e| saved::damaged(NAME, &e.to_string()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
