//! Rewards as models want them.

/// Below the lower quartile by this many times the distance between the quartiles, a reward is an
/// outlier (Tukey's fence).
const FENCE: f64 = 1.5;

/// A map from rewards to values of mean 0 and variance 1.
///
/// Rewards far below the others are raised first: how bad a bad architecture is says nothing about the
/// best, and would make all others look alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    floor: f64,
    mean: f64,
    deviation: f64,
}

impl Scale {
    /// The map for these rewards, which are finite.
    pub fn of(rewards: &[f64]) -> Self {
        let mut sorted = rewards.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (quantile(&sorted, 0.25), quantile(&sorted, 0.75));
        let floor = low - FENCE * (high - low);
        let n = rewards.len().max(1) as f64;
        let raised = || rewards.iter().map(|r| r.max(floor));
        let mean = raised().sum::<f64>() / n;
        let variance = raised().map(|r| (r - mean) * (r - mean)).sum::<f64>() / n;
        let deviation = variance.sqrt();
        Self {
            floor,
            mean,
            // Rewards that are all the same stay apart from nothing.
            deviation: if deviation > 1e-12 { deviation } else { 1.0 },
        }
    }

    /// Which of `rewards` tell most, `most` of them, in their order: the best half and the latest half.
    pub fn telling(rewards: &[f64], most: usize) -> Vec<usize> {
        if rewards.len() <= most {
            return (0..rewards.len()).collect();
        }
        let latest = rewards.len() - most / 2;
        let mut earlier: Vec<usize> = (0..latest).collect();
        // Stable, so that of equals the earlier stay.
        earlier.sort_by(|&a, &b| rewards[b].total_cmp(&rewards[a]));
        earlier.truncate(most - most / 2);
        earlier.extend(latest..rewards.len());
        earlier.sort_unstable();
        earlier
    }

    /// The value of a reward.
    pub fn standardise(&self, reward: f64) -> f64 {
        (reward.max(self.floor) - self.mean) / self.deviation
    }

    /// The reward of a value.
    pub fn reward(&self, value: f64) -> f64 {
        self.mean + self.deviation * value
    }

    /// The reward that a distance between two values is.
    pub fn spread(&self, distance: f64) -> f64 {
        self.deviation * distance
    }
}

/// The quantile `q` of sorted values, between two of them by their distance; 0 of none.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * sorted.len().saturating_sub(1) as f64;
    let below = place.floor() as usize;
    let at = |i: usize| sorted.get(i).or(sorted.last()).copied().unwrap_or(0.0);
    at(below) + (place - below as f64) * (at(below + 1) - at(below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_hopeless_reward_is_raised_to_the_fence() {
        // Quartiles 1 and 3: the fence is −2.
        let rewards = [-100.0, 1.0, 2.0, 3.0, 4.0];
        let scale = Scale::of(&rewards);
        assert_relative_eq!(
            scale.reward(scale.standardise(-100.0)),
            -2.0,
            epsilon = 1e-12
        );
        let values: Vec<f64> = rewards.iter().map(|&r| scale.standardise(r)).collect();
        assert_relative_eq!(values.iter().sum::<f64>(), 0.0, epsilon = 1e-12);
        let squares: f64 = values.iter().map(|v| v * v).sum();
        assert_relative_eq!(squares, 5.0, epsilon = 1e-12);
    }

    #[test]
    fn equal_rewards_are_nothing_special() {
        let scale = Scale::of(&[0.3; 4]);
        assert_relative_eq!(scale.standardise(0.3), 0.0, epsilon = 1e-12);
        assert_relative_eq!(scale.reward(0.0), 0.3, epsilon = 1e-12);
        assert!(Scale::of(&[]).standardise(0.0) == 0.0);
    }
}
