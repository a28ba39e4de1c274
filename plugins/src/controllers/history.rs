//! What a controller without a policy remembers: what it proposed, and what came of it.

use std::collections::BTreeSet;

use nasfw_sdk::{Choices, Error, Outcome, Proposal, Result, Rng, Schema, State};
use serde::{Serialize, de::DeserializeOwned};

use super::{categorical, feedback, saved, walk};

/// Random draws before the space is searched for one that is new.
const TRIES: usize = 100;

/// Proposals and rewards, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// Architectures with their rewards.
    told: Vec<(Choices, f64)>,
    /// Proposals without a reward, those that failed among them: a failure is no score, so to a
    /// model it is an outcome that never came.
    open: Vec<Choices>,
    /// All of both.
    seen: BTreeSet<Vec<usize>>,
}

impl History {
    /// Architectures with their rewards, in the order in which they were told.
    pub(super) fn told(&self) -> &[(Choices, f64)] {
        &self.told
    }

    /// Architectures that were proposed and have no reward, in the order of the proposals.
    pub(super) fn open(&self) -> &[Choices] {
        &self.open
    }

    /// Tells whether an architecture was proposed, or its reward told.
    pub(super) fn has(&self, choices: &[usize]) -> bool {
        self.seen.contains(choices)
    }

    /// The number of different architectures.
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// Notes a proposal, and makes it one.
    pub(super) fn propose(&mut self, choices: Choices) -> Proposal {
        self.seen.insert(choices.to_vec());
        self.open.push(choices.clone());
        Proposal::new(choices)
    }

    /// Notes an outcome, and tells whether it was a reward.
    pub(super) fn observe(&mut self, schema: &Schema, outcome: &Outcome) -> bool {
        let Some((proposal, reward)) = feedback::lesson(schema, outcome) else {
            return false;
        };
        if let Some(at) = self.open.iter().position(|open| *open == proposal.choices) {
            self.open.remove(at);
        }
        self.seen.insert(proposal.choices.to_vec());
        self.told.push((proposal.choices.clone(), reward));
        true
    }

    /// An architecture that was not proposed, at random; any once all were.
    pub(super) fn unseen(&self, schema: &Schema, rng: &mut Rng) -> Result<Choices> {
        // Random draws find one quickly unless nearly all are seen.
        for _ in 0..TRIES {
            let drawn = walk::random(schema, rng);
            if !self.has(&drawn) {
                return schema.choices(drawn);
            }
        }
        match walk::first(schema, rng, |choices| !self.has(choices)) {
            Some(found) => schema.choices(found),
            None => schema.choices(walk::random(schema, rng)),
        }
    }

    /// An architecture that was not proposed, of the options that proposals had least often: so few
    /// architectures show each option about as often as any other (a Latin design, drawn step by step).
    pub(super) fn spread(&self, schema: &Schema, rng: &mut Rng) -> Result<Choices> {
        let arities = schema.arities();
        let mut counts: Vec<Vec<usize>> = arities.iter().map(|&arity| vec![0; arity]).collect();
        for choices in &self.seen {
            for (counts, &option) in counts.iter_mut().zip(choices) {
                counts[option] += 1;
            }
        }
        for _ in 0..TRIES {
            let mut values: Vec<usize> = Vec::with_capacity(schema.len());
            for counts in &counts {
                let allowed = schema.allowed(&values);
                let open = || (0..allowed.len()).filter(|&o| allowed[o]);
                let least = open().map(|o| counts[o]).min().unwrap_or(0);
                let rare: Vec<bool> = (0..allowed.len())
                    .map(|o| allowed[o] && counts[o] == least)
                    .collect();
                values.push(categorical::draw(&categorical::uniform(&rare), rng));
            }
            if !self.has(&values) {
                return schema.choices(values);
            }
        }
        self.unseen(schema, rng)
    }

    /// Saves it with `rest`, for the controller called `name`.
    pub(super) fn save(&self, name: &str, schema: &Schema, rest: &impl Serialize) -> Result<State> {
        let told: Vec<(&[usize], f64)> = self.told.iter().map(|(c, r)| (&**c, *r)).collect();
        let open: Vec<&[usize]> = self.open.iter().map(|choices| &**choices).collect();
        saved::write(name, schema, &(told, open, rest), &[])
    }

    /// What [`save`](Self::save) saved.
    pub(super) fn load<T: DeserializeOwned>(
        name: &str,
        schema: &Schema,
        state: &State,
    ) -> Result<(Self, T)> {
        type Parts<T> = (Vec<(Vec<usize>, f64)>, Vec<Vec<usize>>, T);
        let ((told, open, rest), _): (Parts<T>, _) = saved::read(name, schema, state)?;
        let damaged = |e: Error| saved::damaged(name, &e.to_string());
        let mut history = Self::default();
        for (values, reward) in told {
            history.seen.insert(values.clone());
            let choices = schema.choices(values).map_err(damaged)?;
            history.told.push((choices, reward));
        }
        for values in open {
            history.propose(schema.choices(values).map_err(damaged)?);
        }
        Ok((history, rest))
    }
}
