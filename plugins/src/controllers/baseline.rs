//! Baseline of rewards: an exponential moving average of the rewards so far.

use serde::{Deserialize, Serialize};

/// Exponential moving average that starts with the first reward, so that it never contains an
/// invented one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Baseline(Option<f64>);

impl Baseline {
    /// Takes in a reward and returns the average with it: b ← decay·b + (1 − decay)·r.
    pub(super) fn update(&mut self, decay: f64, reward: f64) -> f64 {
        let value = match self.0 {
            Some(before) => decay * before + (1.0 - decay) * reward,
            None => reward,
        };
        self.0 = Some(value);
        value
    }

    /// The average of the rewards so far; 0 before the first.
    pub(super) fn value(&self) -> f64 {
        self.0.unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn starts_with_the_first_reward() {
        let mut baseline = Baseline::default();
        assert_eq!(baseline.update(0.95, 0.6), 0.6);
        assert_relative_eq!(baseline.update(0.95, 0.8), 0.61, epsilon = 1e-12);
    }
}
