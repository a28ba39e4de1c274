//! The engine's own tables and their defaults.

use std::path::PathBuf;

use nasfw_device::Device;
use nasfw_network::fit::{RateStage, Rates};
use nasfw_sdk::{Decay, Optimiser};
use serde::{Deserialize, Serialize};

/// The size of the search, and how it is computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Architectures to try in all, at least 1.
    pub trials: u64,
    /// The seed that every random decision descends from; below 2^63, the range of a TOML integer.
    pub seed: u64,
    /// Architectures per round, 1 to 1000: all are proposed before the first of them is learned
    /// from, and may be evaluated in parallel. The result of a search depends on it.
    pub round: u64,
    /// Worker processes that evaluate architectures, 0 to 256; 0 evaluates them in the program
    /// itself, without isolation. The result does not depend on it.
    pub workers: usize,
    /// Threads per worker; 0 divides the cores evenly. The result does not depend on it.
    pub threads: usize,
    /// `cpu`, or in a program built with CUDA `cuda:N`; `cuda` is `cuda:0`.
    pub device: Device,
    /// Memory limit per worker in MiB; 0 means no limit. Architectures estimated to need more are
    /// not tried, and a worker that exceeds it fails its trial.
    pub memory_limit_mb: u64,
    /// Time limit in seconds for evaluating one architecture; 0 means no limit. With a limit,
    /// results depend on the clock.
    pub trial_timeout_secs: u64,
    /// Retries of a trial whose worker crashed, ran into a limit or was killed, 0 to 100.
    pub retries: u64,
    /// Ends the search after this many consecutive trials that fail for one reason; 0 means never.
    pub max_failures_in_row: u64,
    /// The outcome reported to the controller for a failed trial.
    pub on_failure: OnFailure,
    /// Draws again, up to 100 times, when the controller proposes a network that the run has tried
    /// before; if it still does, or with `false`, the network is evaluated again with another seed.
    pub distinct: bool,
    /// Architectures to try first, as genotypes of the search space: known good ones, such as the
    /// best of another task. The controller learns from their rewards.
    pub prior: Vec<String>,
    /// Share of the trials that evaluate one of the most promising architectures again, with another
    /// seed, 0 to 0.5. They are spread over the search from the 20th trial on, so that longer searches
    /// begin as shorter ones.
    pub repeats: f64,
    /// A controller that searches as well, after the run's own, with the same settings and number of
    /// trials, into the folder `baseline` of the run: usually `random`, so that a report shows what
    /// the controller is worth.
    pub baseline: Option<String>,
}

/// The outcome reported to the controller for a failed trial. Neither is a reward of 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Reports the failure without any reward; no built-in controller learns from it.
    #[default]
    Skip,
    /// The lowest reward of any trial so far, as if this one had earned it; before there is one, as
    /// `skip`.
    Worst,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            trials: 2000,
            seed: 0,
            round: 4,
            workers: 1,
            threads: 0,
            device: Device::Cpu,
            memory_limit_mb: 0,
            trial_timeout_secs: 0,
            retries: 1,
            max_failures_in_row: 10,
            on_failure: OnFailure::default(),
            distinct: true,
            prior: Vec::new(),
            repeats: 0.1,
            baseline: None,
        }
    }
}

/// The split of the training images into those trained on (meta-train) and those that rewards are
/// measured on (meta-val).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaConfig {
    /// Share of the images that rewards are measured on, between 0 and 1, drawn by the seed.
    pub val_share: f64,
}

impl Default for MetaConfig {
    fn default() -> Self {
        Self { val_share: 0.1 }
    }
}

/// The source of the encoder's weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    /// A safetensors file of weights that the encoder starts the warm-up from, in nasfw's names,
    /// torchvision's or timm's; without one they are drawn at random. `warmup.epochs = 0` uses them
    /// as they are, without a teacher.
    pub weights: Option<PathBuf>,
}

/// The warm-up of the encoder before the search, under a plain decoder; it starts from
/// `encoder.weights` if given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmupConfig {
    /// Passes over the samples, up to 10,000,000; 0 leaves the encoder as it was drawn.
    pub epochs: usize,
    /// Batch size, 1 to 4096.
    pub batch: usize,
    /// Learning rate of Adam, above 0.
    pub lr: f64,
    /// L2 penalty added to the gradient, 0 or more.
    pub weight_decay: f64,
    /// Training samples per pass; 0 means each image once. Above the number of images, images
    /// repeat with a new augmentation.
    pub samples: usize,
    /// Images are scaled so that their shorter side has this length, 1 to 4096.
    pub shorter_side_px: usize,
    /// Side of the square crop, 1 to 4096.
    pub crop_px: usize,
    /// Channels of the plain decoder, 1 to 4096.
    pub width: usize,
}

