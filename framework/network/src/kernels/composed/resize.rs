//! Bilinear resizing as a weighted sum of four gathers, and the average over a map.

use dfdx::prelude::{
    BroadcastTo, Device, GatherTo, HasShape, ReshapeTo, SumTo, Tape, TryAdd, TryDiv, TryMul,
};
use dfdx::shapes::Axis;
use nasfw_sdk::Size;

use super::{MapDims, OpResult, Taped};

/// Bilinear resize, align_corners = false.
pub(super) fn resize<D: Device<f32>, T: Tape<f32, D>>(
    x: Taped<MapDims, D, T>,
    size: Size,
) -> OpResult<Taped<MapDims, D, T>, D> {
    let (batch, height, width, channels) = *x.shape();
    let (rows, columns) = (taps(height, size.height), taps(width, size.width));
    let pixels = batch * size.area();
    let corner = |lower_row: bool, right_column: bool| {
        let mut index = Vec::with_capacity(pixels);
        let mut weights = Vec::with_capacity(pixels);
        for b in 0..batch {
            for row in &rows {
                let (y, y_weight) = row.neighbour(lower_row);
                for column in &columns {
                    let (x, x_weight) = column.neighbour(right_column);
                    index.push((b * height + y) * width + x);
                    weights.push(y_weight * x_weight);
                }
            }
        }
        (index, weights)
    };

    let dev = x.device().clone();
    let x = x.try_reshape_like(&(batch * height * width, channels))?;
    let more = x.retaped::<T>();
    let weighted = |x: Taped<(usize, usize), D, T>, (index, weights): (Vec<usize>, Vec<f32>)| {
        let index = dev.try_tensor_from_vec(index, (pixels,))?;
        let weights = dev
            .try_tensor_from_vec(weights, (pixels,))?
            .retaped::<T>()
            .try_broadcast_like::<_, Axis<1>>(&(pixels, channels))?;
        x.try_gather::<(usize, usize), (usize,)>(index)?
            .try_mul(weights)
    };
    let mut y = weighted(x, corner(false, false))?;
    for (lower_row, right_column) in [(false, true), (true, false), (true, true)] {
        y = y.try_add(weighted(
            more.retaped::<T>(),
            corner(lower_row, right_column),
        )?)?;
    }
    y.try_reshape_like(&(batch, size.height, size.width, channels))
}

/// Mean over height and width: `(batch, 1, 1, channels)`.
pub(super) fn global_average<D: Device<f32>, T: Tape<f32, D>>(
    x: Taped<MapDims, D, T>,
) -> OpResult<Taped<MapDims, D, T>, D> {
    let (batch, height, width, channels) = *x.shape();
    x.try_reshape_like(&(batch, height * width, channels))?
        .try_sum::<(usize, usize), Axis<1>>()?
        .try_div((height * width) as f32)?
        .try_reshape_like(&(batch, 1_usize, 1_usize, channels))
}

/// The two input positions around an output position.
struct Tap {
    low: usize,
    high: usize,
    /// Weight of `high`.
    weight: f32,
}

impl Tap {
    fn neighbour(&self, high: bool) -> (usize, f32) {
        if high {
            (self.high, self.weight)
        } else {
            (self.low, 1.0 - self.weight)
        }
    }
}

/// Source positions and weights for `output` positions over `input` positions; f32 throughout, as
/// in PyTorch.
fn taps(input: usize, output: usize) -> Vec<Tap> {
    let scale = input as f32 / output as f32;
    let tap = |o: usize| {
        let at = ((o as f32 + 0.5) * scale - 0.5).max(0.0);
        let low = (at as usize).min(input - 1);
        Tap {
            low,
            high: (low + 1).min(input - 1),
            weight: at - low as f32,
        }
    };
    (0..output).map(tap).collect()
}
