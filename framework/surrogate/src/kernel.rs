//! How alike the rewards of two architectures are.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::layout::Layout;
use crate::points::Points;

/// Correlation exp(−Σ wᵢ·dᵢ(xᵢ, yᵢ)): each decision that differs takes its share off.
///
/// This is a product of one kernel a decision, as in Hutter, Hoos & Leyton-Brown 2011 (the weighted
/// Hamming kernel of SMAC), where dᵢ is 1 for any two options. Here dᵢ is the mean of a factor for each
/// of the two options, so that some options may be alike and others not; for options that are numbers
/// it is a mixture of that and of their distance in rank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// ln of the geometric mean of the weights.
    pub(crate) ln_weight: f64,
    /// ln of the variance of a trial's noise over that of rewards.
    pub(crate) ln_noise: f64,
    /// The share of rank in the distance of numbers, on the logistic scale.
    pub(crate) rank: f64,
    /// ln of each decision's weight over the mean.
    pub(crate) ln_ratios: Vec<f64>,
    /// ln of each option's factor, in the order of [`Layout`].
    pub(crate) ln_factors: Vec<f64>,
}

impl Kernel {
    /// The prior mean: architectures that differ in all decisions correlate by exp(−2), and noise has
    /// a hundredth of the variance.
    pub fn prior(layout: &Layout) -> Self {
        Self {
            ln_weight: (2.0 / layout.width().max(1) as f64).ln(),
            ln_noise: 0.01f64.ln(),
            rank: 0.0,
            ln_ratios: vec![0.0; layout.width()],
            ln_factors: vec![0.0; layout.factors()],
        }
    }

    /// exp(−w·d), where d is the number of decisions that differ: the plain Hamming kernel.
    pub(crate) fn plain(layout: &Layout, weight: f64, noise: f64) -> Self {
        Self {
            ln_weight: weight.ln(),
            ln_noise: noise.ln(),
            // Ranks have no share.
            rank: f64::MIN,
            ..Self::prior(layout)
        }
    }

    /// Variance of a trial's noise over that of rewards.
    pub fn noise(&self) -> f64 {
        self.ln_noise.exp()
    }

    /// Checks that all parameters of `layout` are there, and finite.
    pub fn is_for(&self, layout: &Layout) -> bool {
        let all = [self.ln_weight, self.ln_noise, self.rank];
        self.ln_ratios.len() == layout.width()
            && self.ln_factors.len() == layout.factors()
            && (all.iter().chain(&self.ln_ratios).chain(&self.ln_factors)).all(|it| it.is_finite())
    }

    /// All parameters in a row.
    pub(crate) fn parameters(&self) -> Vec<f64> {
        let mut all = vec![self.ln_weight, self.ln_noise, self.rank];
        all.extend(&self.ln_ratios);
        all.extend(&self.ln_factors);
        all
    }

    /// The kernel with these [`parameters`](Self::parameters) of `width` decisions.
    pub(crate) fn with_parameters(all: &[f64], width: usize) -> Self {
        Self {
            ln_weight: all[0],
            ln_noise: all[1],
            rank: all[2],
            ln_ratios: all[3..3 + width].to_vec(),
            ln_factors: all[3 + width..].to_vec(),
        }
    }
}

/// A kernel laid out for speed: what each option adds where it differs.
#[derive(Clone, Debug)]
pub(crate) struct Metric {
    /// First option of each decision among all of them.
    starts: Vec<usize>,
    /// What an option adds to a distance.
    pub(crate) shares: Vec<f64>,
    /// Where a number lies; the distance of two is added. 0 where options are no numbers.
    pub(crate) places: Vec<f64>,
    /// The share of rank in the distance of numbers.
    pub(crate) rank: f64,
}

impl Metric {
    pub(crate) fn new(layout: &Layout, kernel: &Kernel) -> Self {
        let rank = 1.0 / (1.0 + (-kernel.rank).exp());
        let (mut shares, mut places) = (Vec::new(), Vec::new());
        for (decision, ratio) in layout.decisions().zip(&kernel.ln_ratios) {
            let weight = (kernel.ln_weight + ratio).exp();
            let apart = if decision.is_ranked { rank } else { 0.0 };
            // So that the mean distance of two different ranks is 1.
            let step = 3.0 * apart * weight / (decision.arity as f64 + 1.0);
            for option in 0..decision.arity {
                let factor = kernel.ln_factors[decision.factor + option].exp();
                shares.push(0.5 * (1.0 - apart) * weight * factor);
                places.push(option as f64 * step);
            }
        }
        Self {
            starts: layout.decisions().map(|decision| decision.start).collect(),
            shares,
            places,
            rank,
        }
    }

    /// What each option adds to the distance of `x` from an architecture that has it; 0 for those of `x`.
    pub(crate) fn distances(&self, x: &[u16]) -> Vec<f64> {
        let mut all = vec![0.0; self.shares.len()];
        for (options, &x) in self.options().zip(x) {
            let x = options.start + usize::from(x);
            for option in options.filter(|&option| option != x) {
                all[option] = self.shares[x] + self.shares[option] + self.ranks(x, option);
            }
        }
        all
    }

    /// The distance of two options in rank.
    pub(crate) fn ranks(&self, x: usize, y: usize) -> f64 {
        (self.places[x] - self.places[y]).abs()
    }

    /// The options of each decision, among those of all.
    pub(crate) fn options(&self) -> impl Iterator<Item = Range<usize>> {
        let ends = self.starts.iter().skip(1).copied();
        let ends = ends.chain([self.shares.len()]);
        self.starts.iter().zip(ends).map(|(&start, end)| start..end)
    }

    /// The options of an architecture, among those of all.
    #[inline]
    pub(crate) fn chosen(&self, x: &[u16]) -> impl Iterator<Item = usize> {
        self.starts
            .iter()
            .zip(x)
            .map(|(start, &option)| start + usize::from(option))
    }

    /// The correlation with `y` of an architecture that has these [`distances`](Self::distances).
    #[inline]
    pub(crate) fn correlation(&self, distances: &[f64], y: &[u16]) -> f64 {
        let distance: f64 = self.chosen(y).map(|option| distances[option]).sum();
        (-distance).exp()
    }

    /// Correlations of `x` with each of `points`.
    pub(crate) fn correlations(&self, points: &Points, x: &[u16]) -> Vec<f64> {
        let distances = self.distances(x);
        points
            .iter()
            .map(|y| self.correlation(&distances, y))
            .collect()
    }
}
