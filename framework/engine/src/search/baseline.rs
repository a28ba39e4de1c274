//! What the best constant answer is worth.
//!
//! A network that has learned something must beat the majority class, the mean depth or the mean
//! pose of the training images.

use nasfw_sdk::{Label, Prediction};

use super::setup::Setup;
use crate::error::Result;
use crate::train::PreparedSet;

/// The reward on meta-validation crops of the constant answer that the meta-training labels give.
pub(super) fn constant_reward(setup: &Setup, val: &PreparedSet, crop_px: usize) -> Result<f64> {
    let channels = setup.io.output_channels;
    let (info, ignore) = (&setup.source.info, setup.ignore());
    let shorter = setup.stages.last().map_or(crop_px, |s| s.shorter_side_px);
    let transform = setup.transform(shorter, crop_px);
    let train =
        PreparedSet::new(&*setup.source.train, &setup.meta_train, info, &transform, ignore)?;
    let answer = constant_answer(train.samples.iter().map(|s| &s.label), channels, crop_px);
    let mut scorer = setup.task.scorer(info);
    for sample in &val.samples {
        let prediction = Prediction {
            height: crop_px,
            width: crop_px,
            channels,
            values: &answer,
            image_size_px: (crop_px, crop_px),
        };
        scorer.add(&prediction, &sample.label)?;
    }
    Ok(setup.task.reward(&scorer.metrics()))
}

/// `(crop, crop, channels)`: the most frequent class everywhere, the mean depth everywhere, or a
/// peak at each joint's mean position.
fn constant_answer<'a>(
    labels: impl Iterator<Item = &'a Label>,
    channels: usize,
    crop_px: usize,
) -> Vec<f32> {
    let mut classes = vec![0_u64; channels.max(1)];
    let (mut depth_sum, mut depths) = (0.0_f64, 0_u64);
    let mut joints = vec![(0.0_f64, 0.0_f64, 0_u64); channels];
    let mut is_pose = false;
    for label in labels {
        match label {
            Label::Classes { values, .. } => {
                for &class in values {
                    if let Some(count) = classes.get_mut(usize::from(class)) {
                        *count += 1;
                    }
                }
            }
            Label::Depth { values, .. } => {
                for &depth in values.iter().filter(|&&d| d > 0.0) {
                    depth_sum += f64::from(depth);
                    depths += 1;
                }
            }
            Label::Keypoints { points, .. } => {
                is_pose = true;
                for (sum, point) in joints.iter_mut().zip(points).filter(|(_, p)| p.visible) {
                    *sum = (sum.0 + f64::from(point.x_px), sum.1 + f64::from(point.y_px), sum.2 + 1);
                }
            }
        }
    }
    let pixels = crop_px * crop_px;
    if depths > 0 {
        return vec![(depth_sum / depths as f64) as f32; pixels * channels];
    }
    let mut answer = vec![0.0; pixels * channels];
    if is_pose {
        for (joint, (x, y, count)) in joints.iter().enumerate().filter(|(_, j)| j.2 > 0) {
            let at = |sum: f64| ((sum / *count as f64).round() as usize).min(crop_px - 1);
            answer[(at(*y) * crop_px + at(*x)) * channels + joint] = 1.0;
        }
    } else {
        let majority = (0..channels).max_by_key(|&c| (classes[c], std::cmp::Reverse(c)));
        for pixel in answer.chunks_exact_mut(channels) {
            pixel[majority.unwrap_or(0)] = 1.0;
        }
    }
    answer
}
