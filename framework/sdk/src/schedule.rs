//! Reward schedules: the stages of an evaluation, and early stopping.

use serde::{Deserialize, Serialize};

use crate::State;
use crate::error::{Error, Result};
use crate::graph::Cost;
use crate::seed::Rng;

/// What a stage trains on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageInput {
    /// Outputs of the frozen encoder, computed once for a whole search: only the decoder trains.
    Features,
    /// Images: the whole network trains.
    Images,
}

/// The size at which the loss compares output and ground truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetScale {
    /// Ground truth at a quarter of the crop; outputs are resized to it.
    Quarter,
    /// Ground truth is resized to the output's own size.
    Output,
}

/// Decay of learning rates over a training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// None, as in the paper.
    #[default]
    Constant,
    /// Linear towards 0, useful for short trainings.
    Linear,
    /// Polynomial, `(1 - done / steps)^0.9`, common in full trainings for dense prediction.
    Polynomial,
}

impl Decay {
    /// The factor of a learning rate after `done` of `steps` steps.
    pub fn factor(self, done: usize, steps: usize) -> f64 {
        let left = 1.0 - done as f64 / steps.max(1) as f64;
        match self {
            Self::Constant => 1.0,
            Self::Linear => left,
            Self::Polynomial => left.max(0.0).powf(0.9),
        }
    }
}

/// One optimiser with its settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Optimiser {
    /// Adam (Kingma & Ba 2015) with β 0.9 and 0.999, ε 1e-8.
    Adam {
        /// Learning rate, 0 or more.
        lr: f64,
        /// L2 penalty added to the gradient, 0 or more.
        weight_decay: f64,
    },
    /// Stochastic gradient descent.
    Sgd {
        /// Learning rate, 0 or more.
        lr: f64,
        /// Momentum, from 0 to below 1; 0 for none.
        momentum: f64,
        /// L2 penalty added to the gradient, 0 or more.
        weight_decay: f64,
    },
}

/// One stage of evaluating an architecture: a short training, then a validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// The stage continues the training of the stage before it: weights, running statistics,
    /// optimisers, Polyak average, decay of learning rates and order of batches carry on as if both
    /// were one stage of as many epochs as they have together. All other values but `epochs` must
    /// then be those of the stage before ([`check_stages`](crate::check_stages)). Otherwise a stage
    /// begins a training of its own, at the weights of the stage before.
    #[serde(default, skip_serializing_if = "begins")]
    pub continues: bool,
    /// The inputs of the stage.
    pub source: StageInput,
    /// Training samples per pass; 0 means each image once. Above the number of images, images
    /// repeat with a new augmentation.
    pub samples: usize,
    /// Passes over the samples, 1 to 10,000,000.
    pub epochs: usize,
    /// Batch size, 1 to 4096.
    pub batch: usize,
    /// Images are scaled so that their shorter side has this length, 1 to 4096.
    pub shorter_side_px: usize,
    /// Side of the square crop, 1 to 4096.
    pub crop_px: usize,
    /// The optimiser of the decoder (and auxiliary heads).
    pub decoder: Optimiser,
    /// The optimiser of the encoder; ignored by a stage on `features`.
    pub encoder: Optimiser,
    /// Decay of both learning rates over the stage, or all stages of one training.
    #[serde(default)]
    pub decay: Decay,
    /// Maximum gradient norm of each part of the network; 0 turns clipping off.
    pub clip_norm: f64,
    /// Weight of the squared distance to the teacher's outputs, 0 or more; 0 turns it off.
    pub distillation: f64,
    /// Weight of the loss of each auxiliary output, 0 or more; 0 turns them off.
    pub auxiliary: f64,
    /// Decay of the Polyak average of the weights, from 0 to below 1; 0 turns it off.
    pub polyak: f64,
    /// Size at which output and ground truth are compared.
    pub targets: TargetScale,
}

impl Stage {
    /// Checks the range of every value; messages refer to the stage as `name`.
    ///
    /// # Errors
    /// Names the first value that is out of range, and its range.
    pub fn check(&self, name: &str) -> Result<()> {
        /// Maximum number of samples and epochs.
        const MAX: usize = 10_000_000;
        /// Maximum side length and batch.
        const MAX_AT_ONCE: usize = 4096;
        let wrong = |key: &str, value: &dyn ToString, expected: String| {
            Err(Error::invalid(
                format!("{name}.{key}"),
                value.to_string(),
                expected,
            ))
        };
        let counts = [
            ("samples", self.samples, 0, MAX),
            ("epochs", self.epochs, 1, MAX),
            ("batch", self.batch, 1, MAX_AT_ONCE),
            ("shorter_side_px", self.shorter_side_px, 1, MAX_AT_ONCE),
            ("crop_px", self.crop_px, 1, MAX_AT_ONCE),
        ];
        for (key, value, least, most) in counts {
            if !(least..=most).contains(&value) {
                return wrong(key, &value, format!("{least} to {most}"));
            }
        }
        if self.source == StageInput::Images && self.distillation > 0.0 {
            let expected = "0: only stages on features have a teacher's outputs".into();
            return wrong("distillation", &self.distillation, expected);
        }
        let (decoder, encoder) = (self.decoder.numbers(), self.encoder.numbers());
        let amounts = [
            ("decoder.lr", decoder[0]),
            ("decoder.weight_decay", decoder[1]),
            ("encoder.lr", encoder[0]),
            ("encoder.weight_decay", encoder[1]),
            ("clip_norm", self.clip_norm),
            ("distillation", self.distillation),
            ("auxiliary", self.auxiliary),
        ];
        for (key, value) in amounts {
            if !(value >= 0.0 && value.is_finite()) {
                return wrong(key, &value, "0 or more".into());
            }
        }
        let shares = [
            ("decoder.momentum", decoder[2]),
            ("encoder.momentum", encoder[2]),
            ("polyak", self.polyak),
        ];
        for (key, value) in shares {
            if !(0.0..1.0).contains(&value) {
                return wrong(key, &value, "from 0 to below 1".into());
            }
        }
        Ok(())
    }
}

