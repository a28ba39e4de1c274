//! Gradient of batch normalisation in training, through the batch's own statistics.

use pulp::{Simd, WithSimd};

use super::{bounds, check, gate};
use crate::activation::Activation;
use crate::columns::{columns, sum_chunks};
use crate::parallel::{chunk_of, for_chunks};
use crate::simd::{dispatch, load_part, store_part};

/// Inputs of the gradient of `z = act(gamma * (y - mean) * inv_std + beta)`.
///
/// Maps are (B, H, W, C); `mean`, `inv_std`, `gamma` and `beta` hold one value per channel.
#[derive(Clone, Copy, Debug)]
pub struct NormBackward<'a> {
    /// The map that was normalised.
    pub y: &'a [f32],
    /// Mean of each channel, as [`crate::batch_statistics`] gave it.
    pub mean: &'a [f32],
    /// `1 / sqrt(var + eps)` of each channel.
    pub inv_std: &'a [f32],
    /// The learned factor.
    pub gamma: &'a [f32],
    /// The learned offset.
    pub beta: &'a [f32],
    /// The activation after it; where it was cut off is computed again from `y`.
    pub act: Activation,
}

/// Turns `gradient`, that of the result `z`, into that of the map `y` in place, and adds to
/// `dgamma` and `dbeta`.
///
/// With x̂ = (y - mean) * inv_std, g = act'(…) * dz and N pixels: dbeta = Σ g, dgamma = Σ g x̂ and
/// dy = gamma * inv_std * (g - dbeta / N - x̂ * dgamma / N) (Ioffe and Szegedy 2015, section 3).
///
/// # Panics
///
/// When a map is not a whole number of pixels or something else has the wrong length.
pub fn norm_backward(
    n: &NormBackward<'_>,
    gradient: &mut [f32],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    let channels = n.mean.len();
    let per_channel = [
        n.mean.len(),
        n.inv_std.len(),
        n.gamma.len(),
        n.beta.len(),
        dgamma.len(),
        dbeta.len(),
    ];
    check("norm_backward", n.y.len(), &per_channel);
    assert_eq!(
        gradient.len(),
        n.y.len(),
        "norm_backward: lengths of the map and the gradient"
    );

    let scale: Vec<f32> = n
        .gamma
        .iter()
        .zip(n.inv_std)
        .map(|(gamma, inv_std)| gamma * inv_std)
        .collect();
    let shift: Vec<f32> = (0..channels)
        .map(|c| n.beta[c] - n.mean[c] * scale[c])
        .collect();

    let chunk = chunk_of(channels);
    let sums = sum_chunks(n.y.len(), channels, 2 * channels, |range| {
        let mut sums = vec![0.0; 2 * channels];
        dispatch(Sums {
            y: &n.y[range.clone()],
            dz: &gradient[range],
            scale: &scale,
            shift: &shift,
            mean: n.mean,
            act: n.act,
            sums: &mut sums,
        });
        sums
    });
    let (sum_g, sum_gy) = sums.split_at(channels);
    let pixels = (n.y.len() / channels.max(1)).max(1) as f64;
    let mut offset = vec![0.0; channels];
    let mut slope = vec![0.0; channels];
    for c in 0..channels {
        let inv_std = f64::from(n.inv_std[c]);
        let sum_gx = sum_gy[c] * inv_std;
        dgamma[c] += sum_gx as f32;
        dbeta[c] += sum_g[c] as f32;
        offset[c] = (f64::from(scale[c]) * sum_g[c] / pixels) as f32;
        slope[c] = (f64::from(scale[c]) * inv_std * sum_gx / pixels) as f32;
    }
    for_chunks(gradient, chunk, n.y.len(), |at, gradient| {
        dispatch(Gradient {
            y: &n.y[at..at + gradient.len()],
            parameters: [&scale, &shift, n.mean, &offset, &slope],
            act: n.act,
            gradient,
        });
    });
}

