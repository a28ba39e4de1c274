//! The architectures that may be the best of a run.

use serde::{Deserialize, Serialize};

/// Architectures of a run by what a model of all its complete trials expects of them, the best
/// first.
///
/// The highest of many noisy rewards is most likely a lucky one. The model (a Gaussian process over
/// choices, [`nasfw_surrogate::recommend`]) weighs an architecture's own rewards against those of
/// similar ones, so its expectation is less so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contenders {
    /// The finished trials of the run when this was computed.
    pub trials: u64,
    /// Correlation that is expected of two evaluations of one architecture: the share of the
    /// variance of rewards that is not noise, 0 to 1.
    pub repeatability: f64,
    /// The best ones, at least one.
    pub ranked: Vec<Contender>,
}

/// An architecture that may be the best.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contender {
    /// The first complete trial with it.
    pub trial: u64,
    /// The number of complete trials with it.
    pub evaluations: u64,
    /// The mean of their rewards.
    pub observed: f64,
    /// The reward that is expected of it.
    pub expected: f64,
    /// Standard deviation of that.
    pub deviation: f64,
    /// Lower end of the interval that holds its reward, without noise, with a probability of 95 %; at least
    /// 0, as rewards are.
    pub low: f64,
    /// Upper end of that interval, at most 1.
    pub high: f64,
}
