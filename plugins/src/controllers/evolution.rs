//! Regularised evolution (Real, Aggarwal, Huang & Le 2019, algorithm 1).

use std::collections::{BTreeSet, VecDeque};

use nasfw_sdk::State;
use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Choices, Controller, Error, Outcome, Proposal, Result, Rng, Schema};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::{categorical, feedback, saved, walk};

const NAME: &str = "evolution";
const SIZE_LIMIT: usize = 100_000;
/// Children before any architecture that is new will do.
const TRIES: usize = 100;

/// Settings of [`Evolution`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvolutionConfig {
    /// Architectures alive at a time, 1 to 100,000; 20 by default.
    pub population: usize,
    /// Draws (with replacement) in a tournament, whose best becomes the parent, 1 to 100,000; 5 by
    /// default.
    pub sample: usize,
    /// Whether a child may be an architecture that was proposed before; false by default. With
    /// `population` 50 and `sample` 10 it is the published algorithm.
    pub repeats: bool,
}

impl Default for EvolutionConfig {
    fn default() -> Self {
        Self {
            population: 20,
            sample: 5,
            repeats: false,
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
    /// What was proposed, in order; nothing with repeats.
    proposed: BTreeSet<Vec<usize>>,
}

/// A saved state.
#[derive(Deserialize)]
#[serde(untagged)]
enum Saved {
    WithProposals(Vec<(Vec<usize>, f64)>, BTreeSet<Vec<usize>>),
    /// With repeats; also written by programs that always repeated.
    Members(Vec<(Vec<usize>, f64)>),
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
            proposed: BTreeSet::new(),
        })
    }
}

impl Evolution {
    /// True once proposals are mutations.
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

    /// An architecture at random, or the child of a tournament's winner.
    fn draw(&self, rng: &mut Rng) -> Vec<usize> {
        if !self.is_full() {
            return walk::random(&self.schema, rng);
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
        child
    }

    /// The same until it was not proposed before. Children are mutated again where they are known,
    /// so that even a population without a new neighbour gets further; any where all are known.
    fn draw_new(&self, rng: &mut Rng) -> Vec<usize> {
        let is_new = |values: &[usize]| !self.proposed.contains(values);
        for _ in 0..TRIES {
            let mut values = self.draw(rng);
            if !is_new(&values) && self.is_full() {
                values = walk::step(&self.schema, &values, rng);
            }
            if is_new(&values) {
                return values;
            }
        }
        walk::first(&self.schema, rng, is_new).unwrap_or_else(|| self.draw(rng))
    }

    /// The distribution of decision `prefix.len()` in a child of `parent` that begins with `prefix`,
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
}

impl Controller for Evolution {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
        let values = if self.config.repeats {
            self.draw(rng)
        } else {
            self.draw_new(rng)
        };
        let choices = self.schema.choices(values)?;
        if !self.config.repeats {
            self.proposed.insert(choices.to_vec());
        }
        Ok(Proposal::new(choices))
    }

    fn observe(&mut self, outcome: &Outcome, _: &mut Rng) -> Result<()> {
        if let Some((proposal, reward)) = feedback::lesson(&self.schema, outcome) {
            if !self.config.repeats {
                // The search may have chosen it.
                self.proposed.insert(proposal.choices.to_vec());
            }
            self.population.push_back(Member {
                choices: proposal.choices.clone(),
                reward,
            });
            if self.population.len() > self.config.population {
                self.population.pop_front();
            }
        }
        Ok(())
    }

    fn save(&self) -> Result<State> {
        let members: Vec<(&[usize], f64)> = self
            .population
            .iter()
            .map(|m| (&*m.choices, m.reward))
            .collect();
        if self.config.repeats {
            saved::write(NAME, &self.schema, &members, &[])
        } else {
            saved::write(NAME, &self.schema, &(members, &self.proposed), &[])
        }
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let (saved, _): (Saved, _) = saved::read(NAME, &self.schema, state)?;
        let (members, proposed) = match saved {
            Saved::Members(members) => {
                let proposed = members.iter().map(|(choices, _)| choices.clone());
                let proposed = proposed.collect();
                (members, proposed)
            }
            Saved::WithProposals(members, proposed) => (members, proposed),
        };
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
        self.proposed = if self.config.repeats {
            BTreeSet::new()
        } else {
            proposed
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests;
