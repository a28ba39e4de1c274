//! Uniform random search: the baseline every other controller must beat.

use nasfw_sdk::State;
use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Controller, NoSettings, Outcome, Policy, Proposal, Result, Rng, Schema};

use super::{categorical, saved};

const NAME: &str = "random";

/// Draws every decision uniformly from the options its masks allow.
///
/// With masks this is uniform over the options of each decision in turn, not over whole sequences.
#[derive(Clone, Debug)]
pub struct Random {
    schema: Schema,
}

nasfw_sdk::register!(controller, Random, plugin: "builtin", name: "random",
    about: "uniform random search: the baseline to beat");

impl ControllerFromConfig for Random {
    type Config = NoSettings;

    fn from_config(_: NoSettings, schema: &Schema, _: &mut Rng) -> Result<Self> {
        Ok(Self {
            schema: schema.clone(),
        })
    }
}

impl Controller for Random {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
        Proposal::sample(&self.schema, rng, |prefix| self.probabilities(prefix))
    }

    fn observe(&mut self, _: &Outcome, _: &mut Rng) -> Result<()> {
        Ok(())
    }

    fn save(&self) -> Result<State> {
        saved::write(NAME, &self.schema, &(), &[])
    }

    fn load(&mut self, state: &State) -> Result<()> {
        saved::read::<()>(NAME, &self.schema, state).map(|_| ())
    }

    fn policy(&self) -> Option<&dyn Policy> {
        Some(self)
    }
}

impl Policy for Random {
    fn probabilities(&self, prefix: &[usize]) -> Result<Vec<f64>> {
        let allowed = categorical::allowed(&self.schema, prefix)?;
        Ok(categorical::uniform(&allowed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nasfw_sdk::choices::Mask;
    use nasfw_sdk::{Decision, Seed};

    #[test]
    fn masked_options_share_nothing() -> Result<()> {
        let mut second = Decision::new("b", "", ["x", "y", "z"]);
        second.masks.push(Mask {
            when: 0,
            chose: 1,
            forbids: vec![0],
        });
        let schema = Schema::new(vec![Decision::new("a", "", ["x", "y"]), second])?;
        let mut rng = Seed(0).stream("random");
        let mut random = Random::from_config(NoSettings {}, &schema, &mut rng)?;
        assert_eq!(random.probabilities(&[1])?, [0.0, 0.5, 0.5]);
        assert_eq!(random.probabilities(&[0])?, [1.0 / 3.0; 3]);
        assert!(random.probabilities(&[0, 0]).is_err());
        for _ in 0..100 {
            assert!(*random.propose(&mut rng)?.choices != [1, 0]);
        }
        Ok(())
    }
}
