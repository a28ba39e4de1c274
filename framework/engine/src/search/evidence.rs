//! Estimates of a run's architectures, by all its complete trials.

use nasfw_sdk::Choices;
use nasfw_surrogate::{Recommendation, recommend};

use crate::contenders::{Contender, Contenders};
use crate::error::Result;
use crate::experiment::Members;
use crate::trial::{Status, Trial};

/// Contenders that a run records.
const RECORDED: usize = 10;

/// Rewards of the complete trials of a run. Those of trials that were stopped are of an earlier
/// stage, and not comparable.
pub(super) struct Evidence {
    members: Members,
    /// Canonical choices and rewards, in trial order.
    rewards: Vec<(Choices, f64)>,
    /// The trials that they are of.
    ids: Vec<u64>,
}

impl Evidence {
    pub(super) fn new(members: Members) -> Self {
        let (rewards, ids) = (Vec::new(), Vec::new());
        Self {
            members,
            rewards,
            ids,
        }
    }

    /// Adds the trials of a run that are complete.
    pub(super) fn add_all(&mut self, trials: &[Trial]) -> Result<()> {
        for trial in trials {
            if trial.status() == Status::Complete
                && let Some(reward) = trial.reward
            {
                let schema = self.members.space().schema();
                let choices = trial.proposal.checked(schema)?.choices;
                self.add(trial.id(), &choices, reward);
            }
        }
        Ok(())
    }

    /// Adds a complete trial.
    pub(super) fn add(&mut self, id: u64, choices: &Choices, reward: f64) {
        self.rewards.push((self.members.canonical(choices), reward));
        self.ids.push(id);
    }

    /// The architectures that may be the best, of a run with `trials` finished; none where no
    /// trial is complete.
    pub(super) fn contenders(&self, trials: u64) -> Option<Contenders> {
        let model = self.model()?;
        let contender = |at: usize| {
            let estimate = &model.estimates[at];
            let first = (self.rewards.iter()).position(|(choices, _)| *choices == estimate.choices);
            // Rewards are from 0 to 1, which the model does not know.
            let (low, high) = estimate.interval();
            let (low, high) = (
                low.max(0.0).min(estimate.mean),
                high.min(1.0).max(estimate.mean),
            );
            Contender {
                trial: first.and_then(|at| self.ids.get(at)).copied().unwrap_or(0),
                evaluations: estimate.trials as u64,
                observed: estimate.observed,
                expected: estimate.mean,
                deviation: estimate.deviation,
                low,
                high,
            }
        };
        let ranked = model.ranked().into_iter().take(RECORDED);
        Some(Contenders {
            trials,
            repeatability: model.repeatability,
            ranked: ranked.map(contender).collect(),
        })
    }

    /// The architecture to evaluate again; none of those that `is_open` holds for.
    pub(super) fn to_repeat(&self, mut is_open: impl FnMut(&Choices) -> bool) -> Option<Choices> {
        self.model()?
            .to_repeat(|choices| !is_open(choices))
            .cloned()
    }

    fn model(&self) -> Option<Recommendation> {
        recommend(self.members.space().schema(), &self.rewards)
    }
}
