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
