//! Clipping gradients by their joint norm.

use dfdx::prelude::{Backward, Device, Gradients, SumTo, Trace, TryMul};
use dfdx::shapes::Axis;

use super::loss::value;
use super::{Flat, OpResult};

/// Scales gradients down to a joint norm of at most `max_norm`; returns the norm they had.
///
/// A norm of NaN leaves them unchanged: the caller sees it and skips the step.
pub(super) fn clip<D: Device<f32>>(
    gradients: &mut Gradients<f32, D>,
    parameters: &[&Flat<D>],
    max_norm: f32,
) -> OpResult<f32, D> {
    let mut squares = 0.0_f64;
    for parameter in parameters {
        // Parameters that took no part in the loss have no gradient yet, and `get` would panic.
        gradients.get_or_alloc_mut(*parameter)?;
        let gradient = gradients.get(*parameter);
        let sum = gradient.try_square()?.try_sum::<(), Axis<0>>()?;
        squares += f64::from(value(&sum));
    }
    let norm = squares.sqrt();
    // PyTorch's small constant, so that clipped steps are comparable.
    let factor = (f64::from(max_norm) / (norm + 1e-6)) as f32;
    if factor < 1.0 {
        for parameter in parameters {
            scale(gradients, parameter, factor)?;
        }
    }
    Ok(norm as f32)
}

/// Multiplies the gradient of `parameter` by `factor`.
fn scale<D: Device<f32>>(
    gradients: &mut Gradients<f32, D>,
    parameter: &Flat<D>,
    factor: f32,
) -> OpResult<(), D> {
    // The only way to write a gradient in dfdx is a backward pass: the derivative of Σ p·g by p is
    // g.
    let scaled = gradients.get(parameter).try_mul(factor)?;
    let mut written = parameter
        .leaky_trace()
        .try_mul(scaled)?
        .try_sum::<(), Axis<0>>()?
        .try_backward()?;
    std::mem::swap(
        gradients.get_or_alloc_mut(parameter)?,
        written.get_or_alloc_mut(parameter)?,
    );
    Ok(())
}