/// Σ g and Σ g (y - mean) over a chunk, into the two halves of `sums`.
struct Sums<'a> {
    y: &'a [f32],
    dz: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    mean: &'a [f32],
    act: Activation,
    sums: &'a mut [f32],
}

/// One vector of channels in [`Sums`].
struct Column<V> {
    scale: V,
    shift: V,
    mean: V,
    g: V,
    gy: V,
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.mean.len();
        let zero = simd.splat_f32s(0.0);
        let parameters = columns(simd, self.scale)
            .into_iter()
            .zip(columns(simd, self.shift));
        let mut all: Vec<_> = parameters
            .zip(columns(simd, self.mean))
            .map(|((scale, shift), mean)| Column {
                scale,
                shift,
                mean,
                g: zero,
                gy: zero,
            })
            .collect();
        let bounds = bounds(simd, self.act);
        let add = |column: &mut Column<S::f32s>, y, dz| {
            let g = gate(
                simd,
                simd.mul_add_e_f32s(y, column.scale, column.shift),
                bounds,
                dz,
            );
            column.g = simd.add_f32s(column.g, g);
            column.gy = simd.mul_add_e_f32s(g, simd.sub_f32s(y, column.mean), column.gy);
        };
        for (y, dz) in self
            .y
            .chunks_exact(channels)
            .zip(self.dz.chunks_exact(channels))
        {
            let (y_head, y_tail) = S::as_simd_f32s(y);
            let (dz_head, dz_tail) = S::as_simd_f32s(dz);
            for ((column, &y), &dz) in all.iter_mut().zip(y_head).zip(dz_head) {
                add(column, y, dz);
            }
            if let (false, Some(column)) = (y_tail.is_empty(), all.last_mut()) {
                add(column, load_part(simd, y_tail), load_part(simd, dz_tail));
            }
        }
        let (sum_g, sum_gy) = self.sums.split_at_mut(channels);
        let lanes = S::F32_LANES;
        for ((g, gy), column) in sum_g
            .chunks_mut(lanes)
            .zip(sum_gy.chunks_mut(lanes))
            .zip(all)
        {
            store_part(simd, g, column.g);
            store_part(simd, gy, column.gy);
        }
    }
}

/// dy = scale * g - offset - (y - mean) * slope over a chunk.
struct Gradient<'a> {
    y: &'a [f32],
    /// Scale, shift, mean, offset, slope.
    parameters: [&'a [f32]; 5],
    act: Activation,
    /// dz before, dy after.
    gradient: &'a mut [f32],
}

impl WithSimd for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [scale, shift, mean, offset, slope] =
            self.parameters.map(|values| columns(simd, values));
        let channels = self.parameters[0].len();
        let columns: Vec<[S::f32s; 5]> = (0..scale.len())
            .map(|v| [scale[v], shift[v], mean[v], offset[v], slope[v]])
            .collect();
        let bounds = bounds(simd, self.act);
        let gradient = |y, dz, &[scale, shift, mean, offset, slope]: &[S::f32s; 5]| {
            let g = gate(simd, simd.mul_add_e_f32s(y, scale, shift), bounds, dz);
            let direct = simd.sub_f32s(simd.mul_f32s(scale, g), offset);
            simd.sub_f32s(direct, simd.mul_f32s(simd.sub_f32s(y, mean), slope))
        };
        let rows = self.y.chunks_exact(channels);
        for (values, y) in self.gradient.chunks_exact_mut(channels).zip(rows) {
            let (head, tail) = S::as_mut_simd_f32s(values);
            let (y_head, y_tail) = S::as_simd_f32s(y);
            for ((value, &y), column) in head.iter_mut().zip(y_head).zip(&columns) {
                *value = gradient(y, *value, column);
            }
            if let (false, Some(column)) = (y_tail.is_empty(), columns.last()) {
                let dy = gradient(load_part(simd, y_tail), load_part(simd, tail), column);
                store_part(simd, tail, dy);
            }
        }
    }
}
