//! Draws at random, mostly near the best so far.

use nasfw_sdk::controller::State;
use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Controller, Error, Outcome, Proposal, Result, Rng, Schema};
use rand::RngExt;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NearBestConfig {}

pub(crate) struct NearBest {
    schema: Schema,
    /// Drawn once: the option that it begins with.
    first: f64,
    best: Option<(Vec<usize>, f64)>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    schema: Schema,
    first: f64,
    best: Option<(Vec<usize>, f64)>,
}

nasfw_sdk::register!(controller, NearBest, plugin: "tiny", name: "near-best",
    about: "random, mostly near the best so far");

impl ControllerFromConfig for NearBest {
    type Config = NearBestConfig;

    fn from_config(_: NearBestConfig, schema: &Schema, rng: &mut Rng) -> Result<Self> {
        Ok(Self {
            schema: schema.clone(),
            first: rng.random(),
            best: None,
        })
    }
}

impl Controller for NearBest {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Proposal {
        let mut values: Vec<usize> = Vec::new();
        let mut log_prob = 0.0;
        while values.len() < self.schema.len() {
            let probabilities = self.probabilities(&values);
            let mut left: f64 = rng.random();
            // The last option that is possible, should rounding leave something.
            let mut option = probabilities.iter().rposition(|&p| p > 0.0).unwrap_or(0);
            for (at, p) in probabilities.iter().enumerate() {
                if left < *p {
                    option = at;
                    break;
                }
                left -= p;
            }
            log_prob += probabilities[option].ln();
            values.push(option);
        }
        match self.schema.choices(values) {
            Ok(choices) => Proposal { choices, log_prob },
            Err(e) => unreachable!("only allowed options are possible: {e}"),
        }
    }

    fn observe(&mut self, outcome: &Outcome, _: &mut Rng) {
        if let Outcome::Scored { proposal, reward } = outcome
            && self.best.as_ref().is_none_or(|(_, best)| reward > best)
        {
            self.best = Some((proposal.choices.to_vec(), *reward));
        }
    }

    fn probabilities(&self, prefix: &[usize]) -> Vec<f64> {
        let allowed = self.schema.allowed(prefix);
        let preferred = match &self.best {
            Some((best, _)) => best[prefix.len()],
            None => (self.first * allowed.len() as f64) as usize,
        };
        let weight = |at: usize| match (allowed[at], at == preferred) {
            (false, _) => 0.0,
            (true, true) => 2.0,
            (true, false) => 1.0,
        };
        let sum: f64 = (0..allowed.len()).map(weight).sum();
        (0..allowed.len()).map(|at| weight(at) / sum).collect()
    }

    fn save(&self) -> State {
        let saved = Saved {
            schema: self.schema.clone(),
            first: self.first,
            best: self.best.clone(),
        };
        State(serde_json::to_vec(&saved).unwrap_or_default())
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let fail = |message: String| Error::State {
            item: "controller near-best".into(),
            message,
        };
        let saved: Saved = serde_json::from_slice(&state.0).map_err(|e| fail(e.to_string()))?;
        if saved.schema != self.schema {
            return Err(fail("was saved for another search space".into()));
        }
        (self.first, self.best) = (saved.first, saved.best);
        Ok(())
    }
}
