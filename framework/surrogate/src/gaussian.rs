//! A Gaussian process over choices.

use crate::belief::Belief;
use crate::cholesky::LANES;
use crate::evidence::{Solved, solve};
use crate::improvement::expected_improvement;
use crate::kernel::{Kernel, Metric};
use crate::layout::Layout;
use crate::points::Points;

/// A Gaussian process of constant mean, given the rewards of some architectures
/// (Rasmussen & Williams 2006, chapter 2).
#[derive(Clone, Debug)]
pub struct GaussianProcess {
    metric: Metric,
    noise: f64,
    /// Those observed, then those believed.
    points: Points,
    solved: Solved,
}

impl GaussianProcess {
    /// The process with this kernel, given standardised rewards `y` of `points`, one each.
    pub fn new(layout: &Layout, kernel: &Kernel, points: Points, y: &[f64]) -> Self {
        let (metric, noise) = (Metric::new(layout, kernel), kernel.noise());
        Self {
            solved: solve(&metric, noise, &points, y),
            metric,
            noise,
            points,
        }
    }

    /// Takes `point` as tried, with the outcome that is expected now (the kriging believer of Ginsbourger,
    /// Le Riche & Carraro 2010). No expectation changes by that; what is around becomes less uncertain.
    pub fn believe(&mut self, point: &[usize]) {
        let row = Points::collect(self.points.width(), [point]);
        let left = self.metric.correlations(&self.points, row.row(0));
        self.solved.factor.push(left, 1.0 + self.noise);
        self.points.push(point);
    }

    /// The expected reward of each of `points`, which takes less time than [`predict`](Self::predict).
    pub fn means(&self, points: &Points) -> Vec<f64> {
        let mean = |row| {
            let all = self.metric.correlations(&self.points, row);
            // Those believed pull at nothing.
            let pulls = self.solved.pull.iter().zip(&all);
            pulls.fold(self.solved.mean, |sum, (pull, alike)| sum + pull * alike)
        };
        points.iter().map(mean).collect()
    }

    /// The point of the highest expected improvement over `best`, and that; of equals the first. Deviations
    /// count `care` times.
    ///
    /// A deviation takes most of the time, so it is computed only where it can matter: it is at most what
    /// the nearest known point leaves of it, as every further point takes some off.
    pub fn most_promising(&self, points: &Points, best: f64, care: f64) -> Option<(usize, f64)> {
        let worth = |belief: Belief| {
            let deviation = care * belief.deviation;
            expected_improvement(
                Belief {
                    deviation,
                    ..belief
                },
                best,
            )
        };
        let bound = |row: &[u16]| {
            let (mut mean, mut nearest) = (self.solved.mean, 0.0f64);
            let distances = self.metric.distances(row);
            let mut pulls = self.solved.pull.iter();
            for known in self.points.iter() {
                let alike = self.metric.correlation(&distances, known);
                // Those believed pull at nothing.
                mean += pulls.next().copied().unwrap_or(0.0) * alike;
                nearest = nearest.max(alike);
            }
            let left = 1.0 - nearest * nearest / (1.0 + self.noise);
            let deviation = (self.solved.variance * left.max(0.0)).sqrt();
            // A little more, for rounding.
            worth(Belief {
                mean: mean + 1e-9,
                deviation: deviation + 1e-6,
            })
        };
        let mut order: Vec<(f64, usize)> = points.iter().map(bound).zip(0..).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut found: Option<(usize, f64)> = None;
        for some in order.chunks(LANES) {
            if found.is_some_and(|(_, most)| some[0].0 < most) {
                break;
            }
            let mut asked = Points::new(points.width());
            for &(_, at) in some {
                asked.push_row(points.row(at));
            }
            for (belief, &(_, at)) in self.predict(&asked).into_iter().zip(some) {
                let worth = worth(belief);
                if found.is_none_or(|(first, most)| worth > most || (worth == most && at < first)) {
                    found = Some((at, worth));
                }
            }
        }
        found
    }

