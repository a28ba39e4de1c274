//! Images with brightness that increases in one direction.

use nasfw_sdk::{DataInfo, Error, Label, Result, Size, Split, TaskData};

pub(crate) struct Gradients {
    pub(crate) train: usize,
}

const SIDE_PX: usize = 36;
const VAL: usize = 4;

impl TaskData for Gradients {
    fn info(&self) -> DataInfo {
        DataInfo::default()
    }

    fn len(&self, split: Split) -> usize {
        match split {
            Split::Train => self.train,
            Split::Val => VAL,
        }
    }

    fn fingerprint(&self) -> String {
        format!("gradients {}", self.train)
    }

    fn description(&self) -> String {
        format!("{} images with gradients", self.train)
    }

    fn size_px(&self, split: Split, index: usize) -> Result<Size> {
        if index < self.len(split) {
            Ok(Size::new(SIDE_PX + index % 2, SIDE_PX))
        } else {
            Err(Error::invalid("sample", index, "one that exists"))
        }
    }

    fn fill(&self, split: Split, index: usize, image: &mut [u8], label: &mut Label) -> Result<()> {
        let width = self.size_px(split, index)?.width;
        let Label::Depth { values, .. } = label else {
            return Err(Error::invalid("label", "another kind", "depths"));
        };
        let slope = 1 + index % 5;
        for (at, (pixel, value)) in image.chunks_exact_mut(3).zip(values).enumerate() {
            let (x, y) = (at % width, at / width);
            let bright = (slope * x + 2 * y + 7 * index) % 256;
            pixel.fill(bright as u8);
            *value = 1.0 + bright as f32 / 64.0;
        }
        Ok(())
    }
}
