//! A Gaussian process averaged over what is not known of its kernel.

use crate::belief::Belief;
use crate::evidence::likelihood;
use crate::gaussian::GaussianProcess;
use crate::kernel::Kernel;
use crate::layout::Layout;
use crate::points::Points;

/// Distances of architectures that differ in all decisions: 1/4, 1/2, … 16.
const FIRST_DISTANCE: f64 = 0.25;
const DISTANCES: i32 = 7;
/// Variances of noise over that of rewards: two a decade, 10⁻⁴ to √10.
const FIRST_NOISE: f64 = 1e-4;
const NOISES: i32 = 10;
/// Kernels this much less probable than the best do not count.
const LEAST: f64 = 1e-3;

/// A kernel of a grid, and how probable it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) kernel: Kernel,
    pub(crate) probability: f64,
}

/// Plain kernels exp(−w·d), where d is the number of decisions that differ, over a grid of w and noise,
/// and their probabilities, given the standardised rewards `y` of `points`: the marginal likelihood
/// under a prior that is even in the logarithms.
///
/// Trials of ever other architectures can be explained by noise, or by rewards that change abruptly; the
/// likelihood has an optimum for either. Climbing finds the one that is nearer, a grid sees both.
pub(crate) fn candidates(layout: &Layout, points: &Points, y: &[f64]) -> Vec<Candidate> {
    let width = layout.width().max(1) as f64;
    let distances = (0..DISTANCES).map(|k| FIRST_DISTANCE * 2f64.powi(k));
    let noises = || (0..NOISES).map(|k| FIRST_NOISE * 10f64.sqrt().powi(k));
    let kernels =
        distances.flat_map(|d| noises().map(move |noise| Kernel::plain(layout, d / width, noise)));
    let mut all: Vec<Candidate> = kernels
        .map(|kernel| Candidate {
            probability: likelihood(layout, &kernel, points, y),
            kernel,
        })
        .collect();
    let top = all
        .iter()
        .fold(f64::NEG_INFINITY, |top, it| top.max(it.probability));
    for it in &mut all {
        it.probability = (it.probability - top).exp();
    }
    all.retain(|it| it.probability >= LEAST);
    let sum: f64 = all.iter().map(|it| it.probability).sum();
    for it in &mut all {
        it.probability /= sum;
    }
    all
}

/// The average belief about each of `asked`: the mean of the means, and the deviation of the
/// mixture, whose variance is the mean of the variances plus the variance of the means.
pub(crate) fn predict(
    layout: &Layout,
    candidates: &[Candidate],
    points: &Points,
    y: &[f64],
    asked: &Points,
) -> Vec<Belief> {
    let mut mixture = vec![(0.0, 0.0); asked.len()];
    for it in candidates {
        let process = GaussianProcess::new(layout, &it.kernel, points.clone(), y);
        for (sums, belief) in mixture.iter_mut().zip(process.predict(asked)) {
            let (mean, deviation) = (belief.mean, belief.deviation);
            sums.0 += it.probability * mean;
            sums.1 += it.probability * (mean * mean + deviation * deviation);
        }
    }
    let belief = |(mean, square): (f64, f64)| Belief {
        mean,
        deviation: (square - mean * mean).max(0.0).sqrt(),
    };
    mixture.into_iter().map(belief).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use nasfw_sdk::{Decision, Schema};

    fn layout() -> nasfw_sdk::Result<Layout> {
        let decision = |at: usize| Decision::new(format!("d{at}"), "", ["x", "y", "z"]);
        Ok(Layout::of(&Schema::new((0..4).map(decision).collect())?))
    }

    /// The first `n` architectures, with rewards that add up over decisions.
    fn trials(n: usize) -> (Points, Vec<f64>) {
        let rows: Vec<[usize; 4]> = (0..n)
            .map(|i| [i % 3, i / 3 % 3, i / 9 % 3, i / 27])
            .collect();
        let y = rows
            .iter()
            .map(|r| r.iter().sum::<usize>() as f64 / 1.6 - 2.5);
        (Points::collect(4, rows.iter().map(|r| &r[..])), y.collect())
    }

    fn noise(candidates: &[Candidate]) -> f64 {
        let parts = candidates
            .iter()
            .map(|it| it.probability * it.kernel.noise());
        parts.sum()
    }

    #[test]
    fn noise_is_told_from_abrupt_rewards_without_repeats() -> nasfw_sdk::Result<()> {
        let layout = layout()?;
        let (points, clear) = trials(81);
        let of_clear = candidates(&layout, &points, &clear);
        let sum: f64 = of_clear.iter().map(|it| it.probability).sum();
        assert_relative_eq!(sum, 1.0, epsilon = 1e-12);
        assert!(noise(&of_clear) < 0.01, "{}", noise(&of_clear));
        // A deviation of about 0.6, by a sequence that has nothing to do with the order of rows.
        let noisy: Vec<f64> = clear
            .iter()
            .enumerate()
            .map(|(i, y)| y + 0.85 * (12.9898 * (i * i) as f64).sin())
            .collect();
        let of_noisy = candidates(&layout, &points, &noisy);
        assert!(noise(&of_noisy) > 0.05, "{}", noise(&of_noisy));
        Ok(())
    }

    #[test]
    fn two_kernels_give_the_moments_of_their_mixture() -> nasfw_sdk::Result<()> {
        let layout = layout()?;
        let (points, y) = trials(20);
        let asked = Points::collect(4, [&[2, 2, 2, 2][..]]);
        let kernels = [(0.2, 0.01), (1.0, 1.0)].map(|(w, n)| Kernel::plain(&layout, w, n));
        let [a, b] = kernels
            .clone()
            .map(|k| GaussianProcess::new(&layout, &k, points.clone(), &y).predict(&asked)[0]);
        let [first, second] = kernels;
        let both = [(first, 0.25), (second, 0.75)].map(|(kernel, probability)| Candidate {
            kernel,
            probability,
        });
        let found = predict(&layout, &both, &points, &y, &asked)[0];
        let mean = 0.25 * a.mean + 0.75 * b.mean;
        assert_relative_eq!(found.mean, mean, epsilon = 1e-12);
        let off = |it: Belief| it.deviation.powi(2) + (it.mean - mean).powi(2);
        let variance = 0.25 * off(a) + 0.75 * off(b);
        assert_relative_eq!(found.deviation, variance.sqrt(), epsilon = 1e-9);
        assert!((a.mean - b.mean).abs() > 0.01);
        Ok(())
    }
}
