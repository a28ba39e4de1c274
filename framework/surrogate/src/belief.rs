//! What a model says of an architecture.

/// What a model believes of the reward of one architecture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    /// The expected reward.
    pub mean: f64,
    /// Its standard deviation, without the noise of a single trial.
    pub deviation: f64,
}
