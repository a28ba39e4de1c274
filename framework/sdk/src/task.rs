//! Tasks: loss, metrics and reward.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::label::{DataInfo, Label, LabelKind};
use crate::metrics::Metrics;
use crate::prediction::Prediction;
use crate::size::Size;

/// The losses that the engine runs on the device.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Loss {
    /// Softmax cross-entropy, mean over the pixels whose label is not `ignore`.
    CrossEntropy {
        /// The label of ignored pixels.
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
    /// A custom loss of the task, computed by [`Task::custom_loss`] outside the device.
    Custom,
}

impl Loss {
    /// Checks that this is a loss for labels of this kind, with usable settings.
    ///
    /// # Errors
    /// Names the mismatch.
    pub fn check(self, labels: LabelKind) -> Result<()> {
        let wanted = match self {
            Self::CrossEntropy { .. } => LabelKind::Classes,
            Self::BerHu => LabelKind::Depth,
            Self::Heatmap { .. } => LabelKind::Keypoints,
            Self::Custom => labels,
        };
        match self {
            Self::Heatmap { sigma_px } if !(sigma_px > 0.0 && sigma_px.is_finite()) => {
                Err(Error::invalid("sigma_px", sigma_px, "a positive number"))
            }
            _ if wanted != labels => {
                let expected =
                    format!("this loss is for labels of kind {wanted:?}, not {labels:?}");
                Err(Error::invalid("loss", format!("{self:?}"), expected))
            }
            _ => Ok(()),
        }
    }

    /// Checks that a network of `channels` outputs can be trained with this loss on this data set:
    /// one channel for depth, at least one per class, one per joint.
    ///
    /// # Errors
    /// Names both numbers.
    pub fn check_channels(self, channels: usize, data: &DataInfo) -> Result<()> {
        let (fits, expected) = match self {
            Self::CrossEntropy { .. } => {
                let classes = data.classes.len();
                (
                    channels >= classes,
                    format!("the data set has {classes} classes"),
                )
            }
            Self::BerHu => (channels == 1, "depth needs exactly one channel".into()),
            Self::Heatmap { .. } => {
                let joints = data.joints.len().max(1);
                (
                    channels == joints,
                    format!("the data set has {joints} joints"),
                )
            }
            Self::Custom => (channels > 0, "at least one is needed".into()),
        };
        if fits {
            Ok(())
        } else {
            Err(Error::invalid(
                "the task's output channels",
                channels,
                expected,
            ))
        }
    }
}

/// The outputs and labels of one training step, for a custom loss.
#[derive(Clone, Copy, Debug)]
pub struct LossBatch<'a> {
    /// Images.
    pub batch: usize,
    /// Rows of an output.
    pub height: usize,
    /// Columns of an output.
    pub width: usize,
    /// Channels of an output.
    pub channels: usize,
    /// Raw outputs, `(batch, height, width, channels)`.
    pub outputs: &'a [f32],
    /// One label per image: class and depth maps of the output's size, keypoints in its pixels.
    pub truths: &'a [Label],
}

