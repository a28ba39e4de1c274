//! Predictions against truth over a set.

use dfdx::prelude::NoneTape;
use nasfw_data::resize_label;
use nasfw_sdk::graph::Role;
use nasfw_sdk::{DataInfo, LabelKind, Metrics, Prediction, Task};

use super::batch::Batch;
use super::fit::upload;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::network::kernels::{Kernels, map_shape};

/// Scores the main output of `network` in evaluation mode.
///
/// Class and depth outputs are resized bilinearly to the crop, where the truth is exact; heatmaps
/// are scored at their own size.
///
/// # Errors
/// When a prediction is not finite, does not fit the truth, or the device fails.
pub fn judge<K: Kernels>(
    network: &Network<K>,
    task: &dyn Task,
    info: &DataInfo,
    crop_px: usize,
    batches: impl Iterator<Item = Batch>,
) -> Result<Metrics> {
    let main = network
        .graph()
        .outputs()
        .iter()
        .position(|o| o.role == Role::Main)
        .unwrap_or(0);
    let mut scorer = task.scorer(info);
    for batch in batches {
        let inputs = upload(network.kernels(), &batch)?;
        let mut output = network.forward_eval(&inputs)?.swap_remove(main);
        if task.labels() != LabelKind::Keypoints {
            output = network
                .kernels()
                .resize(&output, (crop_px, crop_px), &mut NoneTape)?;
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
                image_size_px: (crop_px, crop_px),
            };
            match label.kind() {
                LabelKind::Keypoints => scorer.add(&prediction, label)?,
                _ => {
                    let size = (crop_px, crop_px);
                    scorer.add(&prediction, &resize_label(label, crop_px, crop_px, size))?;
                }
            }
        }
    }
    let metrics = scorer.metrics();
    scorer.fault()?;
    Ok(metrics)
}
