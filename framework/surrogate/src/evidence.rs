//! How well a kernel explains rewards, and in which direction it would explain them better.

use crate::cholesky::{Factor, dot};
use crate::kernel::{Kernel, Metric};
use crate::layout::Layout;
use crate::points::Points;

/// Pseudo-observations that the variance of standardised rewards is 1; they matter for few trials only.
const VARIANCE_TRIALS: f64 = 2.0;
/// Prior standard deviations of the kernel's parameters.
const WEIGHT_DEVIATION: f64 = 1.0;
const NOISE_DEVIATION: f64 = 2.0;
const RANK_DEVIATION: f64 = 2.0;
const RATIO_DEVIATION: f64 = 0.5;
const FACTOR_DEVIATION: f64 = 0.5;

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

impl Solved {
    /// ln of the likelihood of its `trials` observations, up to a constant.
    fn ln_likelihood(&self, trials: usize) -> f64 {
        let trials = trials as f64 + VARIANCE_TRIALS;
        -0.5 * (trials * self.variance.ln() + self.factor.ln_determinant())
    }
}

/// Solves for rewards `y` of `points` (Rasmussen & Williams 2006, algorithm 2.1 and section 2.7), where
/// `noise` is the variance of a trial's noise over that of rewards.
pub(crate) fn solve(metric: &Metric, noise: f64, points: &Points, y: &[f64]) -> Solved {
    let mut factor = Factor::with_capacity(points.len() + 8);
    let mut before = Points::new(points.width());
    for row in points.iter() {
        factor.push(metric.correlations(&before, row), 1.0 + noise);
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

/// ln of the likelihood of rewards `y` of `points` under a kernel, up to a constant. Mean and variance are
/// put at their best.
pub(crate) fn likelihood(layout: &Layout, kernel: &Kernel, points: &Points, y: &[f64]) -> f64 {
    let solved = solve(&Metric::new(layout, kernel), kernel.noise(), points, y);
    solved.ln_likelihood(y.len())
}

/// ln of the posterior density of a kernel, up to a constant, and its gradient in the order of
/// [`Kernel::parameters`]. Mean and variance are put at their best.
pub(crate) fn evidence(
    layout: &Layout,
    kernel: &Kernel,
    points: &Points,
    y: &[f64],
) -> (f64, Vec<f64>) {
    let metric = Metric::new(layout, kernel);
    let solved = solve(&metric, kernel.noise(), points, y);
    let value = solved.ln_likelihood(y.len());
    let inverse = solved.factor.inverse();
    let mut by_noise = 0.0;
    // What each option and each decision's ranks add to the slope.
    let mut by_option = vec![0.0; metric.shares.len()];
    let mut by_ranks = vec![0.0; layout.width()];
    for (i, x) in points.iter().enumerate() {
        let row = &inverse[i * (i + 1) / 2..=i * (i + 1) / 2 + i];
        let distances = metric.distances(x);
        // The change by all architectures before that have an option.
        let mut with = vec![0.0; metric.shares.len()];
        for (j, (y, element)) in points.iter().zip(&row[..i]).enumerate() {
            let blame = solved.pull[i] * solved.pull[j] / solved.variance - element;
            let change = blame * metric.correlation(&distances, y);
            for option in metric.chosen(y) {
                with[option] += change;
            }
        }
        for ((options, x), by_ranks) in metric.options().zip(metric.chosen(x)).zip(&mut by_ranks) {
            for option in options.filter(|&option| option != x) {
                by_option[option] -= with[option];
                by_option[x] -= with[option];
                *by_ranks -= with[option] * metric.ranks(x, option);
            }
        }
        by_noise += 0.5 * (solved.pull[i] * solved.pull[i] / solved.variance - row[i]);
    }
    let (mut by_weight, mut by_rank) = (0.0, 0.0);
    let mut by_ratio = vec![0.0; layout.width()];
    let mut by_factor = vec![0.0; layout.factors()];
    for (at, decision) in layout.decisions().enumerate() {
        let mut by_shares = 0.0;
        for option in 0..decision.arity {
            let slope = by_option[decision.start + option] * metric.shares[decision.start + option];
            by_factor[decision.factor + option] += slope;
            by_shares += slope;
        }
        by_ratio[at] = by_shares + by_ranks[at];
        by_weight += by_ratio[at];
        if decision.is_ranked {
            by_rank += by_ranks[at] * (1.0 - metric.rank) - by_shares * metric.rank;
        }
    }
    let mut gradient = vec![by_weight, by_noise * kernel.noise(), by_rank];
    gradient.extend(by_ratio);
    gradient.extend(by_factor);
    (value + prior(layout, kernel, &mut gradient), gradient)
}

/// ln of a kernel's prior density, up to a constant; adds its gradient.
fn prior(layout: &Layout, kernel: &Kernel, gradient: &mut [f64]) -> f64 {
    let deviations = [WEIGHT_DEVIATION, NOISE_DEVIATION, RANK_DEVIATION]
        .into_iter()
        .chain(std::iter::repeat_n(RATIO_DEVIATION, layout.width()))
        .chain(std::iter::repeat_n(FACTOR_DEVIATION, layout.factors()));
    let means = Kernel::prior(layout).parameters();
    let mut value = 0.0;
    for ((slope, deviation), (at, mean)) in
        (gradient.iter_mut().zip(deviations)).zip(kernel.parameters().into_iter().zip(means))
    {
        let off = (at - mean) / deviation;
        value -= 0.5 * off * off;
        *slope -= off / deviation;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use nasfw_sdk::{Decision, Schema};

    #[test]
    fn the_gradient_is_that_of_finite_differences() -> nasfw_sdk::Result<()> {
        let schema = Schema::new(vec![
            Decision::new("a", "op", ["x", "y", "z"]),
            Decision::new("b", "op", ["x", "y", "z"]),
            Decision::new("c", "", ["1", "4", "9"]),
            Decision::new("d", "", ["0", "1"]),
        ])?;
        let layout = Layout::of(&schema);
        let rows: Vec<[usize; 4]> = (0..22)
            .map(|i| [i % 3, i / 6 % 3, i / 3 % 3, i / 2 % 2])
            .collect();
        let points = Points::collect(4, rows.iter().map(|row| &row[..]));
        let y: Vec<f64> = rows
            .iter()
            .enumerate()
            .map(|(i, r)| r[0] as f64 - 0.7 * r[1] as f64 + 0.2 * (i as f64).sin())
            .collect();
        // Three, a ratio a decision, and factors: three that are shared, three, two.
        let mut start = Kernel::prior(&layout).parameters();
        assert_eq!(start.len(), 3 + 4 + 8);
        for (at, value) in start.iter_mut().enumerate() {
            *value += 0.3 * (1.7 * at as f64).sin();
        }
        let of = |all: &[f64]| evidence(&layout, &Kernel::with_parameters(all, 4), &points, &y);
        let (_, gradient) = of(&start);
        for at in 0..start.len() {
            let step = 1e-5;
            let moved = |by: f64| {
                let mut all = start.clone();
                all[at] += by;
                of(&all).0
            };
            let slope = (moved(step) - moved(-step)) / (2.0 * step);
            assert_relative_eq!(gradient[at], slope, epsilon = 1e-5, max_relative = 1e-5);
        }
        Ok(())
    }
}