/// Accumulates predictions and labels into metrics over a whole data set.
///
/// The mean absolute error of depth maps:
///
/// ```
/// use nasfw_sdk::{Error, Label, Metrics, Prediction, Result, Scorer, Size};
///
/// #[derive(Default)]
/// struct MeanError {
///     sum: f64,
///     pixels: usize,
/// }
///
/// impl Scorer for MeanError {
///     fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()> {
///         prediction.check(1, truth)?;
///         let Label::Depth { values, .. } = truth else {
///             return Err(Error::invalid("truth", format!("{:?}", truth.kind()), "a depth map"));
///         };
///         for (predicted, value) in prediction.values.iter().zip(values) {
///             self.sum += f64::from((predicted - value).abs());
///         }
///         self.pixels += values.len();
///         Ok(())
///     }
///
///     fn metrics(&self) -> Result<Metrics> {
///         // Without any pixel, the worst value, which is finite.
///         let mean = if self.pixels == 0 { 1e6 } else { self.sum / self.pixels as f64 };
///         Metrics::new([("mae", mean)])
///     }
/// }
///
/// let mut scorer = MeanError::default();
/// let prediction = Prediction {
///     height: 1,
///     width: 2,
///     channels: 1,
///     values: &[1.0, 2.0],
///     image_size_px: Size::new(2, 1),
/// };
/// scorer.add(&prediction, &Label::Depth { width: 2, height: 1, values: vec![1.5, 2.0] })?;
/// assert_eq!(scorer.metrics()?.get("mae"), Some(0.25));
/// # Ok::<(), nasfw_sdk::Error>(())
/// ```
pub trait Scorer: Send {
    /// Adds one image. Class and depth maps have the size of the prediction; keypoints are in
    /// pixels of the image.
    ///
    /// # Errors
    /// When prediction and label do not match; nothing is added then.
    fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()>;

    /// The metrics over everything added. Always finite: an undefined metric (without any valid
    /// pixel) has the worst value. Metrics of single classes or joints are called `METRIC/NAME`,
    /// and may be left out where they are undefined.
    ///
    /// # Errors
    /// When a metric is not finite ([`Metrics::new`] refuses it).
    fn metrics(&self) -> Result<Metrics>;

    /// This scorer, if it only needs the [`argmax`](crate::argmax) of every pixel. The device then
    /// computes it, and copies one number per pixel to the host instead of all channels; `add` is
    /// not called.
    fn of_classes(&mut self) -> Option<&mut dyn ClassScorer> {
        None
    }
}

/// A [`Scorer`] that needs only the channel with the maximum at every pixel.
pub trait ClassScorer {
    /// Adds one image: a class for each pixel of the label, row-major.
    ///
    /// # Errors
    /// When prediction and label do not match; nothing is added then.
    fn add_classes(&mut self, predicted: &[u8], truth: &Label) -> Result<()>;
}

/// A split of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The split that a search trains and evaluates on.
    Train,
    /// The split that a search never uses, for `train` and `eval`.
    Val,
}

/// Images and labels that a task provides itself, used when the user names no data set.
///
/// Several threads read it at once; the same index must always give the same sample.
pub trait TaskData: Send + Sync {
    /// Names and symmetries of classes or joints.
    fn info(&self) -> DataInfo;

    /// The number of samples in a split.
    fn len(&self, split: Split) -> usize;

    /// Text that changes exactly when the data does; a run can only continue with the same data.
    fn fingerprint(&self) -> String;

    /// A one-line description.
    fn description(&self) -> String;

    /// The size of a sample's image.
    ///
    /// # Errors
    /// When the sample cannot be read.
    fn size_px(&self, split: Split, index: usize) -> Result<Size>;

    /// Fills in a sample: `image`, bytes `(height, width, 3)`, and `label`, of the task's kind: a
    /// map of the image's size, or one point per joint. Both are initialised with zeros.
    ///
    /// # Errors
    /// When the sample cannot be read.
    fn fill(&self, split: Split, index: usize, image: &mut [u8], label: &mut Label) -> Result<()>;
}

