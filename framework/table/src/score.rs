//! Regrets of several searches in two numbers.

use serde::Serialize;

/// A mean over searches, and how far off it may be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MeanAndError {
    /// The mean.
    pub mean: f64,
    /// The standard error of the mean; 0 of a single search.
    pub error: f64,
}

impl MeanAndError {
    /// That of `values`.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        Self {
            mean,
            error: (squares / (n - 1.0).max(1.0) / n).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn mean_and_error_by_hand() {
        // Deviations −2, 0, 2 over n − 1: variance 4, error 2/√3.
        let it = MeanAndError::of(&[1.0, 3.0, 5.0]);
        assert_relative_eq!(it.mean, 3.0, epsilon = 1e-12);
        assert_relative_eq!(it.error, 2.0 / 3f64.sqrt(), epsilon = 1e-12);
        assert_eq!(MeanAndError::of(&[7.0]).error, 0.0);
    }
}
