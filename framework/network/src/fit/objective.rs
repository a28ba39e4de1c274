//! The loss of a step: main output, auxiliary outputs, distillation.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use dfdx::prelude::{OwnedTape, PutTape, SplitTape};
use nasfw_sdk::graph::{Output, Role};
use nasfw_sdk::{Label, Loss, Size, TargetScale, Task};

use super::batch::Batch;
use super::custom_loss::custom_loss;
use super::target::{Target, target, valid_mask};
use crate::error::{Error, Result};
use crate::kernels::{DeviceOf, Kernels, Map, Scalar, device_result, map_shape};

/// The objective `loss(main) + auxiliary · Σ loss(aux) + distillation · MSE(main, teacher)`.
#[derive(Clone, Copy)]
pub struct Objective<'a> {
    /// The task's loss.
    pub loss: Loss,
    /// The task that computes [`Loss::Custom`]; not needed for other losses.
    pub custom: Option<&'a dyn Task>,
    /// Weight of each auxiliary output's loss.
    pub auxiliary: f32,
    /// Weight of the squared distance to the teacher's outputs over valid pixels.
    pub distillation: f32,
    /// Size at which outputs and labels are compared.
    pub targets: TargetScale,
    /// Side of the crop that the labels describe.
    pub crop_px: usize,
}

impl std::fmt::Debug for Objective<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objective")
            .field("loss", &self.loss)
            .field("auxiliary", &self.auxiliary)
            .field("distillation", &self.distillation)
            .field("targets", &self.targets)
            .field("crop_px", &self.crop_px)
            .finish_non_exhaustive()
    }
}

impl Objective<'_> {
    /// The loss of a batch's outputs, recorded on `tape`.
    ///
    /// # Errors
    /// When labels do not fit the loss, or the device fails.
    pub fn loss<K: Kernels>(
        &self,
        kernels: &K,
        declared: &[Output],
        outputs: &[Map<DeviceOf<K>>],
        batch: &Batch,
        tape: &mut OwnedTape<f32, DeviceOf<K>>,
    ) -> Result<Scalar<DeviceOf<K>>> {
        let labels: Vec<&Label> = batch.labels.iter().map(AsRef::as_ref).collect();
        let mut targets: BTreeMap<Size, Target<DeviceOf<K>>> = BTreeMap::new();
        let mut terms: Vec<(f32, Scalar<DeviceOf<K>>)> = Vec::new();
        for (output, value) in declared.iter().zip(outputs) {
            let weight = match output.role {
                Role::Main => 1.0,
                Role::Auxiliary => self.auxiliary,
            };
            if weight == 0.0 {
                continue;
            }
            let value = self.at_target_size(kernels, value, tape)?;
            let truth = self.truth(kernels, &labels, &value, &mut targets)?;
            terms.push((weight, self.term(kernels, &value, truth, tape)?));
            if let (Role::Main, Some(teacher)) = (output.role, &batch.teacher)
                && self.distillation > 0.0
            {
                // The teacher's outputs are kept at a quarter of the crop, whatever the target size
                // is.
                let value = self.at_quarter(kernels, &value, tape)?;
                let truth = self.truth(kernels, &labels, &value, &mut targets)?;
                let shape = map_shape(&value);
                let dims = (shape.batch, shape.height, shape.width, shape.channels);
                let distilled = teacher.upload(kernels, shape)?;
                let mask = valid_mask(kernels, self.loss, truth, dims)?;
                let term = kernels.squared_error(&value, &distilled, Some(&mask), tape)?;
                terms.push((self.distillation, term));
            }
        }
        weighted_sum(terms, tape)
    }

    /// The labels at the size of `value`, made once per size.
    fn truth<'t, K: Kernels>(
        &self,
        kernels: &K,
        labels: &[&Label],
        value: &Map<DeviceOf<K>>,
        targets: &'t mut BTreeMap<Size, Target<DeviceOf<K>>>,
    ) -> Result<&'t Target<DeviceOf<K>>> {
        let shape = map_shape(value);
        let size = Size::new(shape.width, shape.height);
        Ok(match targets.entry(size) {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(place) => {
                place.insert(target(kernels, self.loss, labels, self.crop_px, size)?)
            }
        })
    }

    fn at_target_size<K: Kernels>(
        &self,
        kernels: &K,
        value: &Map<DeviceOf<K>>,
        tape: &mut OwnedTape<f32, DeviceOf<K>>,
    ) -> Result<Map<DeviceOf<K>>> {
        match self.targets {
            TargetScale::Quarter => self.at_quarter(kernels, value, tape),
            TargetScale::Output => Ok(value.clone()),
        }
    }

    fn at_quarter<K: Kernels>(
        &self,
        kernels: &K,
        value: &Map<DeviceOf<K>>,
        tape: &mut OwnedTape<f32, DeviceOf<K>>,
    ) -> Result<Map<DeviceOf<K>>> {
        let side = quarter(self.crop_px);
        let shape = map_shape(value);
        if (shape.height, shape.width) == (side, side) {
            Ok(value.clone())
        } else {
            kernels.resize(value, Size::square(side), tape)
        }
    }

    fn term<K: Kernels>(
        &self,
        kernels: &K,
        value: &Map<DeviceOf<K>>,
        truth: &Target<DeviceOf<K>>,
        tape: &mut OwnedTape<f32, DeviceOf<K>>,
    ) -> Result<Scalar<DeviceOf<K>>> {
        match truth {
            Target::Classes(labels) => {
                let ignore = match self.loss {
                    Loss::CrossEntropy { ignore } => ignore,
                    _ => u8::MAX,
                };
                kernels.cross_entropy(value, labels, ignore, tape)
            }
            Target::Depth(depths) => kernels.berhu(value, depths, tape),
            Target::Heatmaps { maps, mask } => kernels.squared_error(value, maps, Some(mask), tape),
            Target::Custom(truths) => {
                let task = self.custom.ok_or_else(|| {
                    Error::Training("the loss `custom` needs a task that computes it".into())
                })?;
                custom_loss(kernels, task, value, truths, tape)
            }
        }
    }
}

/// A quarter of a crop's side, rounded up like strided convolutions do.
pub fn quarter(crop_px: usize) -> usize {
    crop_px.div_ceil(4)
}

fn weighted_sum<D: dfdx::prelude::Device<f32>>(
    terms: Vec<(f32, Scalar<D>)>,
    tape: &mut OwnedTape<f32, D>,
) -> Result<Scalar<D>> {
    use dfdx::prelude::{TryAdd, TryMul};
    let mut sum: Option<dfdx::prelude::Tensor<(), f32, D, OwnedTape<f32, D>>> = None;
    for (weight, term) in terms {
        let term = device_result(term.put_tape(std::mem::take(tape)).try_mul(weight))?;
        let joined = match sum.take() {
            None => term,
            Some(sum) => device_result(sum.try_add(term))?,
        };
        sum = Some(joined);
    }
    let Some(sum) = sum else {
        return Err(Error::Training("the network has no output to train".into()));
    };
    let (value, all) = sum.split_tape();
    *tape = all;
    Ok(value)
}
