//! A teacher's outputs for a batch.

use dfdx::prelude::NoneTape;
use nasfw_sdk::Size;

use super::batch::{Batch, Batches};
use super::objective::quarter;
use super::run::upload;
use crate::error::Result;
use crate::kernels::{DeviceOf, Kernels, Map};
use crate::network::Network;

/// Batches with the outputs of a teacher, which sees the same crops in evaluation mode.
#[derive(Clone, Copy)]
pub struct Distilled<'a, K: Kernels> {
    /// The batches.
    pub batches: &'a dyn Batches,
    /// A network with the same output channels.
    pub teacher: &'a Network<K>,
    /// Side of the crops.
    pub crop_px: usize,
}

impl<K: Kernels> Batches for Distilled<'_, K> {
    fn steps(&self) -> usize {
        self.batches.steps()
    }

    fn batch(&self, epoch: usize, step: usize) -> Result<Batch> {
        let mut batch = self.batches.batch(epoch, step)?;
        let inputs = upload(self.teacher.kernels(), &batch)?;
        let output = teach(self.teacher, &inputs, self.crop_px)?;
        batch.teacher = Some(output.as_vec().into());
        Ok(batch)
    }
}

/// The teacher's first output at a quarter of the crop, where distillation compares.
///
/// # Errors
/// When the device fails.
pub fn teach<K: Kernels>(
    teacher: &Network<K>,
    inputs: &[Map<DeviceOf<K>>],
    crop_px: usize,
) -> Result<Map<DeviceOf<K>>> {
    let side = quarter(crop_px);
    let output = teacher.forward_eval(inputs)?.swap_remove(0);
    (teacher.kernels()).resize(&output, Size::square(side), &mut NoneTape)
}
