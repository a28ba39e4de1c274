//! The best of the architectures tried, once noise is taken off.

use std::collections::BTreeMap;

use nasfw_sdk::{Choices, Schema};

use crate::average;
use crate::layout::Layout;
use crate::points::Points;
use crate::scale::Scale;

/// Trials that the model is made of at most: the best and the latest.
const TRIALS: usize = 600;
/// Trials that kernels are weighed by at most: there are many to weigh.
const FIT_TRIALS: usize = 300;
/// Architectures that compete to be recommended.
const RIVALS: usize = 3;
/// The first trial that may evaluate an architecture again.
pub const FIRST_REPEAT: u64 = 20;
/// Standard deviations to each side that hold 95 % of a normal distribution.
const INTERVAL: f64 = 1.959_964;

/// What the trials of an architecture, and of those like it, say of its reward.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The architecture.
    pub choices: Choices,
    /// How often it was tried.
    pub trials: usize,
    /// The mean of its rewards as they were.
    pub observed: f64,
    /// The expected reward.
    pub mean: f64,
    /// Standard deviation of that, without the noise of a trial.
    pub deviation: f64,
}

impl Estimate {
    /// The interval that holds its reward with a probability of 95 %.
    pub fn interval(&self) -> (f64, f64) {
        let half = INTERVAL * self.deviation;
        (self.mean - half, self.mean + half)
    }
}

/// Estimates of all architectures tried, and the best of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// In the order in which they were first tried.
    pub estimates: Vec<Estimate>,
    /// Index of the one whose expected reward is highest; of equals the first.
    pub best: usize,
    /// Correlation that is expected of two trials of one architecture: the share of the rewards'
    /// variance that is no noise.
    pub repeatability: f64,
}

impl Recommendation {
    /// Indices of the estimates, the highest expected reward first; of equals the earlier.
    pub fn ranked(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.estimates.len()).collect();
        order.sort_by(|&a, &b| self.estimates[b].mean.total_cmp(&self.estimates[a].mean));
        order
    }

    /// The architecture to evaluate again, so that the best is told from lucky ones: of the best few that
    /// `is_allowed` holds for, the one with the fewest trials; of equals the one expected to be better.
    pub fn to_repeat(&self, mut is_allowed: impl FnMut(&Choices) -> bool) -> Option<&Choices> {
        let ranked = self.ranked().into_iter().map(|at| &self.estimates[at]);
        let best = ranked.filter(|it| is_allowed(&it.choices)).take(RIVALS);
        best.min_by_key(|it| it.trials).map(|it| &it.choices)
    }
}

/// True for the trials that evaluate an architecture again, counted from 0: of the first n trials, the
/// `share` of n, rounded down. The first [`FIRST_REPEAT`] trials never do, as too little is known.
pub fn is_repeat(trial: u64, share: f64) -> bool {
    let due = |trials: u64| (trials as f64 * share).floor();
    trial >= FIRST_REPEAT && due(trial + 1) > due(trial)
}

/// Estimates the reward of every architecture tried, by a Gaussian process over all trials, whichever
/// controller chose them; none where no reward is finite.
///
/// Its kernel is exp(−w·d), where d is the number of decisions that differ, averaged over w and noise by
/// their likelihood. One kernel with a weight for each decision and option, the most probable, takes noise for
/// something to learn: it guides a search well, but believes the luckiest trial.
///
/// The best reward of many noisy ones is most likely a lucky one; the best estimate is less so.
/// An expected reward below the fence of [`Scale`] is too high: those far behind are not told apart.
pub fn recommend(schema: &Schema, trials: &[(Choices, f64)]) -> Option<Recommendation> {
    let usable = |(choices, reward): &&(Choices, f64)| {
        reward.is_finite() && schema.choices(choices.to_vec()).is_ok()
    };
    let trials: Vec<&(Choices, f64)> = trials.iter().filter(usable).collect();
    let rewards: Vec<f64> = trials.iter().map(|(_, reward)| *reward).collect();
    let scale = Scale::of(&rewards);
    let chosen = |most: usize| {
        let chosen = Scale::telling(&rewards, most);
        let rows = chosen.iter().map(|&at| &*trials[at].0);
        let y: Vec<f64> = chosen
            .iter()
            .map(|&at| scale.standardise(rewards[at]))
            .collect();
        (Points::collect(schema.len(), rows), y)
    };
    let layout = Layout::of(schema);
    let (points, y) = chosen(FIT_TRIALS);
    let candidates = average::candidates(&layout, &points, &y);
    let (points, y) = chosen(TRIALS);
    let mut estimates = tried(&trials);
    let rows = estimates.iter().map(|estimate| &*estimate.choices);
    let asked = Points::collect(schema.len(), rows);
    let beliefs = average::predict(&layout, &candidates, &points, &y, &asked);
    for (estimate, belief) in estimates.iter_mut().zip(beliefs) {
        estimate.mean = scale.reward(belief.mean);
        estimate.deviation = scale.spread(belief.deviation);
    }
    let better = |best: usize, at: usize| {
        if estimates[at].mean > estimates[best].mean {
            at
        } else {
            best
        }
    };
    let best = (0..estimates.len()).reduce(better)?;
    Some(Recommendation {
        best,
        estimates,
        repeatability: candidates
            .iter()
            .map(|it| it.probability / (1.0 + it.kernel.noise()))
            .sum(),
    })
}

