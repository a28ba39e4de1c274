//! The promises of a task.

use crate::{DataInfo, Label, LabelKind, Prediction, Task};

/// Checks that channels, scorer and reward work on predictions of all kinds of values, that
/// metrics are finite even with nothing to score, and that the reward lies in [0, 1].
///
/// # Errors
/// The first broken promise.
pub fn check_task(task: &dyn Task) -> Result<(), String> {
    let names = |n: usize| (0..n).map(|i| format!("n{i}")).collect::<Vec<_>>();
    let info = DataInfo {
        classes: names(4),
        joints: names(5),
        ..Default::default()
    };
    let channels = task.output_channels(&info);
    if channels == 0 {
        return Err("wants no output channels".into());
    }
    let (height, width) = (6, 8);
    let label = label(task.labels(), height, width);
    for value in [0.0, 1.0, -1e6, 1e30] {
        let mut scorer = task.scorer(&info);
        judge(task, &*scorer, "with nothing added")?;
        let values: Vec<f32> = (0..height * width * channels)
            .map(|i| value * (i % 7) as f32)
            .collect();
        let prediction = Prediction {
            height,
            width,
            channels,
            values: &values,
            image_size_px: (width, height),
        };
        scorer
            .add(&prediction, &label)
            .map_err(|e| format!("does not score a fitting label: {e}"))?;
        judge(task, &*scorer, &format!("after predictions around {value}"))?;
        for headline in task.headline() {
            if scorer.metrics().get(headline).is_none() {
                return Err(format!(
                    "headline metric {headline} is not among its metrics"
                ));
            }
        }
        let wrong = Prediction {
            channels: channels + 1,
            ..prediction
        };
        if scorer.add(&wrong, &label).is_ok() {
            return Err("scores a prediction with the wrong number of channels".into());
        }
    }
    Ok(())
}

fn judge(task: &dyn Task, scorer: &dyn crate::Scorer, when: &str) -> Result<(), String> {
    let metrics = scorer.metrics();
    if let Some((name, value)) = metrics.iter().find(|(_, v)| !v.is_finite()) {
        return Err(format!("metric {name} is {value} {when}"));
    }
    let reward = task.reward(&metrics);
    if !(0.0..=1.0).contains(&reward) {
        return Err(format!("reward {reward} {when}; rewards lie in [0, 1]"));
    }
    Ok(())
}

fn label(kind: LabelKind, height: usize, width: usize) -> Label {
    let n = height * width;
    match kind {
        LabelKind::Classes => Label::Classes {
            width,
            height,
            values: (0..n).map(|i| (i % 4) as u8).collect(),
        },
        LabelKind::Depth => Label::Depth {
            width,
            height,
            values: (0..n).map(|i| (i % 5) as f32).collect(),
        },
        LabelKind::Keypoints => Label::Keypoints {
            points: (0..5)
                .map(|i| crate::Keypoint {
                    x_px: i as f32,
                    y_px: 2.0,
                    visible: i != 3,
                })
                .collect(),
            reference_px: 8.0,
        },
    }
}
