//! Conformance checks of a task's own data.

use crate::{Keypoint, Label, Split, Task, TaskData};

/// Checks that the first samples are readable and deterministic, with labels of the task's kind
/// whose classes and joints exist; that there is a fingerprint; and that there are no samples past
/// the end.
pub(super) fn check_data(task: &dyn Task) -> Result<(), String> {
    let Some(data) = task.data() else {
        return Ok(());
    };
    if data.len(Split::Train) < 2 {
        return Err("its data has fewer than two training samples".into());
    }
    if data.fingerprint().is_empty() || data.fingerprint() != data.fingerprint() {
        return Err("the fingerprint of its data is empty, or differs the second time".into());
    }
    for split in [Split::Train, Split::Val] {
        for index in 0..data.len(split).min(4) {
            let say = |what: String| Err(format!("{split:?} sample {index} of its data {what}"));
            let (first, second) = (
                read(task, data, split, index),
                read(task, data, split, index),
            );
            let (image, label) = match first {
                Ok(sample) => sample,
                Err(e) => return say(format!("cannot be read: {e}")),
            };
            match second {
                Ok(again) if again == (image, label.clone()) => {}
                _ => return say("differs the second time".into()),
            }
            if let Err(what) = check_label(&label, data) {
                return say(what);
            }
        }
        if data.size_px(split, data.len(split)).is_ok() {
            return Err(format!("its data has a {split:?} sample past the end"));
        }
    }
    Ok(())
}

fn read(
    task: &dyn Task,
    data: &dyn TaskData,
    split: Split,
    index: usize,
) -> crate::Result<(Vec<u8>, Label)> {
    let size = data.size_px(split, index)?;
    let mut image = vec![0; size.area() * 3];
    let mut label = Label::blank(task.labels(), size, data.info().joints.len());
    data.fill(split, index, &mut image, &mut label)?;
    Ok((image, label))
}

fn check_label(label: &Label, data: &dyn TaskData) -> Result<(), String> {
    match label {
        Label::Classes { values, .. } => {
            let classes = data.info().classes.len();
            let is_class = |v: &u8| usize::from(*v) < classes || *v == u8::MAX;
            match values.iter().find(|v| !is_class(v)) {
                Some(value) => Err(format!("has the class {value} of {classes} (255: ignored)")),
                None => Ok(()),
            }
        }
        Label::Depth { values, .. } => match values.iter().find(|v| !v.is_finite() || **v < 0.0) {
            Some(value) => Err(format!("has the depth {value}")),
            None => Ok(()),
        },
        Label::Keypoints {
            points,
            reference_px,
        } => {
            let is_finite = |p: &Keypoint| p.x_px.is_finite() && p.y_px.is_finite();
            if points.iter().all(is_finite) && reference_px.is_finite() && *reference_px > 0.0 {
                Ok(())
            } else {
                Err("has a point or reference length that is not finite".into())
            }
        }
    }
}
