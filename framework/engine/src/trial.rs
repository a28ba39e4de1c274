//! The record of one evaluated architecture.

use std::cmp::Ordering;
use std::fmt;

use nasfw_sdk::{Cost, Metrics, Proposal, Schema};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

/// The record of one trial. As JSON it is one flat object, whose keys do not depend on how the
/// record is divided here.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The proposal of the controller.
    pub proposal: RecordedProposal,
    /// The result of evaluating it.
    pub evaluation: Evaluation,
    /// The reward reported to the controller; none for a failure.
    pub reward: Option<f64>,
}

/// A proposal as a run records it. It is read back without the search space, whose library may not
/// be loaded, so its choices are [checked](Self::checked) later.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedProposal {
    /// The architecture in the schema's sampling order.
    pub choices: Vec<usize>,
    /// Natural logarithm of the probability it was sampled with; none of a controller without a
    /// policy.
    pub log_prob: Option<f64>,
    /// Number of earlier trials of the run with the same network. Together with the run's seed it
    /// names the random streams of the evaluation, so a network's first evaluation is the same
    /// whichever controller proposed it, and when.
    pub repeat: u64,
}

/// The result of evaluating an architecture: everything in a trial that depends on no other trial
/// of its round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// The trial's id: its position in the run, from 0.
    pub id: u64,
    /// The architecture as text.
    pub genotype: String,
    /// Cost of the deployed network at the last stage's crop.
    pub cost: Cost,
    /// The reward after every completed stage.
    pub stage_rewards: Vec<f64>,
    /// Metrics of the last completed stage.
    pub metrics: Metrics,
    /// How it ended.
    pub ending: Ending,
    /// Wall-clock duration; the only field that depends on the clock.
    pub seconds: f64,
}

/// The ending of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ending {
    /// Completed all stages.
    Complete,
    /// Stopped by the schedule after an earlier stage.
    Stopped {
        /// The reason, for people.
        reason: String,
    },
    /// Could not be evaluated; such a trial has no reward.
    Failed {
        /// The reason, for people.
        reason: String,
    },
}

/// An [`Ending`] without its reason, to count and compare trials by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Completed all stages.
    Complete,
    /// Stopped by the schedule after an earlier stage.
    Stopped,
    /// Could not be evaluated.
    Failed,
}

impl Trial {
    /// Position in the run, from 0.
    pub fn id(&self) -> u64 {
        self.evaluation.id
    }

    /// The architecture as text.
    pub fn genotype(&self) -> &str {
        &self.evaluation.genotype
    }

    /// The status: complete, stopped or failed.
    pub fn status(&self) -> Status {
        self.evaluation.ending.status()
    }

    /// The reason of the stop or of the failure.
    pub fn reason(&self) -> Option<&str> {
        self.evaluation.ending.reason()
    }

    /// Learned parameters of the deployed network.
    pub fn params(&self) -> usize {
        self.evaluation.cost.params
    }

    /// Multiply-adds of its convolutions at the last stage's crop.
    pub fn macs(&self) -> u64 {
        self.evaluation.cost.macs
    }
}

impl RecordedProposal {
    /// The proposal, its choices checked against the schema of the search space.
    ///
    /// # Errors
    /// When the choices are not valid for the schema.
    pub fn checked(&self, schema: &Schema) -> nasfw_sdk::Result<Proposal> {
        Ok(Proposal {
            choices: schema.choices(self.choices.clone())?,
            log_prob: self.log_prob,
        })
    }
}

impl RecordedProposal {
    /// Records a proposal whose network `repeat` earlier trials have tried.
    pub fn new(proposal: &Proposal, repeat: u64) -> Self {
        Self {
            choices: proposal.choices.to_vec(),
            log_prob: proposal.log_prob,
            repeat,
        }
    }
}

impl Evaluation {
    /// An evaluation that has just begun, for results to be filled in. It counts as failed until
    /// its ending is known, so that one that is cut short is never taken for complete.
    pub(crate) fn begun(id: u64) -> Self {
        Self {
            id,
            genotype: String::new(),
            cost: Cost::default(),
            stage_rewards: Vec::new(),
            metrics: Metrics::default(),
            ending: Ending::Failed {
                reason: "the evaluation did not end".into(),
            },
            seconds: 0.0,
        }
    }
}

impl Ending {
    /// The ending without its reason.
    pub fn status(&self) -> Status {
        match self {
            Self::Complete => Status::Complete,
            Self::Stopped { .. } => Status::Stopped,
            Self::Failed { .. } => Status::Failed,
        }
    }

