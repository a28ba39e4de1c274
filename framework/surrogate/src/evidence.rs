//! How well a kernel explains rewards, and in which direction it would explain them better.

use crate::cholesky::{Factor, dot};
use crate::kernel::{Kernel, correlations, distance};
use crate::points::Points;

/// Pseudo-observations that the variance of standardised rewards is 1; they matter for few trials only.
const VARIANCE_TRIALS: f64 = 2.0;
/// Prior standard deviations of ln weight, ln ratio and ln noise.
const WEIGHT_DEVIATION: f64 = 1.0;
const RATIO_DEVIATION: f64 = 0.5;
const NOISE_DEVIATION: f64 = 2.0;

/// A Gaussian process of unknown mean and variance, solved for its observations.
#[derive(Clone, Debug)]
pub(crate) struct Solved {
    pub(crate) factor: Factor,
    /// A⁻¹·(y − mean), where A is the correlation matrix with noise.
    pub(crate) pull: Vec<f64>,
    /// The mean, by generalised least squares.
    pub(crate) mean: f64,
    /// The variance, by maximum likelihood.
    pub(crate) variance: f64,
}

/// Solves for rewards `y` of `points` (Rasmussen & Williams 2006, algorithm 2.1 and section 2.7).
pub(crate) fn solve(kernel: &Kernel, points: &Points, y: &[f64]) -> Solved {
    let weights = kernel.weights();
    let diagonal = 1.0 + kernel.noise();
    let mut factor = Factor::with_capacity(points.len() + 8);
    let mut before = Points::new(points.width());
    for row in points.iter() {
        factor.push(correlations(&weights, &before, row), diagonal);
        before.push_row(row);
    }
    let mut ones = vec![1.0; y.len()];
    factor.solve_lower(&mut ones);
    let mut pull = y.to_vec();
    factor.solve_lower(&mut pull);
    let mean = dot(&ones, &pull) / dot(&ones, &ones).max(f64::MIN_POSITIVE);
    for (value, one) in pull.iter_mut().zip(&ones) {
        *value -= mean * one;
    }
    let misfit = dot(&pull, &pull);
    factor.solve_upper(&mut pull);
    Solved {
        factor,
        pull,
        mean,
        variance: (misfit + VARIANCE_TRIALS) / (y.len() as f64 + VARIANCE_TRIALS),
    }
}

/// ln of the posterior density of a kernel, up to a constant, and its gradient in the order of
/// [`parameters`]. Mean and variance are put at their best.
pub(crate) fn evidence(kernel: &Kernel, points: &Points, y: &[f64]) -> (f64, Vec<f64>) {
    let solved = solve(kernel, points, y);
    let prior = Kernel::prior(points.width());
    let trials = y.len() as f64 + VARIANCE_TRIALS;
    let mut value = -0.5 * (trials * solved.variance.ln() + solved.factor.ln_determinant());
    let weights = kernel.weights();
    let inverse = solved.factor.inverse();
    let (mut by_weight, mut by_noise) = (vec![0.0; weights.len()], 0.0);
    for (i, x) in points.iter().enumerate() {
        let row = &inverse[i * (i + 1) / 2..=i * (i + 1) / 2 + i];
        for (j, (y, element)) in points.iter().zip(&row[..i]).enumerate() {
            let blame = solved.pull[i] * solved.pull[j] / solved.variance - element;
            let change = blame * (-distance(&weights, x, y)).exp();
            for (sum, (x, y)) in by_weight.iter_mut().zip(x.iter().zip(y)) {
                *sum -= if x == y { 0.0 } else { change };
            }
        }
        by_noise += 0.5 * (solved.pull[i] * solved.pull[i] / solved.variance - row[i]);
    }
    let mut gradient = vec![0.0, by_noise * kernel.noise()];
    gradient.extend(by_weight.iter().zip(&weights).map(|(sum, w)| sum * w));
    gradient[0] = gradient[2..].iter().sum();
    let mut penalise = |at: usize, from: f64, deviation: f64| {
        value -= 0.5 * (from / deviation) * (from / deviation);
        gradient[at] -= from / (deviation * deviation);
    };
    penalise(0, kernel.ln_weight - prior.ln_weight, crate::knob("WEIGHTD",WEIGHT_DEVIATION));
    penalise(1, kernel.ln_noise - prior.ln_noise, crate::knob("NOISED", NOISE_DEVIATION));
    for (at, &ratio) in kernel.ln_ratios.iter().enumerate() {
        penalise(2 + at, ratio, crate::knob("RATIO", RATIO_DEVIATION));
    }
    (value, gradient)
}

/// The parameters of a kernel that are learned: ln weight, ln noise, ln ratios.
pub(crate) fn parameters(kernel: &Kernel) -> Vec<f64> {
    let mut all = vec![kernel.ln_weight, kernel.ln_noise];
    all.extend(&kernel.ln_ratios);
    all
}

/// The kernel with these parameters.
pub(crate) fn with_parameters(parameters: &[f64]) -> Kernel {
    Kernel {
        ln_weight: parameters[0],
        ln_noise: parameters[1],
        ln_ratios: parameters[2..].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let rows: Vec<[usize; 3]> = (0..18).map(|i| [i % 3, i / 3 % 2, i / 6 % 3]).collect();
        let points = Points::collect(3, rows.iter().map(|row| &row[..]));
        let y: Vec<f64> = rows
            .iter()
            .enumerate()
            .map(|(i, r)| r[0] as f64 - 0.7 * r[1] as f64 + 0.2 * (i as f64).sin())
            .collect();
        let start = parameters(&Kernel {
            ln_weight: -0.6,
            ln_ratios: vec![0.3, -0.2, 0.1],
            ln_noise: -2.0,
        });
        let (_, gradient) = evidence(&with_parameters(&start), &points, &y);
        for at in 0..start.len() {
            let step = 1e-5;
            let moved = |by: f64| {
                let mut p = start.clone();
                p[at] += by;
                evidence(&with_parameters(&p), &points, &y).0
            };
            let slope = (moved(step) - moved(-step)) / (2.0 * step);
            assert_relative_eq!(gradient[at], slope, epsilon = 1e-5, max_relative = 1e-5);
        }
    }
}
