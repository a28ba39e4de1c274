//! Tasks: what is good.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::label::{DataInfo, Label, LabelKind};
use crate::metrics::Metrics;

/// The losses that the engine runs on the device.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Loss {
    /// Softmax cross-entropy, mean over the pixels whose label is not `ignore`.
    CrossEntropy {
        /// The label that does not count.
        ignore: u8,
    },
    /// Reverse Huber loss on depth in metres, mean over valid pixels (Laina et al. 2016, eq. 2):
    /// `e = |d − g|`, `c = 0.2 max e`; `e` if `e ≤ c`, else `(e² + c²) / 2c`.
    BerHu,
    /// Mean squared error against Gaussian heatmaps, over the maps of visible joints.
    Heatmap {
        /// Standard deviation of the Gaussians, in pixels of the output map.
        sigma_px: f32,
    },
}

/// One image's network output, row-major and channels last: `(height, width, channels)`.
#[derive(Clone, Copy, Debug)]
pub struct Prediction<'a> {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Output channels.
    pub channels: usize,
    /// `height * width * channels` raw outputs (logits, metres, heatmaps).
    pub values: &'a [f32],
    /// Size `(width, height)` in pixels of the image that the network was given.
    pub image_size_px: (usize, usize),
}

/// Accumulates predictions and truths into metrics over a whole set.
pub trait Scorer: Send {
    /// Adds one image. Class and depth maps have the size of the prediction; keypoints are in
    /// pixels of the image.
    ///
    /// # Errors
    /// When prediction and truth do not fit each other.
    fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()>;

    /// The metrics over everything added. Always finite: what is undefined (no valid pixel at
    /// all) gets the worst value.
    fn metrics(&self) -> Metrics;
}

/// What a network is trained and judged for.
pub trait Task: Send + Sync {
    /// The kind of truth it needs.
    fn labels(&self) -> LabelKind;

    /// Channels of the network's output for this data set.
    fn output_channels(&self, data: &DataInfo) -> usize;

    /// The training loss.
    fn loss(&self) -> Loss;

    /// A fresh scorer for this data set.
    fn scorer(&self, data: &DataInfo) -> Box<dyn Scorer>;

    /// The reward of a search in [0, 1], higher better, from a scorer's metrics.
    fn reward(&self, metrics: &Metrics) -> f64;

    /// Names of the metrics to show first, best known first, e.g. `["miou"]`.
    fn headline(&self) -> &'static [&'static str];
}
