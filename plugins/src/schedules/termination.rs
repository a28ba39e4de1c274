//! Early termination by the first reward.

use nasfw_sdk::{Rng, Verdict};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// Share of the old value in the running mean of rewards.
const DECAY: f64 = 0.99;
/// Initial value of δ (and of the paper's p).
const START: f64 = 0.9;
/// Evaluations from which on it is multiplied by a factor, cumulatively.
const ANNEALING: [(u64, f64); 4] = [(100, 0.9), (200, 0.8), (300, 0.7), (400, 0.6)];

/// The rule that stops architectures below the running mean m of first rewards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Termination {
    /// The rule of the released code: with u ~ U(0, δ), continue if r > m·(1 − u). A reward of q·m
    /// continues with probability max(0, 1 − (1 − q)/δ), so rewards far below m always stop.
    #[default]
    Released,
    /// The rule of the paper's text: stop with probability 1 − p, however far below. The paper does
    /// not define how p is annealed; here it takes the values of the released δ.
    Paper,
    /// Every architecture goes through every stage.
    Never,
}

/// The running mean of first rewards, and their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// m ← 0.99·m + 0.01·r, starting at 0.
    average: f64,
    /// Number of rewards so far.
    evaluations: u64,
}

impl Termination {
    /// Adds a first reward to the history and decides whether the architecture continues.
    ///
    /// The reward is added before it is compared. NaN stops the architecture and is not added.
    pub fn verdict(self, history: &mut History, reward: f64, rng: &mut Rng) -> Verdict {
        if !reward.is_finite() {
            return Verdict::Stop;
        }
        history.add(reward);
        let mean = history.mean();
        // Always drawn, so that all rules use the generator equally.
        let u = rng.random::<f64>();
        let continues = match self {
            Self::Never => true,
            _ if reward >= mean => true,
            Self::Released => reward > mean * (1.0 - history.delta() * u),
            Self::Paper => u < history.delta(),
        };
        if continues {
            Verdict::Continue
        } else {
            Verdict::Stop
        }
    }
}

impl History {
    fn add(&mut self, reward: f64) {
        self.average = DECAY * self.average + (1.0 - DECAY) * reward;
        self.evaluations = self.evaluations.saturating_add(1);
    }

    /// The mean that rewards are compared with: the moving average with Adam's bias correction for
    /// its start at 0; 0 before the first reward.
    ///
    /// Initially it is the plain mean; after 400 rewards the correction is below 2 %.
    pub fn mean(&self) -> f64 {
        let weight = 1.0 - DECAY.powf(self.evaluations as f64);
        if weight > 0.0 {
            self.average / weight
        } else {
            0.0
        }
    }

    /// δ, or the paper's p: 0.9, then .81, .648, .4536 and .27216 from evaluations 100, 200, 300
    /// and 400 on (including the one being decided), so that fewer architectures continue later.
    pub fn delta(&self) -> f64 {
        let due = ANNEALING
            .iter()
            .filter(|(from, _)| self.evaluations >= *from);
        START * due.map(|(_, factor)| factor).product::<f64>()
    }

    /// True if a history can have these values.
    pub(super) fn is_sound(&self) -> bool {
        self.average.is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use nasfw_sdk::Seed;

    #[test]
    fn the_mean_is_of_real_rewards_only() {
        let mut history = History::default();
        assert_eq!(history.mean(), 0.0);
        let (mut weighted, mut weight) = (0.0, 0.0);
        for (at, reward) in [0.5, 0.1, 0.9, 0.3].into_iter().enumerate() {
            history.add(reward);
            // Written out: reward i of n counts 0.99^(n − i).
            weighted = weighted * DECAY + reward;
            weight = weight * DECAY + 1.0;
            assert_relative_eq!(history.mean(), weighted / weight, epsilon = 1e-12);
            assert_eq!(history.evaluations, at as u64 + 1);
        }
    }

    #[test]
    fn delta_is_annealed_at_the_four_evaluations() {
        let at = |evaluations| {
            History {
                average: 0.0,
                evaluations,
            }
            .delta()
        };
        let expected = [
            (0, 0.9),
            (99, 0.9),
            (100, 0.81),
            (199, 0.81),
            (200, 0.648),
            (299, 0.648),
            (300, 0.4536),
            (399, 0.4536),
            (400, 0.27216),
            (100_000, 0.27216),
        ];
        for (evaluations, delta) in expected {
            assert_relative_eq!(at(evaluations), delta, epsilon = 1e-12);
        }
    }

    #[test]
    fn a_reward_that_is_no_number_stops_and_is_forgotten() {
        let (mut history, mut rng) = (History::default(), Seed(0).stream("termination"));
        let verdict = Termination::Released.verdict(&mut history, f64::NAN, &mut rng);
        assert_eq!((verdict, history), (Verdict::Stop, History::default()));
    }
}
