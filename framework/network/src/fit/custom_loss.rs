//! A task's custom loss, as an operation on the tape.

use dfdx::prelude::{OwnedTape, PutTape, SplitTape, SumTo, TensorFromVec};
use dfdx::prelude::{TryAdd, TryMul, TrySub};
use dfdx::shapes::Axes4;
use nasfw_sdk::{Label, LossBatch, Task};

use crate::error::{Error, Result};
use crate::kernels::{DeviceOf, Kernels, Map, Scalar, device_result, map_shape};

/// The loss that `task` computes for `outputs`, with its gradient.
///
/// With the gradient `g` as a constant, the recorded operation is `Σ x g − Σ x g + loss`, the
/// second sum a constant: its value is the loss and its derivative by `x` is `g`, on any device.
///
/// # Errors
/// The task's reason, or a loss or gradient that is not finite.
pub(super) fn custom_loss<K: Kernels>(
    kernels: &K,
    task: &dyn Task,
    outputs: &Map<DeviceOf<K>>,
    truths: &[Label],
    tape: &mut OwnedTape<f32, DeviceOf<K>>,
) -> Result<Scalar<DeviceOf<K>>> {
    let shape = map_shape(outputs);
    let values = outputs.as_vec();
    let mut gradient = vec![0.0; values.len()];
    let batch = LossBatch {
        batch: shape.batch,
        height: shape.height,
        width: shape.width,
        channels: shape.channels,
        outputs: &values,
        truths,
    };
    let loss = task.custom_loss(&batch, &mut gradient)?;
    if !loss.is_finite() {
        return Err(Error::Training(format!(
            "the task's custom loss is {loss}; it must be finite"
        )));
    }
    if let Some(value) = gradient.iter().find(|g| !g.is_finite()) {
        let message = format!("the gradient of the task's custom loss contains {value}");
        return Err(Error::Training(message));
    }
    let dims = (shape.batch, shape.height, shape.width, shape.channels);
    let gradient = device_result(kernels.device().try_tensor_from_vec(gradient, dims))?;
    // The dfdx operations below read a map of their own: `outputs` may have other readers, and a
    // map is read either by our kernels or by dfdx's operations.
    let outputs = kernels.add(&[outputs], tape)?;
    let taped = outputs.put_tape(std::mem::take(tape));
    let weighted = device_result(taped.try_mul(gradient))?;
    let sum = device_result(weighted.try_sum::<(), Axes4<0, 1, 2, 3>>())?;
    let constant = sum.as_vec().first().copied().unwrap_or(f32::NAN);
    let zero = device_result(sum.try_sub(constant))?;
    let (loss, rest) = device_result(zero.try_add(loss as f32))?.split_tape();
    *tape = rest;
    Ok(loss)
}
