//! The constant-prediction baseline.
//!
//! A network that has learned something must beat every single class, the mean depth or the mean
//! pose of the training images.

use nasfw_data::Transform;
use nasfw_sdk::{Label, LabelKind, Prediction, Size};
use rayon::prelude::*;

use crate::error::Result;
use crate::experiment::Setup;
use nasfw_network::fit::PreparedSet;

/// The highest reward of a constant prediction on the meta-val crops: any single class everywhere,
/// or the mean depth or mean pose of the meta-train labels.
pub(super) fn constant_reward(setup: &Setup, val: &PreparedSet, crop_px: usize) -> Result<f64> {
    let channels = setup.io.output_channels;
    let (info, ignore) = (&setup.source.info, setup.ignore());
    let shorter = setup.stages.last().map_or(crop_px, |s| s.shorter_side_px);
    let transform = Transform::new(shorter, crop_px);
    // Labels only: all the images together may not fit into memory.
    let labels: Vec<Label> = match setup.task().labels() {
        LabelKind::Classes => Vec::new(),
        _ => (setup.meta_train.par_iter())
            .map(|&at| {
                let sample = setup.source.train.read(at)?;
                Ok(transform.eval(&sample, info, ignore).label)
            })
            .collect::<Result<_>>()?,
    };
    let labels: Vec<&Label> = labels.iter().collect();
    let mut best = 0.0_f64;
    for output in constant_outputs(&labels, setup.task().labels(), channels, crop_px) {
        let mut scorer = setup.task().scorer(info)?;
        for sample in &val.samples {
            let prediction = Prediction {
                height: crop_px,
                width: crop_px,
                channels,
                values: &output,
                image_size_px: Size::square(crop_px),
            };
            scorer.add(&prediction, &sample.label)?;
        }
        let reward = setup.task().reward(&scorer.metrics()?)?;
        best = best.max(reward);
    }
    Ok(best)
}

/// Constant network outputs `(crop, crop, channels)`, independent of the image. Each is made when
/// it is asked for: together, those of 150 classes would take gigabytes.
fn constant_outputs<'l>(
    labels: &'l [&'l Label],
    kind: LabelKind,
    channels: usize,
    crop_px: usize,
) -> impl Iterator<Item = Vec<f32>> + 'l {
    let pixels = crop_px * crop_px;
    let count = match kind {
        LabelKind::Classes => channels,
        LabelKind::Depth | LabelKind::Keypoints => 1,
    };
    (0..count).map(move |class| match kind {
        LabelKind::Classes => {
            let mut one = vec![0.0; channels];
            one[class] = 1.0;
            one.repeat(pixels)
        }
        LabelKind::Depth => vec![mean_depth_m(labels); pixels * channels],
        LabelKind::Keypoints => {
            let mut output = vec![0.0; pixels * channels];
            for joint in 0..channels {
                if let Some((column, row)) = mean_position(labels, joint, crop_px) {
                    output[(row * crop_px + column) * channels + joint] = 1.0;
                }
            }
            output
        }
    })
}

fn mean_depth_m(labels: &[&Label]) -> f32 {
    let (mut sum, mut count) = (0.0, 0_u64);
    for label in labels {
        if let Label::Depth { values, .. } = label {
            for &depth in values.iter().filter(|&&d| d > 0.0) {
                sum += f64::from(depth);
                count += 1;
            }
        }
    }
    (sum / count.max(1) as f64) as f32
}

/// Column and row of a joint's mean position over the crops where it is visible.
fn mean_position(labels: &[&Label], joint: usize, crop_px: usize) -> Option<(usize, usize)> {
    let seen: Vec<(f64, f64)> = (labels.iter())
        .filter_map(|label| match label {
            Label::Keypoints { points, .. } => points.get(joint).filter(|p| p.visible),
            _ => None,
        })
        .map(|p| (f64::from(p.x_px), f64::from(p.y_px)))
        .collect();
    let mean = |sum: f64| ((sum / seen.len() as f64).round() as usize).min(crop_px - 1);
    let x = seen.iter().map(|p| p.0).sum();
    let y = seen.iter().map(|p| p.1).sum();
    (!seen.is_empty()).then(|| (mean(x), mean(y)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_made_when_it_is_asked_for() {
        // An output of that many classes is larger than any address space: making one would panic.
        drop(constant_outputs(&[], LabelKind::Classes, usize::MAX, 1));
        let outputs = constant_outputs(&[], LabelKind::Classes, 3, 2);
        let expected = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        assert!(outputs.eq(expected.map(|one| one.repeat(4))));
    }
}
