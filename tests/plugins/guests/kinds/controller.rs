//! A controller that draws at random, mostly near the best so far.

use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Controller, NoSettings, Outcome, Policy, Proposal, Result, Rng, Schema, State};
use rand::RngExt;

const OWNER: &str = "controller near-best";

pub(crate) struct NearBest {
    schema: Schema,
    /// The option that it begins with, drawn once.
    first: f64,
    best: Option<(Vec<usize>, f64)>,
}

nasfw_sdk::register!(controller, NearBest, plugin: "tiny", name: "near-best",
    about: "random, mostly near the best so far");

impl ControllerFromConfig for NearBest {
    type Config = NoSettings;

    fn from_config(_: NoSettings, schema: &Schema, rng: &mut Rng) -> Result<Self> {
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

    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
        Proposal::sample(&self.schema, rng, |prefix| self.probabilities(prefix))
    }

    fn observe(&mut self, outcome: &Outcome, _: &mut Rng) -> Result<()> {
        if let Outcome::Scored { proposal, reward } = outcome
            && self.best.as_ref().is_none_or(|(_, best)| reward > best)
        {
            self.best = Some((proposal.choices.to_vec(), *reward));
        }
        Ok(())
    }

    fn save(&self) -> Result<State> {
        State::write_for(OWNER, &self.schema, &(self.first, &self.best))
    }

    fn load(&mut self, state: &State) -> Result<()> {
        (self.first, self.best) = state.read_for(OWNER, &self.schema)?;
        Ok(())
    }

    fn policy(&self) -> Option<&dyn Policy> {
        Some(self)
    }
}

impl Policy for NearBest {
    fn probabilities(&self, prefix: &[usize]) -> Result<Vec<f64>> {
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
        Ok((0..allowed.len()).map(|at| weight(at) / sum).collect())
    }
}
