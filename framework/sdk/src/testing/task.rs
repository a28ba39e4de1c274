//! Conformance checks of a task.

use super::custom_loss::check_custom_loss;
use super::task_data::check_data;
use crate::{DataInfo, Label, LabelKind, Metrics, Prediction, Scorer, Size, Task, argmax};

/// Checks that channels, scorer and reward work on predictions of all kinds of values; that metrics
/// are finite even without any image; that the reward lies in [0, 1]; and that mismatched input
/// (other channels, too few values, a label of another kind) is refused without side effects. A
/// prediction that is not finite may be refused, but must not make a metric non-finite. The
/// gradient of a custom loss must be correct, a class scorer must agree with the scorer of whole
/// predictions, and the task's own data must be readable and deterministic.
///
/// # Errors
/// The first violation.
pub fn check_task(task: &dyn Task) -> Result<(), String> {
    let names = |n: usize| (0..n).map(|i| format!("n{i}")).collect::<Vec<_>>();
    let info = DataInfo {
        classes: names(4),
        joints: names(5),
        ..Default::default()
    };
    task.loss()
        .check(task.labels())
        .map_err(|e| e.to_string())?;
    let info = task.data().map_or(info, crate::TaskData::info);
    let channels = task.output_channels(&info).map_err(|e| e.to_string())?;
    if channels == 0 {
        return Err("has no output channels".into());
    }
    (task.loss().check_channels(channels, &info)).map_err(|e| e.to_string())?;
    let size = Size::new(8, 6);
    let Size { width, height } = size;
    let label = label(task.labels(), height, width, joints(&info));
    for value in [0.0, 1.0, -1e6, 1e30] {
        let mut scorer = made(task, &info)?;
        check_score(task, &*scorer, "with nothing added")?;
        let values: Vec<f32> = (0..height * width * channels)
            .map(|i| value * (i % 7) as f32)
            .collect();
        let prediction = Prediction {
            height,
            width,
            channels,
            values: &values,
            image_size_px: size,
        };
        scorer
            .add(&prediction, &label)
            .map_err(|e| format!("cannot score a matching label: {e}"))?;
        check_score(task, &*scorer, &format!("after predictions around {value}"))?;
        for headline in task.headline() {
            if metrics(&*scorer)?.get(headline).is_none() {
                return Err(format!(
                    "headline metric {headline} is not among its metrics"
                ));
            }
        }
        check_classes(task, &info, &*scorer, &prediction, &label)?;
        check_misfits(&mut *scorer, &prediction, &label)?;
    }
    check_not_finite(task, &info, size, &label)?;
    check_custom_loss(task, channels, &label)?;
    check_data(task)
}

/// Checks that classes alone give the same metrics as the whole predictions gave `scorer`.
fn check_classes(
    task: &dyn Task,
    info: &DataInfo,
    scorer: &dyn Scorer,
    prediction: &Prediction<'_>,
    label: &Label,
) -> Result<(), String> {
    let mut other = made(task, info)?;
    let Some(of_classes) = other.of_classes() else {
        return Ok(());
    };
    let pixels = prediction.values.chunks_exact(prediction.channels);
    let classes: Vec<u8> = pixels.map(|pixel| argmax(pixel) as u8).collect();
    if of_classes.add_classes(&classes[1..], label).is_ok() {
        return Err("accepts classes with a pixel missing".into());
    }
    of_classes
        .add_classes(&classes, label)
        .map_err(|e| format!("cannot score the classes of a prediction that it scores: {e}"))?;
    if metrics(&*other)? == metrics(scorer)? {
        Ok(())
    } else {
        Err("scores a prediction and its classes differently".into())
    }
}

fn check_misfits(
    scorer: &mut dyn Scorer,
    prediction: &Prediction<'_>,
    fitting: &Label,
) -> Result<(), String> {
    let Prediction {
        height,
        width,
        channels,
        values,
        ..
    } = *prediction;
    let more = vec![0.0; height * width * (channels + 1)];
    let wrong = Prediction {
        channels: channels + 1,
        values: &more,
        ..*prediction
    };
    let short = Prediction {
        values: &values[1..],
        ..*prediction
    };
    let before = metrics(scorer)?;
    for (what, prediction) in [
        ("the wrong number of channels", wrong),
        ("a value missing", short),
    ] {
        if scorer.add(&prediction, fitting).is_ok() {
            return Err(format!("accepts a prediction with {what}"));
        }
    }
    for kind in [LabelKind::Classes, LabelKind::Depth, LabelKind::Keypoints] {
        let other = label(kind, height, width, 5);
        if kind != fitting.kind() && scorer.add(prediction, &other).is_ok() {
            return Err(format!("accepts a label of kind {kind:?}"));
        }
    }
    // Keypoints are in image pixels and have no size.
    let larger = label(fitting.kind(), height + 1, width, 5);
    if fitting.kind() != LabelKind::Keypoints && scorer.add(prediction, &larger).is_ok() {
        return Err("accepts a label of another size".into());
    }
    if metrics(scorer)? == before {
        Ok(())
    } else {
        Err("a refused prediction changed its metrics".into())
    }
}

fn check_not_finite(
    task: &dyn Task,
    info: &DataInfo,
    size: Size,
    label: &Label,
) -> Result<(), String> {
    let channels = task.output_channels(info).map_err(|e| e.to_string())?;
    let Size { width, height } = size;
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut values = vec![0.0; height * width * channels];
        values[channels] = value;
        let mut scorer = made(task, info)?;
        // An error is allowed: a failure is not a score.
        let _ = scorer.add(
            &Prediction {
                height,
                width,
                channels,
                values: &values,
                image_size_px: size,
            },
            label,
        );
        check_score(task, &*scorer, &format!("after a prediction of {value}"))?;
    }
    Ok(())
}

fn check_score(task: &dyn Task, scorer: &dyn Scorer, when: &str) -> Result<(), String> {
    let failed = |e: crate::Error| format!("{e} ({when})");
    let metrics = scorer.metrics().map_err(failed)?;
    if let Some((name, value)) = metrics.iter().find(|(_, v)| !v.is_finite()) {
        return Err(format!("metric {name} is {value} {when}"));
    }
    let reward = task.reward(&metrics).map_err(failed)?;
    if !(0.0..=1.0).contains(&reward) {
        return Err(format!("reward {reward} {when}; rewards must be in [0, 1]"));
    }
    Ok(())
}

fn made(task: &dyn Task, info: &DataInfo) -> Result<Box<dyn Scorer>, String> {
    task.scorer(info)
        .map_err(|e| format!("cannot make a scorer: {e}"))
}

fn metrics(scorer: &dyn Scorer) -> Result<Metrics, String> {
    scorer
        .metrics()
        .map_err(|e| format!("cannot compute metrics: {e}"))
}

/// Number of joints of the data set, or five if it names none.
fn joints(info: &DataInfo) -> usize {
    match info.joints.len() {
        0 => 5,
        n => n,
    }
}

fn label(kind: LabelKind, height: usize, width: usize, joints: usize) -> Label {
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
            points: (0..joints)
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
