//! The losses of the three tasks, each a mean over the valid elements.

use dfdx::prelude::{ChooseFrom, Device, HasShape, MaxTo, ReshapeTo, SelectTo, SumTo, Tape};
use dfdx::prelude::{TryAdd, TryDiv, TryLe, TryMul, TrySub};
use dfdx::shapes::{Axes4, Axis};

use super::super::{check_labels, map_shape};
use super::{Map, MapDims, OpResult, Scalar, Taped, constant, on_tape};
use crate::error::Result;

type AllAxes = Axes4<0, 1, 2, 3>;

/// Mean of −log softmax at the label, over the pixels whose label is not `ignore`.
///
/// # Errors
///
/// When there is not exactly one label per pixel, or a label is not a class.
pub(super) fn cross_entropy<D: Device<f32>, T: Tape<f32, D>>(
    logits: &Map<D>,
    labels: &[u8],
    ignore: u8,
    tape: &mut T,
) -> Result<Scalar<D>> {
    let (batch, height, width, classes) = *logits.shape();
    let pixels = batch * height * width;
    check_labels(labels, map_shape(logits), ignore)?;
    let counts = |label: u8| label != ignore;
    let count = labels.iter().filter(|&&label| counts(label)).count();
    let share = -1.0 / count.max(1) as f32;
    // An ignored pixel reads class 0 with weight 0.
    let (index, weights): (Vec<usize>, Vec<f32>) = labels
        .iter()
        .map(|&label| {
            if counts(label) {
                (usize::from(label), share)
            } else {
                (0, 0.0)
            }
        })
        .unzip();
    on_tape(logits, tape, |logits| {
        let dev = logits.device().clone();
        let index = dev.try_tensor_from_vec(index, (pixels,))?;
        let weights = dev.try_tensor_from_vec(weights, (pixels,))?;
        logits
            .try_reshape_like(&(pixels, classes))?
            .try_log_softmax::<Axis<1>>()?
            .try_select::<(usize,), (usize,)>(index)?
            .try_mul(weights)?
            .try_sum::<(), Axis<0>>()
    })
}

/// Mean of e where e ≤ c, of (e² + c²) / 2c elsewhere, over the pixels with a label above 0.
pub(super) fn berhu<D: Device<f32>, T: Tape<f32, D>>(
    depth: Taped<MapDims, D, T>,
    truth: &Map<D>,
) -> OpResult<Taped<(), D, T>, D> {
    let dev = depth.device().clone();
    let shape = *depth.shape();
    let measured = truth.as_vec();
    let count = measured.iter().filter(|&&metres| metres > 0.0).count();
    let mask = measured
        .iter()
        .map(|&metres| if metres > 0.0 { 1.0 } else { 0.0 })
        .collect();
    let mask = dev.try_tensor_from_vec(mask, shape)?;
    // Sensors also mark missing depth by NaN, which a mask of zeros would not remove.
    let measured = measured.into_iter().map(|metres| metres.max(0.0)).collect();
    let measured = dev.try_tensor_from_vec(measured, shape)?;

    let error = depth.try_sub(measured)?.try_mul(mask)?.try_abs()?;
    let largest = error.retaped().try_max::<(), AllAxes>()?;
    let c = 0.2 * value(&largest);
    let loss = if c > 0.0 {
        let quadratic = error
            .retaped::<T>()
            .try_square()?
            .try_div(2.0 * c)?
            .try_add(0.5 * c)?;
        // A masked element has e = 0, so it always takes the linear side.
        error.try_le(c)?.try_choose(error, quadratic)?
    } else {
        error
    };
    loss.try_sum::<(), AllAxes>()?.try_div(count.max(1) as f32)
}

/// Mean of `(x − truth)²` over the elements whose mask is not 0.
pub(super) fn squared_error<D: Device<f32>, T: Tape<f32, D>>(
    x: Taped<MapDims, D, T>,
    truth: &Map<D>,
    mask: Option<&Map<D>>,
) -> OpResult<Taped<(), D, T>, D> {
    let (batch, height, width, channels) = *x.shape();
    let error = x.try_sub(constant(truth)?)?.try_square()?;
    let (error, count) = match mask {
        None => (error, batch * height * width * channels),
        Some(mask) => {
            let count = mask.as_vec().iter().filter(|&&m| m != 0.0).count();
            (error.try_mul(constant(mask)?)?, count)
        }
    };
    error.try_sum::<(), AllAxes>()?.try_div(count.max(1) as f32)
}

/// The value of a scalar.
pub(super) fn value<D: Device<f32>>(x: &Scalar<D>) -> f32 {
    x.as_vec().first().copied().unwrap_or(f32::NAN)
}
