//! Kernels composed of dfdx's own operations: they run on all its devices, and are the reference.
//!
//! Nothing here touches memory or implements a backward pass, so the gradients are as correct as
//! dfdx's. A convolution gathers its patches row by row and multiplies matrices: exact, and slow.
//!
//! | file | holds |
//! |---|---|
//! | `conv` | convolutions |
//! | `norm` | batch normalisation, scale and shift, activations |
//! | `resize` | bilinear resizing, global average |
//! | `combine` | sums and concatenations of maps |
//! | `loss` | the three losses |
//! | `clip` | gradient clipping |

mod clip;
mod combine;
mod conv;
mod loss;
mod norm;
mod resize;

use dfdx::prelude::{
    Cache, Device, Gradients, HasErr, NoneTape, PutTape, SplitTape, Synchronize, Tape, Tensor,
    TryMul,
};
use dfdx::shapes::Shape;
use nasfw_sdk::Size;

use super::{
    Activation, Affine, BatchStatistics, Conv, Flat, Kernels, Map, MapShape, Scalar, device_result,
};
use crate::error::Result;

/// Kernels for any dfdx device, composed of its own operations.
#[derive(Clone, Debug, Default)]
pub struct Composed<D> {
    device: D,
}

impl<D> Composed<D> {
    /// The kernels of `device`.
    pub fn new(device: D) -> Self {
        Self { device }
    }
}

/// A convolution with its epilogue in evaluation.
#[derive(Clone, Debug)]
pub struct PreparedConv<D: Device<f32>> {
    conv: Conv,
    weight: Flat<D>,
    scale: Option<Flat<D>>,
    shift: Option<Flat<D>>,
    activation: Activation,
}

impl<D: Device<f32> + Cache + Synchronize> Kernels for Composed<D> {
    type Device = D;
    type PreparedConv = PreparedConv<D>;

    fn device(&self) -> &D {
        &self.device
    }

    fn wait(&self) -> Result<()> {
        device_result(self.device.try_synchronize())
    }

    fn release(&self) -> Result<()> {
        device_result(self.device.try_empty_cache())
    }

    fn conv<T: Tape<f32, D>>(
        &self,
        conv: &Conv,
        x: &Map<D>,
        weight: &Flat<D>,
        bias: Option<&Flat<D>>,
        needs_input_gradient: bool,
        tape: &mut T,
    ) -> Result<Map<D>> {
        on_tape(x, tape, |x| {
            conv::conv(conv, x, weight, bias, needs_input_gradient)
        })
    }

    fn batch_norm<T: Tape<f32, D>>(
        &self,
        x: &Map<D>,
        affine: Affine<'_, D>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<(Map<D>, BatchStatistics<D>)> {
        let x = x.clone().put_tape(std::mem::take(tape));
        let (y, statistics) = device_result(norm::batch_norm(x, affine, activation))?;
        let (y, with_op) = y.split_tape();
        *tape = with_op;
        Ok((y, statistics))
    }

