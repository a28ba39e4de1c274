//! TODO: what to try next?

use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Controller, NoSettings, Outcome, Proposal, Result, Rng, Schema, State};

nasfw_abi::export_plugin!();
nasfw_sdk::register!(controller, {{Type}}, plugin: "{{name}}", name: "{{name}}",
    about: "at random, mostly near the best so far");

/// Prefers each option of the best architecture so far.
pub struct {{Type}} {
    schema: Schema,
    best: Option<(Vec<usize>, f64)>,
}

impl ControllerFromConfig for {{Type}} {
    type Config = NoSettings;

    fn from_config(_: NoSettings, schema: &Schema, _: &mut Rng) -> Result<Self> {
        let (schema, best) = (schema.clone(), None);
        Ok(Self { schema, best })
    }
}

impl Controller for {{Type}} {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
        let best = self.best.as_ref().map(|(best, _)| best);
        let is_best = |at, option| best.is_some_and(|best| best.get(at) == Some(&option));
        let weight = |at, option| if is_best(at, option) { 3.0 } else { 1.0 };
        self.schema.draw(rng, weight).map(Proposal::new)
    }

    fn observe(&mut self, outcome: &Outcome, _: &mut Rng) -> Result<()> {
        // A failure is not a score: nothing is learned from one.
        if let Outcome::Scored { proposal, reward } = outcome
            && self.best.as_ref().is_none_or(|(_, best)| reward > best)
        {
            self.best = Some((proposal.choices.to_vec(), *reward));
        }
        Ok(())
    }

    fn save(&self) -> Result<State> {
        State::write_for("controller {{name}}", &self.schema, &self.best)
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let best = state.read_for("controller {{name}}", &self.schema);
        best.map(|best| self.best = best)
    }
}
