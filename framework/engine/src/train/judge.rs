//! Predictions against truth over a set.

use dfdx::prelude::NoneTape;
use nasfw_data::resize_label;
use nasfw_sdk::{DataInfo, LabelKind, Metrics, Prediction, Scorer, Task};

use super::batch::Batch;
use super::fit::upload;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::network::kernels::{Kernels, map_shape};

/// Scores the main output of `network` on crops.
///
/// # Errors
/// As [`Jury::add`].
pub fn judge<K: Kernels>(
    network: &Network<K>,
    task: &dyn Task,
    info: &DataInfo,
    crop_px: usize,
    batches: impl Iterator<Item = Batch>,
) -> Result<Metrics> {
    let mut jury = Jury::new(network, task, info);
    for batch in batches {
        jury.add(&batch, (crop_px, crop_px))?;
    }
    jury.metrics()
}

/// Scores the main output of a network in evaluation mode, batch by batch.
pub struct Jury<'a, K: Kernels> {
    network: &'a Network<K>,
    task: &'a dyn Task,
    scorer: Box<dyn Scorer>,
}

impl<'a, K: Kernels> Jury<'a, K> {
    /// A fresh count.
    pub fn new(network: &'a Network<K>, task: &'a dyn Task, info: &DataInfo) -> Self {
        Self {
            network,
            task,
            scorer: task.scorer(info),
        }
    }

    /// Adds a batch whose truths are of images of `(height, width)` in pixels.
    ///
    /// Class and depth outputs are resized bilinearly to that size, where the truth is exact;
    /// heatmaps are scored at their own size.
    ///
    /// # Errors
    /// When a prediction is not finite, does not fit the truth, or the device fails.
    pub fn add(&mut self, batch: &Batch, (height, width): (usize, usize)) -> Result<()> {
        let network = self.network;
        let inputs = upload(network.kernels(), batch)?;
        let mut output = network
            .forward_eval(&inputs)?
            .swap_remove(network.main_output());
        if self.task.labels() != LabelKind::Keypoints {
            output = network
                .kernels()
                .resize(&output, (height, width), &mut NoneTape)?;
        }
        let shape = map_shape(&output);
        let values = output.as_vec();
        if let Some(value) = values.iter().find(|v| !v.is_finite()) {
            return Err(Error::Training(format!("the network predicted {value}")));
        }
        let length = shape.len() / shape.batch.max(1);
        for (at, label) in batch.labels.iter().enumerate() {
            let prediction = Prediction {
                height: shape.height,
                width: shape.width,
                channels: shape.channels,
                values: &values[at * length..(at + 1) * length],
                image_size_px: (width, height),
            };
            match label.kind() {
                LabelKind::Keypoints => self.scorer.add(&prediction, label)?,
                _ => {
                    let label = resize_label(label, height, width, (width, height));
                    self.scorer.add(&prediction, &label)?;
                }
            }
        }
        Ok(())
    }

    /// The metrics over everything added.
    ///
    /// # Errors
    /// When the scorer breaks off.
    pub fn metrics(&self) -> Result<Metrics> {
        let metrics = self.scorer.metrics();
        self.scorer.fault()?;
        Ok(metrics)
    }
}
