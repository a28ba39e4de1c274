//! The record of one evaluated architecture.

use std::fmt;

use nasfw_sdk::{Cost, Metrics};
use serde::{Deserialize, Serialize};

/// The outcome of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Completed all stages.
    Complete,
    /// Stopped by the schedule after an earlier stage.
    Stopped,
    /// Could not be evaluated; it has a reason and no reward.
    Failed,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Complete => "complete",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        })
    }
}

/// The record of one trial, as it is stored and printed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Position in the run, from 0.
    pub id: u64,
    /// The architecture as text.
    pub genotype: String,
    /// The architecture in the schema's sampling order.
    pub choices: Vec<usize>,
    /// Natural logarithm of the probability it was sampled with; none of a controller without a
    /// policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_prob: Option<f64>,
    /// Its outcome.
    pub status: Status,
    /// The reward after every completed stage.
    pub stage_rewards: Vec<f64>,
    /// The reward reported to the controller; none for a failure.
    pub reward: Option<f64>,
    /// Metrics of the last completed stage.
    pub metrics: Metrics,
    /// Learned parameters of the deployed network.
    pub params: usize,
    /// Multiply-adds of its convolutions at the last stage's crop.
    pub macs: u64,
    /// Wall-clock duration; the only field that depends on the clock.
    pub seconds: f64,
    /// Reason of the failure or of the stop.
    pub reason: Option<String>,
}

/// The result of evaluating an architecture: all fields of a trial that depend on no other trial of
/// its round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// The trial's id.
    pub id: u64,
    /// The architecture as text.
    pub genotype: String,
    /// Cost of the deployed network at the last stage's crop.
    pub cost: Cost,
    /// The reward after every completed stage.
    pub stage_rewards: Vec<f64>,
    /// Metrics of the last completed stage.
    pub metrics: Metrics,
    /// Reason why the schedule stopped it.
    pub stopped: Option<String>,
    /// Reason why it could not be evaluated.
    pub failed: Option<String>,
    /// Wall-clock duration.
    pub seconds: f64,
}
