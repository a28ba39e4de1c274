//! Messages of reward schedules.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::finite::{list, one};
use super::{Drawn, Generator};
use nasfw_sdk::graph::Cost;
use nasfw_sdk::schedule::Stage;

/// Configuration of `create`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Make {
    /// The settings; what is left out has its default.
    pub settings: Value,
}

/// Reply of `create`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    /// The stages in order.
    pub stages: Vec<Stage>,
}

/// Request of `verdict`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ask {
    /// The stage just gone through.
    pub stage: usize,
    /// The reward it gave.
    #[serde(with = "one")]
    pub reward: f64,
    /// Generator of random decisions.
    pub rng: Generator,
}

/// Reply of `verdict`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The decision about the next stage.
    pub go_on: bool,
    /// Position of the generator after the call.
    #[serde(flatten)]
    pub drawn: Drawn,
}

/// Request of `reward`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rewards {
    /// The reward of each stage gone through.
    #[serde(with = "list")]
    pub stage_rewards: Vec<f64>,
    /// Cost of the network on an image of the last stage's crop.
    pub cost: Cost,
}

/// Reply of `reward`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    /// The reward that the controller receives.
    #[serde(with = "one")]
    pub reward: f64,
}