impl Default for WarmupConfig {
    fn default() -> Self {
        Self {
            epochs: 30,
            batch: 32,
            lr: 1e-3,
            weight_decay: 1e-5,
            samples: 0,
            shorter_side_px: 400,
            crop_px: 350,
            width: 64,
        }
    }
}

/// Distillation of a teacher into the candidates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherConfig {
    /// Use the warm-up network as the teacher in stages that ask for distillation.
    pub enabled: bool,
}

impl Default for TeacherConfig {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// The cache of encoder outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeaturesConfig {
    /// Memory limit in MiB; samples beyond it are not used in stages on features.
    pub memory_limit_mb: u64,
    /// Memory in MiB that the cache may use on a device other than the CPU, so that steps upload
    /// nothing; whatever does not fit stays on the host.
    pub device_memory_mb: u64,
}

impl Default for FeaturesConfig {
    fn default() -> Self {
        Self {
            memory_limit_mb: 4096,
            device_memory_mb: 4096,
        }
    }
}

/// Learning-rate schedule of a full training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainDecay {
    /// Constant.
    Constant,
    /// Linear towards 0.
    Linear,
    /// Polynomial: `(1 - done / steps)^0.9`.
    Polynomial,
    /// In the stages of `train.stages`, for the encoder and the rest separately.
    Staged,
}

/// Full, end-to-end training of one architecture by `train`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Passes over the samples, 1 to 10,000,000.
    pub epochs: usize,
    /// Training samples per pass; 0 means each image once. Above the number of images, images
    /// repeat with a new augmentation.
    pub samples: usize,
    /// Batch size, 1 to 4096.
    pub batch: usize,
    /// Images are scaled so that their shorter side has this length, 1 to 4096.
    pub shorter_side_px: usize,
    /// Side of the square crop, 1 to 4096.
    pub crop_px: usize,
    /// Bounds of the random scale of training images, relative to `shorter_side_px`: above 0, at
    /// most 16.
    pub scale: [f64; 2],
    /// Lower bound of the drawn scale, 0 to 16: smaller values are raised to it.
    pub scale_least: f64,
    /// The encoder's optimiser.
    pub encoder: Optimiser,
    /// The optimiser of the decoder and the auxiliary heads.
    pub decoder: Optimiser,
    /// Decay of both learning rates.
    pub decay: TrainDecay,
    /// Stages of `decay = "staged"`, in order.
    pub stages: Vec<RateStage>,
    /// Maximum gradient norm of each part of the network; 0 turns clipping off.
    pub clip_norm: f64,
    /// Weight of the loss of each auxiliary output, 0 or more; 0 turns them off.
    pub auxiliary: f64,
    /// A model folder of the same task and classes, whose outputs on the same crops are distilled.
    pub teacher: Option<PathBuf>,
    /// Weight of the squared distance to the teacher's outputs, 0 or more; 0 turns it off.
    pub distillation: f64,
    /// Decay of the Polyak average of the weights, which replaces them after every epoch: from 0 to
    /// below 1; 0 turns it off.
    pub polyak: f64,
    /// Epochs between evaluations on the validation split, at least 1; the last epoch is always
    /// evaluated.
    pub validate_every: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 100,
            samples: 0,
            batch: 32,
            shorter_side_px: 400,
            crop_px: 350,
            scale: [0.7, 1.4],
            scale_least: 1.0,
            encoder: Optimiser::Sgd {
                lr: 1e-3,
                momentum: 0.9,
                weight_decay: 1e-5,
            },
            decoder: Optimiser::Adam {
                lr: 3e-3,
                weight_decay: 1e-5,
            },
            decay: TrainDecay::Polynomial,
            stages: Vec::new(),
            clip_norm: 3.0,
            auxiliary: 0.15,
            teacher: None,
            distillation: 0.3,
            polyak: 0.99,
            validate_every: 1,
        }
    }
}

impl TrainConfig {
    /// `decay` and `stages` as the training loop takes them.
    pub fn rates(&self) -> Rates<'_> {
        match self.decay {
            TrainDecay::Constant => Rates::Decay(Decay::Constant),
            TrainDecay::Linear => Rates::Decay(Decay::Linear),
            TrainDecay::Polynomial => Rates::Decay(Decay::Polynomial),
            TrainDecay::Staged => Rates::Staged(&self.stages),
        }
    }
}