    /// The reason of the stop or of the failure.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Complete => None,
            Self::Stopped { reason } | Self::Failed { reason } => Some(reason),
        }
    }
}

impl Status {
    /// All of them, the best first.
    pub const ALL: [Self; 3] = [Self::Complete, Self::Stopped, Self::Failed];

    /// Its name, as it is stored and printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Trial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (proposal, evaluation) = (&self.proposal, &self.evaluation);
        let mut fields = serializer.serialize_struct("Trial", 13)?;
        fields.serialize_field("id", &evaluation.id)?;
        fields.serialize_field("genotype", &evaluation.genotype)?;
        fields.serialize_field("choices", &proposal.choices)?;
        match proposal.log_prob {
            Some(log_prob) => fields.serialize_field("log_prob", &log_prob)?,
            None => fields.skip_field("log_prob")?,
        }
        fields.serialize_field("repeat", &proposal.repeat)?;
        fields.serialize_field("status", &self.status())?;
        fields.serialize_field("stage_rewards", &evaluation.stage_rewards)?;
        fields.serialize_field("reward", &self.reward)?;
        fields.serialize_field("metrics", &evaluation.metrics)?;
        fields.serialize_field("params", &self.params())?;
        fields.serialize_field("macs", &self.macs())?;
        fields.serialize_field("seconds", &evaluation.seconds)?;
        fields.serialize_field("reason", &self.reason())?;
        fields.end()
    }
}

/// Compares two trials by worth, better is greater: complete beats stopped beats failed, then the
/// reward decides. Callers break ties; the earlier trial is the better one.
pub fn compare(one: &Trial, other: &Trial) -> Ordering {
    let rank = |t: &Trial| match t.status() {
        Status::Failed => 0,
        Status::Stopped => 1,
        Status::Complete => 2,
    };
    let reward = |t: &Trial| t.reward.unwrap_or(f64::NEG_INFINITY);
    let by_rank = rank(one).cmp(&rank(other));
    by_rank.then(reward(one).total_cmp(&reward(other)))
}

/// True if a trial is better than the best of those before it.
pub fn is_better(trial: &Trial, than: Option<&Trial>) -> bool {
    trial.status() != Status::Failed && than.is_none_or(|best| compare(trial, best).is_gt())
}

/// The best of some trials; `None` when none has a reward.
pub fn best(trials: &[Trial]) -> Option<&Trial> {
    trials.iter().fold(None, |best, trial| {
        if is_better(trial, best) {
            Some(trial)
        } else {
            best
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_one_flat_object() {
        let mut trial = Trial {
            proposal: RecordedProposal {
                choices: vec![1, 0],
                log_prob: Some(-0.5),
                repeat: 2,
            },
            evaluation: Evaluation {
                genotype: "g".into(),
                stage_rewards: vec![0.25],
                metrics: Metrics::new([("miou", 0.5)]).unwrap(),
                ending: Ending::Stopped {
                    reason: "low".into(),
                },
                ..Evaluation::begun(3)
            },
            reward: Some(0.25),
        };
        let before = r#"{"id":3,"genotype":"g","choices":[1,0],"#;
        let after = concat!(
            r#""repeat":2,"status":"stopped","stage_rewards":[0.25],"reward":0.25,"metrics":{"miou":0.5},"#,
            r#""params":0,"macs":0,"seconds":0.0,"reason":"low"}"#
        );
        let text = serde_json::to_string(&trial).unwrap();
        assert_eq!(text, format!(r#"{before}"log_prob":-0.5,{after}"#));
        trial.proposal.log_prob = None;
        let text = serde_json::to_string(&trial).unwrap();
        assert_eq!(text, format!("{before}{after}"));
    }

    #[test]
    fn an_ending_has_a_reason_exactly_where_there_is_one() {
        let read = |text: &str| serde_json::from_str::<Ending>(text);
        let failed = Ending::Failed { reason: "x".into() };
        let text = r#"{"failed":{"reason":"x"}}"#;
        assert_eq!(serde_json::to_string(&failed).unwrap(), text);
        assert_eq!(read(text).unwrap(), failed);
        assert_eq!(read(r#""complete""#).unwrap(), Ending::Complete);
        assert!(read(r#""failed""#).is_err());
        assert!(read(r#"{"complete":{"reason":"x"}}"#).is_err());
    }
}
