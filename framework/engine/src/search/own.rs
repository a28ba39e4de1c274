//! Data that the task brings itself, as any other data set.

use std::sync::Arc;

use nasfw_data::{DataError, Dataset, Image, Sample, Source};
use nasfw_sdk::{Keypoint, Label, LabelKind, Split, Task, TaskData};

use crate::error::{Error, Result};

/// The task's data as a source.
///
/// # Errors
/// When there is none.
pub(super) fn source(task: &Arc<dyn Task>) -> Result<Source> {
    let data = data(task).map_err(Error::Data)?;
    let split = |split: Split| -> Arc<dyn Dataset> {
        Arc::new(OwnSet {
            task: task.clone(),
            split,
        })
    };
    Ok(Source {
        info: data.info(),
        train: split(Split::Train),
        val: split(Split::Val),
        description: data.description(),
        fingerprint: format!("own {}", data.fingerprint()),
    })
}

/// One split of a task's data.
struct OwnSet {
    task: Arc<dyn Task>,
    split: Split,
}

impl Dataset for OwnSet {
    fn len(&self) -> usize {
        self.task.data().map_or(0, |data| data.len(self.split))
    }

    fn name(&self, index: usize) -> String {
        format!("sample {index}")
    }

    fn read(&self, index: usize) -> Result<Sample, DataError> {
        let len = self.len();
        if index >= len {
            return Err(DataError::NoSample { index, len });
        }
        let data = data(&self.task)?;
        let failed = |source| DataError::OfTask { index, source };
        let (width, height) = data.size_px(self.split, index).map_err(failed)?;
        let mut pixels = vec![0; width * height * 3];
        let mut label = empty(self.task.labels(), width, height, data.info().joints.len());
        data.fill(self.split, index, &mut pixels, &mut label)
            .map_err(failed)?;
        check(&label, &self.task, (width, height), data).map_err(failed)?;
        let image = Image {
            width,
            height,
            pixels,
        };
        Ok(Sample { image, label })
    }
}

fn data(task: &Arc<dyn Task>) -> Result<&dyn TaskData, DataError> {
    // Asked for only where there is some.
    task.data().ok_or(DataError::NoSample { index: 0, len: 0 })
}

fn empty(kind: LabelKind, width: usize, height: usize, joints: usize) -> Label {
    match kind {
        LabelKind::Classes => Label::Classes {
            width,
            height,
            values: vec![0; width * height],
        },
        LabelKind::Depth => Label::Depth {
            width,
            height,
            values: vec![0.0; width * height],
        },
        LabelKind::Keypoints => Label::Keypoints {
            points: vec![
                Keypoint {
                    x_px: 0.0,
                    y_px: 0.0,
                    visible: false
                };
                joints
            ],
            reference_px: 0.0,
        },
    }
}

/// What came back is still a label of this kind and size.
fn check(
    label: &Label,
    task: &Arc<dyn Task>,
    (width, height): (usize, usize),
    data: &dyn TaskData,
) -> nasfw_sdk::Result<()> {
    let fits = match label {
        Label::Classes {
            width: w,
            height: h,
            values,
        } => (*w, *h, values.len()) == (width, height, width * height),
        Label::Depth {
            width: w,
            height: h,
            values,
        } => (*w, *h, values.len()) == (width, height, width * height),
        Label::Keypoints { points, .. } => points.len() == data.info().joints.len(),
    };
    if fits && label.kind() == task.labels() {
        return Ok(());
    }
    Err(nasfw_sdk::Error::invalid(
        "label",
        format!("one of kind {:?}", label.kind()),
        format!(
            "the task's labels are {:?} of {width} x {height} pixels, or a point per joint",
            task.labels()
        ),
    ))
}
