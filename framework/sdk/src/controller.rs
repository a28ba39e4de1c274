//! Controllers: what to try next.

use rand::RngExt;
use serde::Serialize;

use crate::choices::{Choices, Schema};
use crate::error::Result;
use crate::seed::Rng;
use crate::state::State;

/// What a controller proposes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    /// The architecture.
    pub choices: Choices,
    /// Natural logarithm of the probability with which it was sampled.
    pub log_prob: f64,
}

impl Proposal {
    /// Samples decision by decision from what `probabilities` says of the choices so far, as
    /// [`Controller::probabilities`] does.
    ///
    /// # Panics
    /// When the probabilities allow something that the schema masks.
    pub fn sample(
        schema: &Schema,
        rng: &mut Rng,
        mut probabilities: impl FnMut(&[usize]) -> Vec<f64>,
    ) -> Self {
        let mut values = Vec::with_capacity(schema.len());
        let mut log_prob = 0.0;
        while values.len() < schema.len() {
            let p = probabilities(&values);
            let option = draw(&p, rng);
            log_prob += p[option].ln();
            values.push(option);
        }
        match schema.choices(values) {
            Ok(choices) => Self { choices, log_prob },
            Err(e) => panic!("what is sampled must be allowed: {e}"),
        }
    }
}

/// Draws an option; never one of probability 0.
pub fn draw(probabilities: &[f64], rng: &mut Rng) -> usize {
    let mut left = rng.random::<f64>();
    let mut last = 0;
    for (option, &p) in probabilities.iter().enumerate() {
        if p > 0.0 {
            if left < p {
                return option;
            }
            left -= p;
            last = option;
        }
    }
    // Rounding left a crumb above the sum.
    last
}

/// How a trial ended, as the controller is told.
///
/// A failure is not a score: it carries no reward, and a controller must not treat it as one.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The architecture was judged.
    Scored {
        /// What was proposed.
        proposal: Proposal,
        /// The reward the schedule decided to tell, in [0, 1], higher better.
        reward: f64,
    },
    /// The architecture could not be judged (NaN, out of memory, a crash).
    Failed {
        /// What was proposed.
        proposal: Proposal,
        /// Why, for logs.
        reason: String,
    },
}

/// Proposes architectures and learns from their rewards.
///
/// A controller draws only from the generator it is given, so that proposals are reproducible, and
/// its whole state goes through [`save`](Controller::save) and [`load`](Controller::load), so
/// that a search can stop and go on anywhere. `testing::check_controller` holds it to that.
pub trait Controller {
    /// The schema that proposals obey.
    fn schema(&self) -> &Schema;

    /// The next architecture to try; by default one sampled from
    /// [`probabilities`](Controller::probabilities).
    ///
    /// A round of proposals is asked for before the first of their outcomes is told, each with a
    /// generator of its own.
    fn propose(&mut self, rng: &mut Rng) -> Proposal {
        Proposal::sample(self.schema(), rng, |prefix| self.probabilities(prefix))
    }

    /// Takes in how a proposal ended, in the order the proposals were made, whichever ended first.
    /// What is told of a failure is a setting of the search (`run.on_failure`). Any randomness of
    /// the update (the order of a replay, say) comes from `rng`.
    fn observe(&mut self, outcome: &Outcome, rng: &mut Rng);

    /// The probability of each option of decision `prefix.len()` once `prefix` has been chosen,
    /// under the present policy. They sum to 1 and are 0 for what the schema masks.
    ///
    /// Chained over the decisions these give the probability of a whole proposal, whatever way
    /// the controller samples: see [`log_prob`](Controller::log_prob).
    fn probabilities(&self, prefix: &[usize]) -> Vec<f64>;

    /// Natural logarithm of the probability of proposing `choices` now.
    fn log_prob(&self, choices: &Choices) -> f64 {
        (0..choices.len())
            .map(|at| self.probabilities(&choices[..at])[choices[at]].ln())
            .sum()
    }

    /// Everything needed to continue exactly.
    fn save(&self) -> State;

    /// Continues from a saved state.
    ///
    /// # Errors
    /// When the state is damaged or was saved for another schema or controller; `self` is
    /// then unchanged.
    fn load(&mut self, state: &State) -> Result<()>;

    /// What went wrong in a call that cannot say so itself and whose answer then means nothing;
    /// asked after each such call.
    ///
    /// # Errors
    /// That failure, once.
    fn fault(&self) -> Result<()> {
        Ok(())
    }
}