/// A task that networks are trained and evaluated for.
///
/// Depth estimation, scored by the [`Scorer`] of its example:
///
/// ```
/// use nasfw_sdk::{DataInfo, LabelKind, Loss, Metrics, Result, Scorer, Task, testing};
/// # use nasfw_sdk::{Error, Label, Prediction};
/// # #[derive(Default)]
/// # struct MeanError {
/// #     sum: f64,
/// #     pixels: usize,
/// # }
/// # impl Scorer for MeanError {
/// #     fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()> {
/// #         prediction.check(1, truth)?;
/// #         let Label::Depth { values, .. } = truth else {
/// #             return Err(Error::invalid("truth", format!("{:?}", truth.kind()), "a depth map"));
/// #         };
/// #         for (predicted, value) in prediction.values.iter().zip(values) {
/// #             self.sum += f64::from((predicted - value).abs());
/// #         }
/// #         self.pixels += values.len();
/// #         Ok(())
/// #     }
/// #     fn metrics(&self) -> Result<Metrics> {
/// #         let mean = if self.pixels == 0 { 1e6 } else { self.sum / self.pixels as f64 };
/// #         Metrics::new([("mae", mean)])
/// #     }
/// # }
///
/// struct Depth;
///
/// impl Task for Depth {
///     fn labels(&self) -> LabelKind {
///         LabelKind::Depth
///     }
///
///     fn output_channels(&self, _: &DataInfo) -> Result<usize> {
///         Ok(1)
///     }
///
///     fn loss(&self) -> Loss {
///         Loss::BerHu
///     }
///
///     fn scorer(&self, _: &DataInfo) -> Result<Box<dyn Scorer>> {
///         Ok(Box::new(MeanError::default()))
///     }
///
///     fn reward(&self, metrics: &Metrics) -> Result<f64> {
///         Ok(1.0 / (1.0 + metrics.get("mae").unwrap_or(1e6)))
///     }
///
///     fn headline(&self) -> &'static [&'static str] {
///         &["mae"]
///     }
/// }
///
/// testing::check_task(&Depth).expect("a conforming task");
/// ```
pub trait Task: Send + Sync {
    /// The kind of labels that it needs.
    fn labels(&self) -> LabelKind;

    /// Channels of the network's output for this data set.
    ///
    /// # Errors
    /// When the data set does not fit the task.
    fn output_channels(&self, data: &DataInfo) -> Result<usize>;

    /// The training loss.
    fn loss(&self) -> Loss;

    /// Makes a scorer for this data set, with nothing added yet.
    ///
    /// # Errors
    /// When the data set does not fit the task.
    fn scorer(&self, data: &DataInfo) -> Result<Box<dyn Scorer>>;

    /// The reward of a search in [0, 1], higher is better, from a scorer's metrics.
    ///
    /// # Errors
    /// When a metric that the reward needs is missing.
    fn reward(&self, metrics: &Metrics) -> Result<f64>;

    /// Names of the metrics to show first, best known first, e.g. `["miou"]`.
    fn headline(&self) -> &'static [&'static str];

    /// For [`Loss::Custom`]: computes the loss of a batch, and adds its derivative with respect to
    /// each output to `gradient`, which has the outputs' length and is initialised with zeros.
    ///
    /// # Errors
    /// When there is no custom loss (the default), or outputs and labels do not match it.
    fn custom_loss(&self, _batch: &LossBatch<'_>, _gradient: &mut [f32]) -> Result<f64> {
        Err(Error::invalid(
            "loss",
            "custom",
            "this task has no custom loss; implement `Task::custom_loss`, or use another loss",
        ))
    }

    /// Data that the task provides itself; none by default.
    fn data(&self) -> Option<&dyn TaskData> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_must_fit_the_loss_and_the_data() {
        let names = |n: usize| (0..n).map(|i| i.to_string()).collect();
        let data = DataInfo {
            classes: names(4),
            joints: names(3),
            ..Default::default()
        };
        let fits = |loss: Loss, channels: usize| loss.check_channels(channels, &data).is_ok();
        let classes = Loss::CrossEntropy { ignore: 255 };
        assert!(fits(classes, 4) && fits(classes, 5) && !fits(classes, 3));
        assert!(fits(Loss::BerHu, 1) && !fits(Loss::BerHu, 2));
        let heatmap = Loss::Heatmap { sigma_px: 1.0 };
        assert!(fits(heatmap, 3) && !fits(heatmap, 2) && !fits(heatmap, 4));
        assert!(fits(Loss::Custom, 7) && !fits(Loss::Custom, 0));
    }
}
