//! Local search: one step from the best.

use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Choices, Controller, NoSettings, Outcome, Proposal, Result, Rng, Schema, State};
use rand::RngExt;

use super::history::History;
use super::{saved, walk};

const NAME: &str = "local";

/// Proposes a neighbour of the best architecture since the last start that has one left; a new one at
/// random where the best has none left (White, Nolen & Savani 2021, with the first improvement taken).
///
/// Nothing is proposed twice until all was.
#[derive(Clone, Debug)]
pub struct Local {
    schema: Schema,
    history: History,
    /// Rewards that had been told at the last start.
    since: usize,
}

nasfw_sdk::register!(controller, Local, plugin: "builtin", name: "local",
    about: "local search: a step from the best, a new start when none is left");

impl ControllerFromConfig for Local {
    type Config = NoSettings;

    fn from_config(_: NoSettings, schema: &Schema, _: &mut Rng) -> Result<Self> {
        Ok(Self {
            schema: schema.clone(),
            history: History::default(),
            since: 0,
        })
    }
}

impl Local {
    /// The best since the last start; of equals the first.
    fn best(&self) -> Option<&Choices> {
        let here = &self.history.told()[self.since..];
        let best = here
            .iter()
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map(|(choices, _)| choices)
    }

    fn next(&mut self, rng: &mut Rng) -> Result<Choices> {
        if let Some(best) = self.best() {
            let mut around = walk::neighbours(&self.schema, best);
            around.retain(|choices| !self.history.has(choices));
            if !around.is_empty() {
                let at = rng.random_range(0..around.len());
                return self.schema.choices(around.swap_remove(at));
            }
            self.since = self.history.told().len();
        }
        self.history.unseen(&self.schema, rng)
    }
}

impl Controller for Local {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
        let choices = self.next(rng)?;
        Ok(self.history.propose(choices))
    }

    fn observe(&mut self, outcome: &Outcome, _: &mut Rng) -> Result<()> {
        self.history.observe(&self.schema, outcome);
        Ok(())
    }

    fn save(&self) -> Result<State> {
        self.history.save(NAME, &self.schema, &self.since)
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let (history, since): (History, usize) = History::load(NAME, &self.schema, state)?;
        if since > history.told().len() {
            return Err(saved::damaged(NAME, "starts after its last trial"));
        }
        self.history = history;
        self.since = since;
        Ok(())
    }
}