    /// What it believes of each of `points`.
    pub fn predict(&self, points: &Points) -> Vec<Belief> {
        let mut beliefs = Vec::with_capacity(points.len());
        let rows: Vec<&[u16]> = points.iter().collect();
        for some in rows.chunks(LANES) {
            let mut columns = vec![[0.0; LANES]; self.points.len()];
            for (lane, row) in some.iter().enumerate() {
                let all = self.metric.correlations(&self.points, row);
                for (column, value) in columns.iter_mut().zip(all) {
                    column[lane] = value;
                }
            }
            let mut means = [self.solved.mean; LANES];
            for (column, pull) in columns.iter().zip(&self.solved.pull) {
                for lane in 0..LANES {
                    means[lane] += pull * column[lane];
                }
            }
            let explained = self.solved.factor.squared_lengths(&mut columns);
            beliefs.extend((0..some.len()).map(|lane| Belief {
                mean: means[lane],
                deviation: (self.solved.variance * (1.0 - explained[lane]).max(0.0)).sqrt(),
            }));
        }
        beliefs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use nasfw_sdk::{Decision, Schema};
    use proptest::prelude::*;

    /// Solves A·x = b by elimination with pivots.
    fn dense_solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
        let n = b.len();
        for k in 0..n {
            let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs()));
            let pivot = pivot.expect("a row is left");
            a.swap(k, pivot);
            b.swap(k, pivot);
            for i in k + 1..n {
                let factor = a[i][k] / a[k][k];
                let (above, below) = a.split_at_mut(i);
                for (value, pivot) in below[0].iter_mut().zip(&above[k]).skip(k) {
                    *value -= factor * pivot;
                }
                b[i] -= factor * b[k];
            }
        }
        for k in (0..n).rev() {
            let rest: f64 = (k + 1..n).map(|j| a[k][j] * b[j]).sum();
            b[k] = (b[k] - rest) / a[k][k];
        }
        b
    }

    fn sum(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    proptest! {
        /// The textbook formulas, written out, for the observed and for one believed point.
        #[test]
        fn agrees_with_a_dense_solve(
            rows in prop::collection::vec((0usize..3, 0usize..2, 0usize..4, -2.0..2.0), 2..14),
            believed in (0usize..3, 0usize..2, 0usize..4),
            asked in (0usize..3, 0usize..2, 0usize..4),
        ) {
            let options = |arity: usize| (0..arity).map(|o| format!("o{o}"));
            let schema = Schema::new(vec![
                Decision::new("a", "", options(3)),
                Decision::new("b", "", options(2)),
                Decision::new("c", "", options(4)),
            ]).expect("a right schema");
            let layout = Layout::of(&schema);
            let mut kernel = Kernel::prior(&layout);
            (kernel.ln_weight, kernel.ln_noise) = (-0.4, -3.0);
            kernel.ln_ratios = vec![0.2, -0.3, 0.1];
            let x: Vec<[usize; 3]> = rows.iter().map(|r| [r.0, r.1, r.2]).collect();
            let y: Vec<f64> = rows.iter().map(|r| r.3).collect();
            let (believed, asked) = ([believed.0, believed.1, believed.2], [asked.0, asked.1, asked.2]);
            let weights = [0.2f64, -0.3, 0.1].map(|ratio| (ratio - 0.4).exp());
            let alike = |a: &[usize; 3], b: &[usize; 3]| {
                let apart = (0..3).filter(|&d| a[d] != b[d]).map(|d| weights[d]);
                (-apart.sum::<f64>()).exp()
            };
            let covariance = |x: &[[usize; 3]]| -> Vec<Vec<f64>> {
                (0..x.len()).map(|i| (0..x.len()).map(|j| {
                    alike(&x[i], &x[j]) + if i == j { kernel.noise() } else { 0.0 }
                }).collect()).collect()
            };
            let n = y.len() as f64;
            let by_ones = dense_solve(covariance(&x), vec![1.0; x.len()]);
            let mean = sum(&by_ones, &y) / by_ones.iter().sum::<f64>();
            let left: Vec<f64> = y.iter().map(|y| y - mean).collect();
            let pull = dense_solve(covariance(&x), left.clone());
            let variance = (sum(&left, &pull) + 2.0) / (n + 2.0);
            let ask = |x: &[[usize; 3]]| -> Vec<f64> { x.iter().map(|x| alike(x, &asked)).collect() };
            let deviation = |x: &[[usize; 3]]| {
                let explained = sum(&ask(x), &dense_solve(covariance(x), ask(x)));
                (variance * (1.0 - explained)).max(0.0).sqrt()
            };
            let points = Points::collect(3, x.iter().map(|row| &row[..]));
            let mut process = GaussianProcess::new(&layout, &kernel, points, &y);
            let question = Points::collect(3, [&asked[..]]);
            let found = process.predict(&question)[0];
            assert_relative_eq!(found.mean, mean + sum(&ask(&x), &pull), epsilon = 1e-8);
            assert_relative_eq!(found.deviation, deviation(&x), epsilon = 1e-7);
            let mut all = Points::new(3);
            for at in 0..24 {
                all.push(&[at % 3, at / 3 % 2, at / 6]);
            }
            for care in [1.0, 4.0] {
                let best = y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let worth: Vec<f64> = process.predict(&all).into_iter().map(|belief| {
                    let deviation = care * belief.deviation;
                    expected_improvement(Belief { deviation, ..belief }, best)
                }).collect();
                let most = worth.iter().copied().fold(0.0, f64::max);
                let first = worth.iter().position(|&it| it == most).unwrap_or(0);
                prop_assert_eq!(process.most_promising(&all, best, care), Some((first, most)));
            }
            process.believe(&believed);
            let found = process.predict(&question)[0];
            let with_believed = [&x[..], &[believed]].concat();
            assert_relative_eq!(found.mean, mean + sum(&ask(&x), &pull), epsilon = 1e-8);
            assert_relative_eq!(found.deviation, deviation(&with_believed), epsilon = 1e-7);
        }
    }
}
