//! Messages of tasks, their scorers and their data.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::finite::one;
use crate::truth::Truths;
use nasfw_sdk::label::{DataInfo, LabelKind};
use nasfw_sdk::metrics::Metrics;
use nasfw_sdk::task::{Loss, Split};

/// Configuration of `create`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Make {
    /// The settings; what is left out has its default.
    pub settings: Value,
}

/// Reply of `create`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    /// The kind of truth it needs.
    pub labels: LabelKind,
    /// The loss that trains for it.
    pub loss: Loss,
    /// Names of the metrics to show first.
    pub headline: Vec<String>,
    /// Its own data, if it has any.
    #[serde(default)]
    pub data: Option<TaskData>,
}

/// The data that a task brings itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskData {
    /// Names and symmetries of classes or joints.
    pub info: DataInfo,
    /// Samples to learn from.
    pub train: usize,
    /// Samples of the validation split.
    pub val: usize,
    /// Changes exactly when the data does.
    pub fingerprint: String,
    /// One line for people.
    pub description: String,
}

/// Request of `output_channels` and `scorer`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfData {
    /// Description of the data set.
    pub info: DataInfo,
}

/// Reply of `output_channels`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Channels {
    /// Channels of the network's output.
    pub channels: usize,
}

/// Reply of `scorer`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Handle {
    /// The new instance.
    pub handle: u64,
}

/// Request of `reward`. Reply of a scorer's `metrics`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfMetrics {
    /// By name.
    pub metrics: Metrics,
}

/// Reply of `reward`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reward {
    /// In [0, 1], higher better.
    #[serde(with = "one")]
    pub reward: f64,
}

/// Request of `custom_loss`: outputs `(batch, height, width, channels)`, labels of that size.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// Images.
    pub batch: usize,
    /// Rows of an output.
    pub height: usize,
    /// Columns of an output.
    pub width: usize,
    /// Channels of an output.
    pub channels: usize,
    /// Meaning of the numbers of the second slice.
    pub truth: Truths,
}

/// Reply of `custom_loss`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CustomLoss {
    /// The loss of the batch.
    #[serde(with = "one")]
    pub loss: f64,
}

/// Request of `sample_size`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// The split it is in.
    pub split: Split,
    /// Index of the sample, from 0.
    pub index: usize,
}

/// Reply of `sample_size`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Size {
    /// Columns of the image.
    pub width: usize,
    /// Rows of the image.
    pub height: usize,
}

/// Request of `fill`: an image of bytes `(height, width, 3)`, and its label.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fill {
    /// The split it is in.
    pub split: Split,
    /// Index of the sample, from 0.
    pub index: usize,
    /// Required meaning of the numbers of the second slice.
    pub truth: Truths,
}

/// Reply of `fill`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Filled {
    /// For keypoints, the length that errors are measured by; else 0.
    #[serde(default)]
    pub reference_px: f32,
}

/// Request of a scorer's `add`: outputs `(height, width, channels)`, one label.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scored {
    /// Rows of the output.
    pub height: usize,
    /// Columns of the output.
    pub width: usize,
    /// Channels of the output.
    pub channels: usize,
    /// Width and height in pixels of the image that the network was given.
    pub image_size_px: (usize, usize),
    /// Meaning of the numbers of the second slice.
    pub truth: Truths,
}
