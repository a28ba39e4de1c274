//! Convolutions as a gather of patches and a matrix product.

use dfdx::prelude::{
    BroadcastTo, Device, GatherTo, HasShape, NoneTape, PutTape, ReshapeTo, SplitTape, SumTo, Tape,
    TryAdd, TryConcatAlong, TryMatMul, TryMul,
};
use dfdx::shapes::{Axis, Shape};

use super::{Conv, Flat, MapDims, OpResult, Taped};
use crate::kernels::MapShape;

/// Convolution of `x` with a flat weight, plus a bias.
pub(super) fn conv<D: Device<f32>, T: Tape<f32, D>>(
    conv: &Conv,
    x: Taped<MapDims, D, T>,
    weight: &Flat<D>,
    bias: Option<&Flat<D>>,
    needs_input_gradient: bool,
) -> OpResult<Taped<MapDims, D, T>, D> {
    // The last step of an epoch may have a smaller batch than planned.
    let (batch, height, width, channels) = *x.shape();
    let input = MapShape::new(batch, height, width, channels);
    let conv = Conv { input, ..*conv };

    let rows = if needs_input_gradient {
        patches(&conv, x)?
    } else {
        let (x, tape) = x.split_tape();
        patches::<D, NoneTape>(&conv, x)?.put_tape(tape)
    };
    let y = if conv.is_depthwise() {
        per_channel(&conv, rows, weight)?
    } else {
        let weight = weight_matrix::<D, T>(&conv, weight)?;
        let (pixels, inputs) = (conv.output().pixels(), weight.shape().0);
        rows.try_reshape_like(&(pixels, inputs))?
            .try_matmul(weight)?
    };
    let y = match bias {
        Some(bias) => {
            let shape = *y.shape();
            y.try_add(
                bias.retaped::<T>()
                    .try_broadcast_like::<_, Axis<0>>(&shape)?,
            )?
        }
        None => y,
    };
    let output = conv.output();
    y.try_reshape_like(&(output.batch, output.height, output.width, output.channels))
}

/// The inputs of each output pixel, one row per tap: (output pixels × kernel², input channels).
fn patches<D: Device<f32>, T: Tape<f32, D>>(
    conv: &Conv,
    x: Taped<MapDims, D, T>,
) -> OpResult<Taped<(usize, usize), D, T>, D> {
    let (pixels, channels) = (conv.input.pixels(), conv.input.channels);
    let rows = x.try_reshape_like(&(pixels, channels))?;
    if conv.kernel == 1 && conv.stride == 1 {
        return Ok(rows);
    }
    // Taps outside the map read the row of zeros after the last pixel.
    let zeros = rows.device().try_zeros_like(&(1_usize, channels))?;
    let index = patch_index(conv);
    let taken = index.len();
    let index = rows.device().try_tensor_from_vec(index, (taken,))?;
    (rows, zeros)
        .try_concat_along(Axis::<0>)?
        .try_gather::<(usize, usize), (usize,)>(index)
}

/// The input pixel behind every tap of every output pixel; one past the last pixel outside the map.
fn patch_index(conv: &Conv) -> Vec<usize> {
    let (input, output) = (conv.input, conv.output());
    let mut index = Vec::with_capacity(output.pixels() * conv.kernel * conv.kernel);
    let tap = |out: usize, tap: usize, size: usize| {
        let padded = out * conv.stride + tap * conv.dilation;
        padded.checked_sub(conv.padding()).filter(|&at| at < size)
    };
    for b in 0..output.batch {
        for y in 0..output.height {
            for x in 0..output.width {
                for ky in 0..conv.kernel {
                    let row = tap(y, ky, input.height);
                    for kx in 0..conv.kernel {
                        let column = tap(x, kx, input.width);
                        index.push(match (row, column) {
                            (Some(y), Some(x)) => (b * input.height + y) * input.width + x,
                            _ => input.pixels(),
                        });
                    }
                }
            }
        }
    }
    index
}

/// A depthwise convolution: each channel of the patches times its own weights, summed over the
/// taps.
fn per_channel<D: Device<f32>, T: Tape<f32, D>>(
    conv: &Conv,
    rows: Taped<(usize, usize), D, T>,
    weight: &Flat<D>,
) -> OpResult<Taped<(usize, usize), D, T>, D> {
    let taps = conv.kernel * conv.kernel;
    let shape = (conv.output().pixels(), taps, conv.out_channels);
    let weight = weight
        .retaped::<T>()
        .try_reshape_like(&(taps, conv.out_channels))?
        .try_broadcast_like::<_, Axis<0>>(&shape)?;
    rows.try_reshape_like(&shape)?
        .try_mul(weight)?
        .try_sum::<(usize, usize), Axis<1>>()
}

/// The weight as a matrix (kernel² × input channels, output channels), zero between groups.
fn weight_matrix<D: Device<f32>, T: Tape<f32, D>>(
    conv: &Conv,
    weight: &Flat<D>,
) -> OpResult<Taped<(usize, usize), D, T>, D> {
    let taps = conv.kernel * conv.kernel;
    let shape = (taps * conv.input.channels, conv.out_channels);
    let weight = weight.retaped::<T>();
    if conv.groups == 1 {
        return weight.try_reshape_like(&shape);
    }
    let zero = weight.device().try_zeros_like(&(1_usize,))?;
    let index = weight
        .device()
        .try_tensor_from_vec(block_index(conv), (shape.num_elements(),))?;
    (weight, zero)
        .try_concat_along(Axis::<0>)?
        .try_gather::<(usize,), (usize,)>(index)?
        .try_reshape_like(&shape)
}

/// Positions in the flat weight of the entries of the block-diagonal matrix; one past its end
/// between groups.
fn block_index(conv: &Conv) -> Vec<usize> {
    let inputs = conv.input.channels / conv.groups;
    let outputs = conv.out_channels / conv.groups;
    let mut index = Vec::new();
    for tap in 0..conv.kernel * conv.kernel {
        for input in 0..conv.input.channels {
            for output in 0..conv.out_channels {
                index.push(if input / inputs == output / outputs {
                    (tap * inputs + input % inputs) * conv.out_channels + output
                } else {
                    conv.weight_len()
                });
            }
        }
    }
    index
}
