//! Batch normalisation, normalisation by fixed statistics, and the activations that follow.

use dfdx::prelude::{
    BroadcastTo, ChooseFrom, Device, HasShape, NoneTape, ReshapeTo, SumTo, Tape, TryAdd, TryDiv,
    TryGe, TryLe, TryMul, TrySub,
};
use dfdx::shapes::{Axis, Shape};

use super::{Activation, Affine, BatchStatistics, Flat, MapDims, OpResult, Taped, constant};
use crate::kernels::NORM_EPSILON;

/// A normalised map and its statistics.
type Normalised<D, T> = (Taped<MapDims, D, T>, BatchStatistics<D>);

/// `activation(γ (x − mean) / √(variance + ε) + β)`, with the statistics of `x` over all its
/// pixels.
pub(super) fn batch_norm<D: Device<f32>, T: Tape<f32, D>>(
    x: Taped<MapDims, D, T>,
    affine: Affine<'_, D>,
    activation: Activation,
) -> OpResult<Normalised<D, T>, D> {
    let shape = *x.shape();
    let rows = (shape.0 * shape.1 * shape.2, shape.3);
    let input = x.retaped::<T>();

    let mean = pixel_mean(x)?;
    let statistics_mean = mean.retaped::<NoneTape>();
    let centred = input
        .try_reshape_like(&rows)?
        .try_sub(mean.try_broadcast_like::<_, Axis<0>>(&rows)?)?;
    let squared = centred.retaped::<T>().try_square()?;
    let variance = pixel_mean(squared.try_reshape_like(&shape)?)?;
    let statistics = BatchStatistics {
        mean: statistics_mean,
        variance: variance.retaped::<NoneTape>(),
    };

    let deviation = variance.try_add(NORM_EPSILON)?.try_sqrt()?;
    let y = centred.try_div(deviation.try_broadcast_like::<_, Axis<0>>(&rows)?)?;
    let y = affine_rows(y, affine.gamma.retaped::<T>(), affine.beta.retaped::<T>())?;
    let y = activate(y, activation)?.try_reshape_like(&shape)?;
    Ok((y, statistics))
}

/// `activation(x · scale + shift)` with constants.
pub(super) fn scale_shift<D: Device<f32>, T: Tape<f32, D>>(
    x: Taped<MapDims, D, T>,
    scale: &Flat<D>,
    shift: &Flat<D>,
    activation: Activation,
) -> OpResult<Taped<MapDims, D, T>, D> {
    let shape = *x.shape();
    let rows = x.try_reshape_like(&(shape.0 * shape.1 * shape.2, shape.3))?;
    let y = affine_rows(
        rows,
        constant(scale)?.retaped::<T>(),
        constant(shift)?.retaped::<T>(),
    )?;
    activate(y, activation)?.try_reshape_like(&shape)
}

/// `activation(x)`; its gradient passes strictly between the bounds, and NaN passes both ways, so
/// that a diverged training run shows it.
pub(super) fn activate<S: Shape, D: Device<f32>, T: Tape<f32, D>>(
    x: Taped<S, D, T>,
    activation: Activation,
) -> OpResult<Taped<S, D, T>, D> {
    if activation == Activation::Identity {
        return Ok(x);
    }
    // Not dfdx's relu and clamp: the first swallows NaN, the second has slope 1 at its bounds.
    let zeros = x.device().try_zeros_like(x.shape())?;
    let y = x.try_le(0.0)?.try_choose(zeros.retaped::<T>(), x)?;
    if activation == Activation::Relu {
        return Ok(y);
    }
    let sixes = zeros.try_add(6.0_f32)?;
    y.try_ge(6.0)?.try_choose(sixes.retaped::<T>(), y)
}

/// `x · scale + shift` per column.
fn affine_rows<D: Device<f32>, T: Tape<f32, D>>(
    x: Taped<(usize, usize), D, T>,
    scale: Taped<(usize,), D, T>,
    shift: Taped<(usize,), D, T>,
) -> OpResult<Taped<(usize, usize), D, T>, D> {
    let rows = *x.shape();
    x.try_mul(scale.try_broadcast_like::<_, Axis<0>>(&rows)?)?
        .try_add(shift.try_broadcast_like::<_, Axis<0>>(&rows)?)
}

/// Mean over all pixels of a batch, one value per channel.
fn pixel_mean<D: Device<f32>, T: Tape<f32, D>>(
    x: Taped<MapDims, D, T>,
) -> OpResult<Taped<(usize,), D, T>, D> {
    let (batch, height, width, _) = *x.shape();
    // Row by row: dfdx adds sequentially, and short sums lose less to rounding.
    x.try_sum::<(usize, usize, usize), Axis<2>>()?
        .try_sum::<(usize, usize), Axis<1>>()?
        .try_sum::<(usize,), Axis<0>>()?
        .try_div((batch * height * width) as f32)
}
