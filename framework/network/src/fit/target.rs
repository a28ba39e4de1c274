//! Labels at the size of an output.

use dfdx::prelude::{Device, TensorFromVec};
use nasfw_data::resize_label;
use nasfw_sdk::{Label, Loss, Size};

use crate::error::{Error, Result};
use crate::kernels::{DeviceOf, Kernels, Map, device_result};

/// The labels of a batch in the form that a loss takes.
#[derive(Debug)]
pub enum Target<D: Device<f32>> {
    /// One class index per pixel, batch by batch, row by row.
    Classes(Vec<u8>),
    /// Depths in metres, `(batch, height, width, 1)`; 0 marks a pixel without a label.
    Depth(Map<D>),
    /// Gaussians around the joints, and 1 where a joint is visible, both
    /// `(batch, height, width, joints)`.
    Heatmaps {
        /// The Gaussians.
        maps: Map<D>,
        /// The visibility mask.
        mask: Map<D>,
    },
    /// The labels themselves, for a task's custom loss; keypoints in pixels of the output.
    Custom(Vec<Label>),
}

/// Resizes the labels of square crops of `crop_px` to `size`: classes and depths by the
/// nearest pixel, keypoints as Gaussians with the loss's σ and peak 1.
///
/// # Errors
/// When a label is of another kind than the loss needs, or the device fails.
pub fn target<K: Kernels>(
    kernels: &K,
    loss: Loss,
    labels: &[&Label],
    crop_px: usize,
    size: Size,
) -> Result<Target<DeviceOf<K>>> {
    let Size { width, height } = size;
    let resized = labels
        .iter()
        .map(|label| resize_label(label, size, Size::square(crop_px)));
    match loss {
        Loss::Custom => Ok(Target::Custom(resized.collect())),
        Loss::CrossEntropy { .. } => {
            let mut all = Vec::with_capacity(labels.len() * height * width);
            for label in resized {
                let Label::Classes { values, .. } = label else {
                    return Err(unfit(&label, loss));
                };
                all.extend_from_slice(&values);
            }
            Ok(Target::Classes(all))
        }
        Loss::BerHu => {
            let mut all = Vec::with_capacity(labels.len() * height * width);
            for label in resized {
                let Label::Depth { values, .. } = label else {
                    return Err(unfit(&label, loss));
                };
                all.extend_from_slice(&values);
            }
            let dims = (labels.len(), height, width, 1);
            Ok(Target::Depth(device_result(
                kernels.device().try_tensor_from_vec(all, dims),
            )?))
        }
        Loss::Heatmap { sigma_px } => {
            let mut joints = 0;
            let (mut maps, mut mask) = (Vec::new(), Vec::new());
            for label in resized {
                let Label::Keypoints { points, .. } = &label else {
                    return Err(unfit(&label, loss));
                };
                joints = points.len();
                for row in 0..height {
                    for column in 0..width {
                        for point in points {
                            let (dx, dy) = (point.x_px - column as f32, point.y_px - row as f32);
                            let squares = dx * dx + dy * dy;
                            let value = (-squares / (2.0 * sigma_px * sigma_px)).exp();
                            maps.push(if point.visible { value } else { 0.0 });
                            mask.push(if point.visible { 1.0 } else { 0.0 });
                        }
                    }
                }
            }
            let dims = (labels.len(), height, width, joints);
            Ok(Target::Heatmaps {
                maps: device_result(kernels.device().try_tensor_from_vec(maps, dims))?,
                mask: device_result(kernels.device().try_tensor_from_vec(mask, dims))?,
            })
        }
    }
}

/// The mask of distillation: 1 for valid pixels, per output channel.
pub(super) fn valid_mask<K: Kernels>(
    kernels: &K,
    loss: Loss,
    target: &Target<DeviceOf<K>>,
    dims: (usize, usize, usize, usize),
) -> Result<Map<DeviceOf<K>>> {
    let values: Vec<f32> = match (target, loss) {
        (Target::Heatmaps { mask, .. }, _) => return Ok(mask.clone()),
        (Target::Classes(labels), Loss::CrossEntropy { ignore }) => labels
            .iter()
            .map(|&l| if l == ignore { 0.0 } else { 1.0 })
            .collect(),
        (Target::Depth(depths), _) => depths
            .as_vec()
            .iter()
            .map(|&d| if d > 0.0 { 1.0 } else { 0.0 })
            .collect(),
        (Target::Classes(labels), _) => vec![1.0; labels.len()],
        // The pixels that a task's custom loss ignores are not known here.
        (Target::Custom(_), _) => vec![1.0; dims.0 * dims.1 * dims.2],
    };
    let channels = dims.3;
    let spread = values
        .iter()
        .flat_map(|&v| std::iter::repeat_n(v, channels))
        .collect::<Vec<f32>>();
    device_result(kernels.device().try_tensor_from_vec(spread, dims))
}

fn unfit(label: &Label, loss: Loss) -> Error {
    Error::Training(format!(
        "labels of kind {:?} do not fit the loss {loss:?}",
        label.kind()
    ))
}