    fn scale_shift<T: Tape<f32, D>>(
        &self,
        x: &Map<D>,
        scale: &Flat<D>,
        shift: &Flat<D>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<Map<D>> {
        on_tape(x, tape, |x| norm::scale_shift(x, scale, shift, activation))
    }

    fn prepare(
        &self,
        conv: &Conv,
        weight: &Flat<D>,
        scale: Option<&Flat<D>>,
        shift: Option<&Flat<D>>,
        activation: Activation,
    ) -> Result<PreparedConv<D>> {
        Ok(PreparedConv {
            conv: *conv,
            weight: weight.clone(),
            scale: scale.cloned(),
            shift: shift.cloned(),
            activation,
        })
    }

    fn prepared_output(&self, conv: &PreparedConv<D>) -> MapShape {
        conv.conv.output()
    }

    fn prepared_conv(&self, conv: &PreparedConv<D>, x: &Map<D>) -> Result<Map<D>> {
        let PreparedConv {
            conv,
            weight,
            scale,
            shift,
            activation,
        } = conv;
        let (tape, shift) = (&mut NoneTape, shift.as_ref());
        let bias = shift.filter(|_| scale.is_none());
        let y = self.conv(conv, x, weight, bias, false, tape)?;
        match (scale, shift) {
            (Some(scale), Some(shift)) => self.scale_shift(&y, scale, shift, *activation, tape),
            (Some(scale), None) => {
                let none = device_result(self.device.try_zeros_like(scale))?;
                self.scale_shift(&y, scale, &none, *activation, tape)
            }
            (None, _) => self.activation(&y, *activation, tape),
        }
    }

    fn activation<T: Tape<f32, D>>(
        &self,
        x: &Map<D>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<Map<D>> {
        on_tape(x, tape, |x| norm::activate(renamed(x)?, activation))
    }

    fn resize<T: Tape<f32, D>>(&self, x: &Map<D>, size: Size, tape: &mut T) -> Result<Map<D>> {
        on_tape(x, tape, |x| resize::resize(x, size))
    }

    fn global_average<T: Tape<f32, D>>(&self, x: &Map<D>, tape: &mut T) -> Result<Map<D>> {
        on_tape(x, tape, resize::global_average)
    }

    fn add<T: Tape<f32, D>>(&self, xs: &[&Map<D>], tape: &mut T) -> Result<Map<D>> {
        combine::add(xs, tape)
    }

    fn concat<T: Tape<f32, D>>(&self, xs: &[&Map<D>], tape: &mut T) -> Result<Map<D>> {
        combine::concat(xs, tape)
    }

    fn cross_entropy<T: Tape<f32, D>>(
        &self,
        logits: &Map<D>,
        labels: &[u8],
        ignore: u8,
        tape: &mut T,
    ) -> Result<Scalar<D>> {
        loss::cross_entropy(logits, labels, ignore, tape)
    }

    fn berhu<T: Tape<f32, D>>(
        &self,
        depth: &Map<D>,
        truth: &Map<D>,
        tape: &mut T,
    ) -> Result<Scalar<D>> {
        on_tape(depth, tape, |depth| loss::berhu(depth, truth))
    }

    fn squared_error<T: Tape<f32, D>>(
        &self,
        x: &Map<D>,
        truth: &Map<D>,
        mask: Option<&Map<D>>,
        tape: &mut T,
    ) -> Result<Scalar<D>> {
        on_tape(x, tape, |x| loss::squared_error(x, truth, mask))
    }

    fn clip_gradients(
        &self,
        gradients: &mut Gradients<f32, D>,
        parameters: &[&Flat<D>],
        max_norm: f32,
    ) -> Result<Scalar<D>> {
        let norm = device_result(clip::clip(gradients, parameters, max_norm))?;
        device_result(self.device.try_tensor_from_vec(vec![norm], ()))
    }
}

/// A tensor that carries a tape.
type Taped<S, D, T> = Tensor<S, f32, D, T>;
/// The shape of a map.
type MapDims = (usize, usize, usize, usize);
/// The result type of a device operation.
type OpResult<X, D> = std::result::Result<X, <D as HasErr>::Err>;

/// Runs `operation` on `x` with `tape` put into it, and takes the tape out of the result.
///
/// `x` keeps its id, so its gradient is the one the caller asks for.
fn on_tape<S: Shape, Z: Shape, D: Device<f32>, T: Tape<f32, D>>(
    x: &Tensor<S, f32, D>,
    tape: &mut T,
    operation: impl FnOnce(Taped<S, D, T>) -> OpResult<Taped<Z, D, T>, D>,
) -> Result<Tensor<Z, f32, D>> {
    let x = x.clone().put_tape(std::mem::take(tape));
    let (y, with_op) = device_result(operation(x))?.split_tape();
    *tape = with_op;
    Ok(y)
}

/// The same values under a new id; the gradient flows back to the old one.
///
/// dfdx refuses operations whose two arguments share an id, so no kernel returns its argument
/// itself.
fn renamed<S: Shape, D: Device<f32>, T: Tape<f32, D>>(
    x: Taped<S, D, T>,
) -> OpResult<Taped<S, D, T>, D> {
    x.try_mul(1.0_f32)
}

/// The values of `x` as a constant: dfdx gives every argument of an operation a gradient, and this
/// one lands at an id that nothing else uses.
fn constant<S: Shape, D: Device<f32>>(
    x: &Tensor<S, f32, D>,
) -> OpResult<Tensor<S, f32, D, NoneTape>, D> {
    renamed(x.clone())
}