/// Leaves `continues` out of what is written where it is false: configurations, results that are
/// kept and messages to libraries are then those of stages that cannot continue.
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn begins(continues: &bool) -> bool {
    !continues
}

impl Optimiser {
    /// Learning rate, weight decay, momentum.
    fn numbers(self) -> [f64; 3] {
        match self {
            Self::Adam { lr, weight_decay } => [lr, weight_decay, 0.0],
            Self::Sgd {
                lr,
                momentum,
                weight_decay,
            } => [lr, weight_decay, momentum],
        }
    }
}

/// The decision after a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Continue with the next stage.
    Continue,
    /// End the evaluation with the rewards so far.
    Stop,
}

/// Decides which stages an architecture goes through and which reward the controller receives.
/// Architectures are proposed in rounds and may be evaluated in parallel, in any order. So that the
/// order does not matter, each is evaluated with a copy of the schedule in its state when the round
/// was proposed ([`save`](RewardSchedule::save) and [`load`](RewardSchedule::load)). Afterwards the
/// schedule itself is asked for the same verdicts again, in the order of the trials, with the same
/// rewards and draws; the answers are ignored then, but its memory is updated. Failed trials are
/// left out.
///
/// A second stage for architectures that beat a threshold:
///
/// ```
/// use nasfw_sdk::{Result, RewardSchedule, Rng, Seed, Stage, State, Verdict, testing};
///
/// struct Above {
///     threshold: f64,
///     stages: [Stage; 2],
/// }
///
/// impl RewardSchedule for Above {
///     fn stages(&self) -> &[Stage] {
///         &self.stages
///     }
///
///     fn verdict(&mut self, _: usize, reward: f64, _: &mut Rng) -> Result<Verdict> {
///         let is_promising = reward > self.threshold;
///         Ok(if is_promising { Verdict::Continue } else { Verdict::Stop })
///     }
///
///     // There is no state to keep between trials.
///     fn save(&self) -> Result<State> {
///         State::write("schedule above", &())
///     }
///
///     fn load(&mut self, state: &State) -> Result<()> {
///         state.read("schedule above")
///     }
/// }
///
/// let make = || -> Result<Box<dyn RewardSchedule>> {
///     let stages = [Stage::decoder_only(), Stage::end_to_end()];
///     Ok(Box::new(Above { threshold: 0.3, stages }))
/// };
/// testing::check_schedule(&make, Seed(0)).expect("a conforming schedule");
/// ```
pub trait RewardSchedule {
    /// The stages in order, at least one. A stage may continue the training of the one before
    /// ([`Stage::continues`]), so that a verdict falls in the middle of a training.
    fn stages(&self) -> &[Stage];

    /// Decides after every stage but the last, by the reward just obtained. A copy is asked while
    /// the trial is evaluated, the schedule itself when the trial is learned from, in trial order.
    /// The answer must depend only on the schedule's state and these arguments.
    ///
    /// # Errors
    /// When the decision fails, which ends the search.
    fn verdict(&mut self, stage: usize, reward: f64, rng: &mut Rng) -> Result<Verdict>;

    /// Computes the reward reported to the controller, from the rewards of the completed stages
    /// (never empty) and the network's cost on an image of the last stage's crop; by default the
    /// last reward.
    ///
    /// A schedule that trades quality against cost does it here. Costs come from the graph alone: a
    /// measured time would differ from run to run, and searches would not be reproducible.
    ///
    /// # Errors
    /// When the decision fails, which ends the search.
    fn reward(&self, stage_rewards: &[f64], _cost: &Cost) -> Result<f64> {
        Ok(stage_rewards.last().copied().unwrap_or(0.0))
    }

    /// Saves everything needed to continue exactly.
    ///
    /// # Errors
    /// When the state cannot be written.
    fn save(&self) -> Result<State>;

    /// Continues from a saved state.
    ///
    /// # Errors
    /// When the state is damaged; `self` is then unchanged.
    fn load(&mut self, state: &State) -> Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decays_fall_as_their_formulas_say() {
        let factors = |decay: Decay| [0, 50, 100].map(|done| decay.factor(done, 100));
        assert_eq!(factors(Decay::Constant), [1.0; 3]);
        assert_eq!(factors(Decay::Linear), [1.0, 0.5, 0.0]);
        let [first, half, last] = factors(Decay::Polynomial);
        assert_eq!((first, last), (1.0, 0.0));
        assert!(
            (half - 0.535_886_731).abs() < 1e-9,
            "0.5 to the power of 0.9: {half}"
        );
    }
}
