//! A library task's own data: the program lends the memory, the library fills it.

use std::sync::Arc;

use nasfw_abi::message::Op;
use nasfw_abi::message::task as message;
use nasfw_abi::truth::{Numbers, Truths};
use nasfw_sdk::{DataInfo, Error, Label, LabelKind, Result, Size, Split, TaskData};

use super::respawn::RespawningInstance;
use crate::described::one_line;
use crate::library::Lent;

/// Maximum side length of an image.
const MAX_SIDE_PX: usize = 1 << 14;
/// Maximum number of samples of a split.
const MAX_SAMPLES: usize = 1 << 31;
/// Maximum number of classes or joints of a data set.
const MAX_NAMES: usize = 1 << 12;

pub(super) struct RemoteData {
    described: message::TaskData,
    fresh: Arc<RespawningInstance>,
}

impl RemoteData {
    /// Checks a task's description of its data.
    ///
    /// # Errors
    /// Names the value that is out of range.
    pub(super) fn new(
        mut described: message::TaskData,
        fresh: Arc<RespawningInstance>,
    ) -> Result<Self> {
        described.description = one_line(&described.description);
        for (what, count) in [("data.train", described.train), ("data.val", described.val)] {
            if count > MAX_SAMPLES || (what == "data.train" && count < 2) {
                let expected = format!("2 to {MAX_SAMPLES} samples to train on");
                return Err(Error::invalid(what, count, expected));
            }
        }
        let info = &described.info;
        let names = info.classes.len().max(info.joints.len());
        if names > MAX_NAMES {
            let expected = format!("at most {MAX_NAMES} names");
            return Err(Error::invalid("data.info", names, expected));
        }
        let joints = info.joints.len();
        let pairs = info.flip_pairs.iter().flatten().chain(&info.skeleton);
        if let Some(pair) = pairs.clone().find(|p| p.0.max(p.1) >= joints) {
            let expected = format!("pairs of the {joints} joints, counted from 0");
            return Err(Error::invalid("data.info", format!("{pair:?}"), expected));
        }
        if described.fingerprint.is_empty() || described.fingerprint.len() > 256 {
            let expected = "1 to 256 bytes that change when the data does";
            return Err(Error::invalid(
                "data.fingerprint",
                &described.fingerprint,
                expected,
            ));
        }
        Ok(Self { described, fresh })
    }
}

impl TaskData for RemoteData {
    fn info(&self) -> DataInfo {
        self.described.info.clone()
    }

    fn len(&self, split: Split) -> usize {
        match split {
            Split::Train => self.described.train,
            Split::Val => self.described.val,
        }
    }

    fn fingerprint(&self) -> String {
        self.described.fingerprint.clone()
    }

    fn description(&self) -> String {
        self.described.description.clone()
    }

    fn size_px(&self, split: Split, index: usize) -> Result<Size> {
        let instance = self.fresh.instance()?;
        let request = message::Sample { split, index };
        let message::Size { width, height } = instance.call(Op::SampleSize, &request, &mut [])?;
        let sides = 1..=MAX_SIDE_PX;
        if sides.contains(&width) && sides.contains(&height) {
            return Ok(Size::new(width, height));
        }
        let message = format!(
            "sample {index} has {width} x {height} pixels; expected sides of 1 to {MAX_SIDE_PX}"
        );
        Err(instance.error(Op::SampleSize, message))
    }

    fn fill(&self, split: Split, index: usize, image: &mut [u8], label: &mut Label) -> Result<()> {
        let instance = self.fresh.instance()?;
        let (truth, mut numbers) = Truths::of(&[label])?;
        let request = message::Fill {
            split,
            index,
            truth: truth.clone(),
        };
        let lent = &mut [
            Lent::U8Mut(image),
            match &mut numbers {
                Numbers::U8(values) => Lent::U8Mut(values),
                Numbers::F32(values) => Lent::F32Mut(values),
            },
        ];
        let filled: message::Filled = instance.call(Op::Fill, &request, lent)?;
        let is_finite = match &numbers {
            Numbers::U8(_) => true,
            Numbers::F32(values) => values.iter().all(|v| v.is_finite()),
        };
        let has_length = truth.kind != LabelKind::Keypoints || filled.reference_px > 0.0;
        if !is_finite || !has_length || !filled.reference_px.is_finite() {
            let message =
                format!("the label of sample {index} is not finite, or has no reference length");
            return Err(instance.error(Op::Fill, message));
        }
        let references_px = vec![filled.reference_px];
        let truth = Truths {
            references_px,
            ..truth
        };
        if let Some(made) = truth.labels(&numbers)?.pop() {
            *label = made;
        }
        Ok(())
    }
}
