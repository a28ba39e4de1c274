//! Evaluation of predictions against labels over a data set.

use std::sync::Arc;

use dfdx::prelude::NoneTape;
use nasfw_data::resize_label;
use nasfw_sdk::{DataInfo, LabelKind, Metrics, Prediction, Scorer, Size, Task};

use super::batch::Batch;
use super::run::upload;
use crate::error::{Error, Result};
use crate::kernels::{Kernels, map_shape};
use crate::network::Network;

/// Evaluates the main output of `network` on crops.
///
/// # Errors
/// As [`Evaluator::add`].
pub fn evaluate<K: Kernels>(
    network: &Network<K>,
    task: &dyn Task,
    info: &DataInfo,
    crop_px: usize,
    batches: impl Iterator<Item = Batch>,
) -> Result<Metrics> {
    let mut evaluator = Evaluator::new(network, task, info)?;
    for batch in batches {
        evaluator.add(&batch, Size::square(crop_px))?;
    }
    evaluator.metrics()
}

/// Evaluates the main output of a network in evaluation mode, batch by batch.
pub struct Evaluator<'a, K: Kernels> {
    network: &'a Network<K>,
    task: &'a dyn Task,
    scorer: Box<dyn Scorer>,
}

impl<'a, K: Kernels> Evaluator<'a, K> {
    /// An evaluator with nothing added yet.
    ///
    /// # Errors
    /// When the task has no scorer for the data.
    pub fn new(network: &'a Network<K>, task: &'a dyn Task, info: &DataInfo) -> Result<Self> {
        Ok(Self {
            network,
            task,
            scorer: task.scorer(info)?,
        })
    }

    /// Adds a batch whose labels are of images of `size` in pixels.
    ///
    /// Class and depth outputs are resized bilinearly to that size, where the labels are exact;
    /// heatmaps are scored at their own size.
    ///
    /// # Errors
    /// When a prediction is not finite, does not fit the label, or the device fails.
    pub fn add(&mut self, batch: &Batch, size: Size) -> Result<()> {
        let network = self.network;
        let inputs = upload(network.kernels(), batch)?;
        let mut output = network
            .forward_eval(&inputs)?
            .swap_remove(network.main_output());
        if self.task.labels() != LabelKind::Keypoints {
            output = network.kernels().resize(&output, size, &mut NoneTape)?;
        }
        let shape = map_shape(&output);
        let (values, channels) = match self.scorer.of_classes() {
            Some(_) => (network.kernels().argmax(&output)?, 1),
            None => (output.as_vec(), shape.channels),
        };
        if let Some(value) = values.iter().find(|v| !v.is_finite()) {
            return Err(Error::Training(format!("the network predicted {value}")));
        }
        let length = shape.height * shape.width * channels;
        for (label, values) in batch.labels.iter().zip(values.chunks_exact(length)) {
            let label = match label.kind() {
                LabelKind::Keypoints => label.clone(),
                _ => Arc::new(resize_label(label, size, size)),
            };
            match self.scorer.of_classes() {
                Some(scorer) => scorer.add_classes(&classes(values)?, &label)?,
                None => {
                    let prediction = Prediction {
                        height: shape.height,
                        width: shape.width,
                        channels,
                        values,
                        image_size_px: size,
                    };
                    self.scorer.add(&prediction, &label)?;
                }
            }
        }
        Ok(())
    }

    /// The metrics over all images added.
    ///
    /// # Errors
    /// When the scorer fails.
    pub fn metrics(&self) -> Result<Metrics> {
        Ok(self.scorer.metrics()?)
    }
}

/// Converts channel indices to the classes of a mask.
fn classes(values: &[f32]) -> Result<Vec<u8>> {
    let class = |&value: &f32| match value {
        0.0..=255.0 => Ok(value as u8),
        _ => Err(Error::Training(format!(
            "class {value} was predicted, but masks hold at most 256 classes"
        ))),
    };
    values.iter().map(class).collect()
}
