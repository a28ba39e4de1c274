//! Reliability of rewards: rank correlations and spreads, with intervals.

use std::fmt;

/// Standard deviations to each side that hold 95 % of a normal distribution.
pub(crate) const INTERVAL: f64 = 1.959_964;

/// A rank correlation of pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankCorrelation {
    /// Spearman's ρ.
    pub rho: f64,
    /// The number of pairs.
    pub pairs: usize,
    /// The interval that holds the true one with a probability of about 95 %; from 4 pairs on.
    pub interval: Option<(f64, f64)>,
}

impl RankCorrelation {
    /// Spearman's ρ: the correlation of ranks, equal values having the mean of theirs. `None` for
    /// fewer than 3 pairs, and where all values of one side are equal.
    ///
    /// The interval is Fisher's, of atanh ρ, with the standard error √((1 + ρ²/2)/(n − 3)) (Bonett &
    /// Wright 2000).
    pub fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        if pairs.len() < 3 {
            return None;
        }
        let one: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
        let other: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
        let rho = correlation(&ranks(&one), &ranks(&other))?;
        let n = pairs.len() as f64;
        let interval = (pairs.len() > 3).then(|| {
            let error = ((1.0 + rho * rho / 2.0) / (n - 3.0)).sqrt();
            let middle = rho.clamp(-1.0, 1.0).atanh();
            let end = |by: f64| (middle + by * INTERVAL * error).tanh();
            (end(-1.0), end(1.0))
        });
        Some(Self {
            rho,
            pairs: pairs.len(),
            interval,
        })
    }
}

impl fmt::Display for RankCorrelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.rho)?;
        if let Some((low, high)) = self.interval {
            write!(f, ", 95 % interval {low:.2} to {high:.2}")?;
        }
        write!(f, ", n = {}", self.pairs)
    }
}

/// The spread of values of one thing, pooled over several things.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The standard deviation within a group: √(Σ squared distances from group means / degrees of
    /// freedom).
    pub deviation: f64,
    /// Groups with at least two values.
    pub groups: usize,
    /// Values in them.
    pub values: usize,
}

impl Spread {
    /// The spread within `groups`; `None` where none has two values.
    pub fn within(groups: &[Vec<f64>]) -> Option<Self> {
        let usable = groups.iter().filter(|group| group.len() > 1);
        let (mut squares, mut count, mut values) = (0.0, 0, 0);
        for group in usable {
            let mean = group.iter().sum::<f64>() / group.len() as f64;
            squares += group
                .iter()
                .map(|value| (value - mean).powi(2))
                .sum::<f64>();
            count += 1;
            values += group.len();
        }
        let freedom = values - count;
        (freedom > 0).then(|| Self {
            deviation: (squares / freedom as f64).sqrt(),
            groups: count,
            values,
        })
    }
}

/// Ranks from 1, equal values having the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let same = order[first..]
            .iter()
            .take_while(|&&at| values[at] == values[order[first]]);
        let count = same.count().max(1);
        for &at in &order[first..first + count] {
            ranks[at] = first as f64 + (count as f64 + 1.0) / 2.0;
        }
        first += count;
    }
    ranks
}

/// Pearson's correlation; `None` where one side has no spread.
fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (x_mean, y_mean) = (mean(x), mean(y));
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        x.iter()
            .zip(y)
            .map(|(x, y)| f(x - x_mean, y - y_mean))
            .sum()
    };
    let (xx, yy) = (sum(&|x, _| x * x), sum(&|_, y| y * y));
    (xx > 0.0 && yy > 0.0).then(|| sum(&|x, y| x * y) / (xx * yy).sqrt())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64) {
        assert!(
            (value - expected).abs() < 5e-7,
            "{value}, expected {expected}"
        );
    }

    #[test]
    fn ranks_correlate_as_published() {
        // Hours of television against intelligence, the worked example of many textbooks: −29/165.
        let iq = [
            106.0, 100.0, 86.0, 101.0, 99.0, 103.0, 97.0, 113.0, 112.0, 110.0,
        ];
        let hours = [7.0, 27.0, 2.0, 50.0, 28.0, 29.0, 20.0, 12.0, 6.0, 17.0];
        let pairs: Vec<(f64, f64)> = iq.into_iter().zip(hours).collect();
        let found = RankCorrelation::of(&pairs).unwrap();
        close(found.rho, -29.0 / 165.0);
        // tanh(atanh ρ ± 1.96·√((1 + ρ²/2)/7)), computed apart.
        let (low, high) = found.interval.unwrap();
        close(low, -0.727_830_0);
        close(high, 0.514_546_7);
        assert_eq!(
            found.to_string(),
            "-0.18, 95 % interval -0.73 to 0.51, n = 10"
        );
    }

    #[test]
    fn equal_values_share_their_ranks() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0, 3.0]), [4.0, 1.0, 4.0, 2.0, 4.0]);
        assert_eq!(RankCorrelation::of(&[(1.0, 2.0); 5]), None);
        assert_eq!(RankCorrelation::of(&[(1.0, 2.0), (2.0, 3.0)]), None);
        let monotone: Vec<(f64, f64)> =
            (0..9).map(|x| (f64::from(x), f64::from(x).exp())).collect();
        close(RankCorrelation::of(&monotone).unwrap().rho, 1.0);
    }

    #[test]
    fn a_spread_is_within_groups() {
        let found = Spread::within(&[vec![1.0, 3.0], vec![10.0, 12.0, 14.0], vec![5.0]]).unwrap();
        // (1 + 1 + 4 + 0 + 4) / (5 − 2)
        close(found.deviation, (10.0f64 / 3.0).sqrt());
        assert_eq!((found.groups, found.values), (2, 5));
        assert_eq!(Spread::within(&[vec![1.0], vec![]]), None);
    }
}
