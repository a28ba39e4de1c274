//! How alike the rewards of two architectures are.

use serde::{Deserialize, Serialize};

use crate::points::Points;

/// Correlation exp(−Σ wᵢ·[xᵢ ≠ yᵢ]): each decision that differs takes its share off. This is a product of
/// one kernel a decision, as in Hutter, Hoos & Leyton-Brown 2011 (the weighted Hamming kernel of SMAC).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// ln of the geometric mean of the weights.
    pub(crate) ln_weight: f64,
    /// ln of each weight over that mean.
    pub(crate) ln_ratios: Vec<f64>,
    /// ln of the variance of a trial's noise over that of rewards.
    pub(crate) ln_noise: f64,
}

impl Kernel {
    /// What is assumed before anything was tried, of architectures of `width` decisions: those that
    /// differ in all of them correlate by exp(−2), and noise has a hundredth of the variance.
    pub fn prior(width: usize) -> Self {
        Self {
            ln_weight: (crate::knob("TOTAL",2.0) / width.max(1) as f64).ln(),
            ln_ratios: vec![0.0; width],
            ln_noise: crate::knob("NOISE0",0.01).ln(),
        }
    }

    /// The weight of each decision.
    pub fn weights(&self) -> Vec<f64> {
        self.ln_ratios
            .iter()
            .map(|ratio| (self.ln_weight + ratio).exp())
            .collect()
    }

    /// Variance of a trial's noise over that of rewards.
    pub fn noise(&self) -> f64 {
        self.ln_noise.exp()
    }

    /// Tells whether it is one for `width` decisions, all of it finite.
    pub fn is_for(&self, width: usize) -> bool {
        self.ln_ratios.len() == width
            && self.ln_ratios.iter().all(|ratio| ratio.is_finite())
            && self.ln_weight.is_finite()
            && self.ln_noise.is_finite()
    }
}

/// Σ wᵢ·[xᵢ ≠ yᵢ].
pub(crate) fn distance(weights: &[f64], x: &[u16], y: &[u16]) -> f64 {
    let terms = weights.iter().zip(x.iter().zip(y));
    terms.fold(0.0, |sum, (w, (x, y))| if x == y { sum } else { sum + w })
}

/// Correlations of `x` with each of `points`.
pub(crate) fn correlations(weights: &[f64], points: &Points, x: &[u16]) -> Vec<f64> {
    points
        .iter()
        .map(|y| (-distance(weights, x, y)).exp())
        .collect()
}