/// The architectures in the order in which they were first tried, with what was observed.
fn tried(trials: &[&(Choices, f64)]) -> Vec<Estimate> {
    let mut places = BTreeMap::new();
    let mut estimates: Vec<Estimate> = Vec::new();
    for (choices, reward) in trials {
        let place = *places.entry(choices).or_insert(estimates.len());
        match estimates.get_mut(place) {
            Some(estimate) => {
                estimate.trials += 1;
                estimate.observed += (reward - estimate.observed) / estimate.trials as f64;
            }
            None => estimates.push(Estimate {
                choices: choices.clone(),
                trials: 1,
                observed: *reward,
                mean: *reward,
                deviation: 0.0,
            }),
        }
    }
    estimates
}

#[cfg(test)]
mod tests {
    use super::*;
    use nasfw_sdk::Decision;

    /// All architectures of four decisions, with rewards that add up and some noise.
    fn trials(schema: &Schema, noise: f64) -> nasfw_sdk::Result<Vec<(Choices, f64)>> {
        (0..81usize)
            .map(|i| {
                let row = [i % 3, i / 3 % 3, i / 9 % 3, i / 27];
                let reward = 0.1 * row.iter().sum::<usize>() as f64;
                let luck = noise * (12.9898 * (i * i) as f64).sin();
                Ok((schema.choices(row)?, reward + luck))
            })
            .collect()
    }

    #[test]
    fn the_least_tried_of_the_best_is_tried_again() -> nasfw_sdk::Result<()> {
        let schema = Schema::new(vec![Decision::new("a", "", ["0", "1", "2", "3", "4"])])?;
        let estimate = |(option, mean, trials): (usize, f64, usize)| {
            let choices = schema.choices([option])?;
            let (observed, deviation) = (mean, 0.1);
            Ok(Estimate {
                choices,
                trials,
                observed,
                mean,
                deviation,
            })
        };
        let of = [
            (0, 0.1, 1),
            (1, 0.9, 3),
            (2, 0.7, 2),
            (3, 0.8, 2),
            (4, 0.2, 1),
        ];
        let found = Recommendation {
            estimates: of
                .into_iter()
                .map(estimate)
                .collect::<nasfw_sdk::Result<_>>()?,
            best: 1,
            repeatability: 0.5,
        };
        let without = |left_out: &[usize]| {
            let choices = found.to_repeat(|it| !left_out.contains(&it[0]));
            choices.map(|it| it[0])
        };
        assert_eq!(without(&[]), Some(3));
        assert_eq!(without(&[3]), Some(4));
        assert_eq!(without(&[0, 1, 2, 3, 4]), None);
        let repeats: Vec<u64> = (0..60).filter(|&trial| is_repeat(trial, 0.1)).collect();
        assert_eq!(repeats, [29, 39, 49, 59]);
        assert!((0..60).all(|trial| !is_repeat(trial, 0.0)));
        Ok(())
    }

    #[test]
    fn the_luckiest_is_recommended_only_where_there_is_no_luck() -> nasfw_sdk::Result<()> {
        let decision = |at: usize| Decision::new(format!("d{at}"), "", ["x", "y", "z"]);
        let schema = Schema::new((0..4).map(decision).collect())?;
        let clear = recommend(&schema, &trials(&schema, 0.0)?).expect("there are rewards");
        assert_eq!(*clear.estimates[clear.best].choices, [2, 2, 2, 2]);
        assert!(clear.repeatability > 0.99, "{}", clear.repeatability);
        let mut noisy = trials(&schema, 0.1)?;
        // A poor one that is said to be better than any.
        noisy[1].1 = 0.95;
        let found = recommend(&schema, &noisy).expect("there are rewards");
        let best = &found.estimates[found.best].choices;
        assert!(best.iter().sum::<usize>() >= 6, "{best:?}");
        assert!(found.repeatability < 0.95, "{}", found.repeatability);
        Ok(())
    }
}
