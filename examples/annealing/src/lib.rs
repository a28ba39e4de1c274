//! A controller: simulated annealing (Kirkpatrick, Gelatt & Vecchi 1983).
//!
//! It keeps a current architecture, proposes neighbours, which differ from it in one decision, and
//! moves to a neighbour that is better, or worse by Δ with probability exp(−Δ / temperature). The
//! temperature falls with every outcome.

mod neighbour;

use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Controller, Error, Outcome, Policy, Proposal, Result, Rng, Schema, State};
use rand::RngExt;
use serde::{Deserialize, Serialize};

nasfw_abi::export_plugin!();
nasfw_sdk::register!(controller, Annealing, plugin: "annealing", name: "annealing",
    about: "simulated annealing: one decision changed at a time");

/// The owner of saved states.
const OWNER: &str = "controller annealing";

nasfw_sdk::settings! {
    /// The settings: `--set controller.temperature=0.1`.
    pub struct AnnealingConfig {
        /// The drop in reward that is accepted with probability 1/e at the start.
        pub temperature: f64 = 0.05,
        /// The factor that the temperature is multiplied by after every outcome.
        pub cooling: f64 = 0.97,
    }
}

/// A walk from architecture to architecture.
pub struct Annealing {
    schema: Schema,
    cooling: f64,
    at: Standing,
}

/// The state that changes during a search.
#[derive(Serialize, Deserialize)]
struct Standing {
    temperature: f64,
    /// The current architecture and its reward; none before the first outcome.
    place: Option<(Vec<usize>, f64)>,
}

impl ControllerFromConfig for Annealing {
    type Config = AnnealingConfig;

    fn from_config(config: AnnealingConfig, schema: &Schema, _: &mut Rng) -> Result<Self> {
        let AnnealingConfig {
            temperature,
            cooling,
        } = config;
        if !(temperature > 0.0 && temperature.is_finite()) {
            return Err(Error::invalid(
                "temperature",
                temperature,
                "a number above 0 is right",
            ));
        }
        if !(cooling > 0.0 && cooling <= 1.0) {
            return Err(Error::invalid(
                "cooling",
                cooling,
                "above 0, at most 1 is right",
            ));
        }
        let at = Standing {
            temperature,
            place: None,
        };
        Ok(Self {
            schema: schema.clone(),
            cooling,
            at,
        })
    }
}

impl Controller for Annealing {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
        Proposal::sample(&self.schema, rng, |prefix| self.probabilities(prefix))
    }

    fn observe(&mut self, outcome: &Outcome, rng: &mut Rng) -> Result<()> {
        // A failure is not a score: it changes neither the architecture nor the temperature.
        let Outcome::Scored { proposal, reward } = outcome else {
            return Ok(());
        };
        let gain = match &self.at.place {
            Some((_, here)) => reward - here,
            None => 0.0,
        };
        // Always drawn, so that the stream does not depend on the reward.
        let luck: f64 = rng.random();
        if luck < (gain / self.at.temperature).exp() {
            self.at.place = Some((proposal.choices.to_vec(), *reward));
        }
        // Never 0, because the next gain is divided by it.
        self.at.temperature = (self.at.temperature * self.cooling).max(1e-12);
        Ok(())
    }

    fn save(&self) -> Result<State> {
        State::write_for(OWNER, &self.schema, &self.at)
    }

    fn load(&mut self, state: &State) -> Result<()> {
        self.at = state.read_for(OWNER, &self.schema)?;
        Ok(())
    }

    fn policy(&self) -> Option<&dyn Policy> {
        Some(self)
    }
}

impl Policy for Annealing {
    /// Uniform before the first outcome, then that of a random neighbour.
    fn probabilities(&self, prefix: &[usize]) -> Result<Vec<f64>> {
        Ok(match &self.at.place {
            None => neighbour::uniform(&self.schema.allowed(prefix)),
            Some((place, _)) => neighbour::probabilities(&self.schema, place, prefix),
        })
    }
}
