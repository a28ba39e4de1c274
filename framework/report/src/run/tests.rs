//! Trials for the tests of sections.

use nasfw_engine::{Status, Trial};
use nasfw_sdk::Metrics;

/// A complete trial with this reward.
pub(super) fn trial(id: u64, reward: f64) -> Trial {
    Trial {
        id,
        genotype: format!("g{id}"),
        choices: vec![0],
        log_prob: Some(-1.0),
        status: Status::Complete,
        stage_rewards: vec![reward],
        reward: Some(reward),
        metrics: Metrics::default(),
        params: 1000,
        macs: 2000,
        seconds: 1.5,
        reason: None,
    }
}
