//! REINFORCE (Williams 1992) on independent logits for every decision.

use nasfw_sdk::State;
use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Controller, Error, Outcome, Policy, Proposal, Result, Rng, Schema};
use serde::{Deserialize, Serialize};

use super::adam::Adam;
use super::baseline::Baseline;
use super::{categorical, feedback, saved};

const NAME: &str = "reinforce";

/// Settings of [`Reinforce`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReinforceConfig {
    /// Learning rate of Adam, above 0, up to 1; 0.05 by default.
    pub lr: f64,
    /// Decay of the moving average of rewards that a reward is compared with, from 0 to
    /// below 1; 0.95 by default.
    pub baseline_decay: f64,
}

impl Default for ReinforceConfig {
    fn default() -> Self {
        Self {
            lr: 0.05,
            baseline_decay: 0.95,
        }
    }
}

/// A policy of independent categoricals, moved after every reward.
///
/// The gradient of the logits of one decision is (r − b)·(onehot − p), with b the moving average of
/// rewards including r; masked options have p = 0 and do not move. Adam takes the step: rewards
/// of one search differ by a few hundredths, and plain ascent would need a rate to match.
#[derive(Clone, Debug)]
pub struct Reinforce {
    config: ReinforceConfig,
    schema: Schema,
    /// The logits of all decisions, one after the other.
    logits: Vec<f32>,
    adam: Adam,
    baseline: Baseline,
}

nasfw_sdk::register!(controller, Reinforce, plugin: "builtin", name: "reinforce",
    about: "policy gradient on independent logits for every decision");

impl ControllerFromConfig for Reinforce {
    type Config = ReinforceConfig;

    fn from_config(config: ReinforceConfig, schema: &Schema, _: &mut Rng) -> Result<Self> {
        if !(config.lr > 0.0 && config.lr <= 1.0) {
            return Err(Error::invalid(
                "controller.lr",
                config.lr,
                "above 0, up to 1",
            ));
        }
        if !(0.0..1.0).contains(&config.baseline_decay) {
            let expected = "from 0 to below 1";
            return Err(Error::invalid(
                "controller.baseline_decay",
                config.baseline_decay,
                expected,
            ));
        }
        let weights = schema.arities().iter().sum();
        Ok(Self {
            config,
            schema: schema.clone(),
            logits: vec![0.0; weights],
            adam: Adam::new(weights),
            baseline: Baseline::default(),
        })
    }
}

impl Reinforce {
    /// Index of the first logit of decision `at`.
    fn offset(&self, at: usize) -> usize {
        self.schema.decisions()[..at]
            .iter()
            .map(|d| d.arity())
            .sum()
    }
}

impl Controller for Reinforce {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn propose(&mut self, rng: &mut Rng) -> Result<Proposal> {
        Proposal::sample(&self.schema, rng, |prefix| self.probabilities(prefix))
    }

    fn observe(&mut self, outcome: &Outcome, _: &mut Rng) -> Result<()> {
        let Some((proposal, reward)) = feedback::lesson(&self.schema, outcome) else {
            return Ok(());
        };
        let baseline = self.baseline.update(self.config.baseline_decay, reward);
        let advantage = reward - baseline;
        let mut gradient = Vec::with_capacity(self.logits.len());
        for (at, &choice) in proposal.choices.iter().enumerate() {
            let p = self.probabilities(&proposal.choices[..at])?;
            // Of the loss −(r − b)·log p(choices), which Adam descends.
            gradient.extend(p.iter().enumerate().map(|(option, p)| {
                let hit = if option == choice { 1.0 } else { 0.0 };
                (-advantage * (hit - p)) as f32
            }));
        }
        self.adam
            .descend(self.config.lr, &mut self.logits, &gradient);
        Ok(())
    }

    fn save(&self) -> Result<State> {
        let weights = [&self.logits[..], &self.adam.first, &self.adam.second].concat();
        saved::write(
            NAME,
            &self.schema,
            &(self.baseline, self.adam.steps),
            &weights,
        )
    }

    fn load(&mut self, state: &State) -> Result<()> {
        let ((baseline, steps), weights) = saved::read(NAME, &self.schema, state)?;
        let n = self.logits.len();
        if weights.len() != 3 * n {
            return Err(saved::damaged(NAME, "has another number of weights"));
        }
        let part = |at: usize| weights[at * n..(at + 1) * n].to_vec();
        self.logits = part(0);
        self.adam = Adam {
            steps,
            first: part(1),
            second: part(2),
        };
        self.baseline = baseline;
        Ok(())
    }

    fn policy(&self) -> Option<&dyn Policy> {
        Some(self)
    }
}

impl Policy for Reinforce {
    fn probabilities(&self, prefix: &[usize]) -> Result<Vec<f64>> {
        let allowed = categorical::allowed(&self.schema, prefix)?;
        let start = self.offset(prefix.len());
        let logits = &self.logits[start..start + allowed.len()];
        Ok(categorical::softmax(logits, &allowed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nasfw_sdk::{Decision, Seed};

    #[test]
    fn a_better_reward_than_usual_raises_the_probability() -> Result<()> {
        let schema = Schema::new(vec![Decision::new("a", "", ["x", "y"])])?;
        let mut rng = Seed(0).stream("reinforce");
        let mut it = Reinforce::from_config(ReinforceConfig::default(), &schema, &mut rng)?;
        let told = |choice: usize, reward: f64| {
            let proposal = Proposal {
                choices: schema.choices([choice])?,
                log_prob: Some(0.5f64.ln()),
            };
            Ok::<_, Error>(Outcome::Scored { proposal, reward })
        };
        it.observe(&told(0, 0.5)?, &mut rng)?;
        assert_eq!(
            it.probabilities(&[])?,
            [0.5, 0.5],
            "the first reward is its own baseline"
        );
        it.observe(&told(1, 0.9)?, &mut rng)?;
        assert!(it.probabilities(&[])?[1] > 0.5);
        Ok(())
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let schema = Schema::new(vec![Decision::new("a", "", ["x"])]).expect("one decision");
        let refused =
            |config| Reinforce::from_config(config, &schema, &mut Seed(0).stream("")).is_err();
        assert!(refused(ReinforceConfig {
            lr: f64::NAN,
            ..Default::default()
        }));
        assert!(refused(ReinforceConfig {
            baseline_decay: 1.0,
            ..Default::default()
        }));
    }
}
