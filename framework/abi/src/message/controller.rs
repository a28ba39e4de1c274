//! Messages of controllers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::finite::{list, maybe, one};
use super::{Drawn, Generator};
use nasfw_sdk::choices::Schema;

/// Configuration of `create`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Make {
    /// The settings; what is left out has its default.
    pub settings: Value,
    /// The decisions that proposals obey.
    pub schema: Schema,
    /// Generator of the initial weights.
    pub rng: Generator,
}

/// Reply of `create`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Made {
    /// True if it has a policy: it answers `probabilities` and `log_prob`.
    #[serde(default)]
    pub policy: bool,
    /// Position of the generator after the call.
    #[serde(flatten)]
    pub drawn: Drawn,
}

/// Request of `propose`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Propose {
    /// Generator that the proposal is drawn from.
    pub rng: Generator,
}

/// Reply of `propose`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Proposed {
    /// One option per decision.
    pub choices: Vec<usize>,
    /// Natural logarithm of the probability it was drawn with; null where there is no policy.
    #[serde(default, with = "maybe")]
    pub log_prob: Option<f64>,
    /// Position of the generator after the call.
    #[serde(flatten)]
    pub drawn: Drawn,
}

/// Request of `observe`; the reply is [`Drawn`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Observe {
    /// The proposal.
    pub choices: Vec<usize>,
    /// Natural logarithm of the probability it was drawn with; null where there is no policy.
    #[serde(default, with = "maybe")]
    pub log_prob: Option<f64>,
    /// Its outcome.
    pub outcome: Outcome,
    /// Generator of an update's randomness.
    pub rng: Generator,
}

/// Outcome of a proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Outcome {
    /// It has a reward.
    Scored {
        /// In [0, 1], higher better.
        #[serde(with = "one")]
        reward: f64,
    },
    /// It could not be evaluated.
    Failed {
        /// Why, for logs.
        reason: String,
    },
}

/// Request of `probabilities`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prefix {
    /// The options of the first decisions.
    pub prefix: Vec<usize>,
}

/// Reply of `probabilities`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Probabilities {
    /// One per option of the next decision.
    #[serde(with = "list")]
    pub probabilities: Vec<f64>,
}

/// Request of `log_prob`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfChoices {
    /// One option per decision.
    pub choices: Vec<usize>,
}

/// Reply of `log_prob`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogProb {
    /// Natural logarithm of the probability of proposing them.
    #[serde(with = "one")]
    pub log_prob: f64,
}
