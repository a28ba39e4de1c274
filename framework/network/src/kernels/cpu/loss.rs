//! Losses: forward computes the gradient at once, backward scales it.

use dfdx::prelude::{Cpu, Tape, TensorFromVec};

use super::super::{Map, Scalar, device_result};
use super::{CpuKernels, elements, take_gradient};
use crate::error::Result;

impl CpuKernels {
    /// A loss of `x`: `compute` returns it and, if requested, adds its derivative to a zeroed
    /// slice.
    pub(super) fn loss<T: Tape<f32, Cpu>>(
        &self,
        x: &Map<Cpu>,
        tape: &mut T,
        compute: impl FnOnce(&[f32], Option<&mut [f32]>) -> f64,
    ) -> Result<Scalar<Cpu>> {
        let values = elements(x);
        let mut derivative = vec![0.0; if T::OWNS_TAPE { values.len() } else { 0 }];
        let loss = compute(values, T::OWNS_TAPE.then_some(derivative.as_mut_slice()));
        let loss: Scalar<Cpu> =
            device_result(self.device.try_tensor_from_vec(vec![loss as f32], ()))?;
        if T::OWNS_TAPE {
            let (argument, out) = (self.gradients.argument(x), loss.ghost());
            tape.add_backward_op(move |gradients| {
                let upstream = take_gradient!(gradients, &out);
                let scale = upstream.first().copied().unwrap_or(0.0);
                if scale != 1.0 {
                    derivative.iter_mut().for_each(|d| *d *= scale);
                }
                argument.give(gradients, derivative)
            });
        }
        Ok(loss)
    }
}
