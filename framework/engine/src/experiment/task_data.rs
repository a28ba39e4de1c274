//! Data that the task provides itself, as any other data set.

use std::sync::Arc;

use nasfw_data::{DataError, Dataset, Image, Sample, Source};
use nasfw_sdk::{Label, Size, Split, Task, TaskData};

use crate::error::{Error, Result};

/// The task's data as a source.
///
/// # Errors
/// When the task has none.
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
        let size = data.size_px(self.split, index).map_err(failed)?;
        let mut pixels = vec![0; size.area() * 3];
        let mut label = Label::blank(self.task.labels(), size, data.info().joints.len());
        data.fill(self.split, index, &mut pixels, &mut label)
            .map_err(failed)?;
        check(&label, &self.task, size, data).map_err(failed)?;
        let image = Image { size, pixels };
        Ok(Sample { image, label })
    }
}

fn data(task: &Arc<dyn Task>) -> Result<&dyn TaskData, DataError> {
    // Called only when the task has data.
    task.data().ok_or(DataError::NoSample { index: 0, len: 0 })
}

/// The returned data is still a label of this kind and size.
fn check(
    label: &Label,
    task: &Arc<dyn Task>,
    Size { width, height }: Size,
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
            "expected a label of kind {:?} with {width} x {height} pixels, or one point per joint",
            task.labels()
        ),
    ))
}
