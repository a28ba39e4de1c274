//! Trials for the tests of sections.

use nasfw_engine::{Ending, Evaluation, RecordedProposal, Trial};
use nasfw_sdk::{Cost, Metrics};

/// A complete trial with this reward.
pub(super) fn trial(id: u64, reward: f64) -> Trial {
    Trial {
        proposal: RecordedProposal {
            choices: vec![0],
            log_prob: Some(-1.0),
            repeat: 0,
        },
        evaluation: Evaluation {
            id,
            genotype: format!("g{id}"),
            cost: Cost {
                params: 1000,
                macs: 2000,
                ..Cost::default()
            },
            stage_rewards: vec![reward],
            metrics: Metrics::default(),
            ending: Ending::Complete,
            seconds: 1.5,
        },
        reward: Some(reward),
    }
}

/// Makes a trial one that failed for this reason.
pub(super) fn fail(trial: &mut Trial, reason: &str) {
    trial.evaluation.ending = Ending::Failed {
        reason: reason.into(),
    };
    trial.reward = None;
}
