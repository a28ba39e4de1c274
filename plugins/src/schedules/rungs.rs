//! Rungs of a training: where they are, and who continues after one.

use nasfw_sdk::{Error, Result, Stage};
use serde::{Deserialize, Serialize};

/// Divides the training `stage` into `rungs` stages that continue one another. The last ends with
/// the training, and each one before it after the epochs of the next divided by `eta`, to the
/// nearest whole epoch and at least one later than the rung before.
///
/// # Errors
/// When there are fewer epochs than rungs.
pub fn divide(stage: &Stage, eta: usize, rungs: usize) -> Result<Vec<Stage>> {
    if stage.epochs < rungs {
        let expected = format!("{rungs} or more: each of the {rungs} rungs has at least one epoch");
        return Err(Error::invalid(
            "schedule.stage.epochs",
            stage.epochs,
            expected,
        ));
    }
    let mut before = 0;
    let stages = (0..rungs).map(|rung| {
        let until = end(stage.epochs, eta, rungs - 1 - rung).max(before + 1);
        let part = Stage {
            continues: rung > 0,
            epochs: until - before,
            ..stage.clone()
        };
        before = until;
        part
    });
    Ok(stages.collect())
}

/// `epochs / eta^times`, rounded.
fn end(epochs: usize, eta: usize, times: usize) -> usize {
    // A divisor that large leaves nothing.
    let divisor = u32::try_from(times).ok().and_then(|n| eta.checked_pow(n));
    divisor.map_or(0, |divisor| (epochs + divisor / 2) / divisor)
}

/// The rewards that architectures had at each rung but the last, after which nothing is decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RungRewards {
    /// Per rung, in descending order.
    rewards: Vec<Vec<f64>>,
}

impl RungRewards {
    /// No rewards yet, for a training of `rungs` rungs.
    pub fn new(rungs: usize) -> Self {
        Self {
            rewards: vec![Vec::new(); rungs.saturating_sub(1)],
        }
    }

    /// Adds a reward of `rung`, and tells whether it is among the best `1 / eta` there.
    ///
    /// Of n rewards, the new one included, the best ⌊n / eta⌋ are, and one at least; so are rewards
    /// equal to the last of them. NaN and rewards after the last rung are not added.
    pub fn add(&mut self, rung: usize, reward: f64, eta: usize) -> bool {
        let Some(rewards) = self.rewards.get_mut(rung) else {
            return false;
        };
        if !reward.is_finite() {
            return false;
        }
        let better = rewards.partition_point(|&other| other > reward);
        rewards.insert(better, reward);
        better < (rewards.len() / eta.max(1)).max(1)
    }

    /// True if these can be the rewards of a training of `rungs` rungs.
    pub(super) fn is_of(&self, rungs: usize) -> bool {
        self.rewards.len() == rungs.saturating_sub(1)
            && self.rewards.iter().all(|rewards| {
                rewards.iter().all(|r| r.is_finite()) && rewards.is_sorted_by(|a, b| a >= b)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(epochs: usize, eta: usize, rungs: usize) -> Vec<usize> {
        let stage = Stage {
            epochs,
            ..Stage::end_to_end()
        };
        let stages = divide(&stage, eta, rungs).expect("enough epochs");
        assert_eq!(
            nasfw_sdk::check_stages(&stages, |at| at.to_string()),
            Ok(())
        );
        let mut sum = 0;
        let ends = stages.iter().map(|stage| {
            sum += stage.epochs;
            sum
        });
        ends.collect()
    }

    #[test]
    fn rungs_are_a_factor_apart() {
        assert_eq!(ends(9, 3, 3), [1, 3, 9]);
        assert_eq!(ends(6, 3, 3), [1, 2, 6]);
        assert_eq!(ends(100, 4, 3), [6, 25, 100]);
        assert_eq!(ends(64, 2, 4), [8, 16, 32, 64]);
        // Too short for the factor, but still a rung after another.
        assert_eq!(ends(5, 3, 4), [1, 2, 3, 5]);
        assert_eq!(ends(3, 100, 3), [1, 2, 3]);
        assert_eq!(ends(16, 100, 16), (1..=16).collect::<Vec<_>>());
        assert_eq!(ends(7, 3, 1), [7]);
    }

    #[test]
    fn the_first_rewards_and_the_better_third_continue() {
        let mut seen = RungRewards::new(2);
        let continued = [
            (0.3, true), // the first
            (0.2, false),
            (0.4, true), // the best of three
            (0.3, false),
            (0.35, false),
            (0.35, true), // six: the best two, and what equals the second
            (0.35, true),
            (0.34, false),
            (0.1, false),
            (0.35, true), // ten: three
        ];
        for (at, (reward, continues)) in continued.into_iter().enumerate() {
            assert_eq!(seen.add(0, reward, 3), continues, "{at}: {reward}");
        }
        assert!(seen.is_of(2) && !seen.is_of(3));
    }

    #[test]
    fn rungs_are_compared_separately() {
        let mut seen = RungRewards::new(3);
        assert!(seen.add(0, 0.5, 2));
        assert!(seen.add(1, 0.1, 2), "the first of its rung");
        assert!(!seen.add(1, 0.05, 2));
        let before = seen.clone();
        assert!(!seen.add(2, 0.9, 2), "the last rung decides nothing");
        assert!(!seen.add(0, f64::NAN, 2));
        assert_eq!(seen, before);
    }
}
