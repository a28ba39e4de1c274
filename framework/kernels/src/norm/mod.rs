//! Batch normalisation over the last axis: statistics, the affine step with its activation, gradients.
//!
//! Training: `batch_statistics`, then `scale_shift` with `scale = gamma * inv_std` and `shift = beta - mean * scale`; back by
//! [`norm_backward`]. Evaluation: `scale_shift` with running statistics; back by [`scale_shift_backward`].

use pulp::{Simd, WithSimd};

use crate::activation::Activation;
use crate::columns::{chunk_sums, columns};
use crate::parallel::{chunk_of, for_chunks, map_chunks};
use crate::simd::dispatch;

mod backward;

pub use backward::{NormBackward, norm_backward};

/// Mean and biased variance of each channel of `y` over all pixels; both are 0 for a map without pixels.
///
/// Each chunk of pixels is read twice while it is in the cache, for its mean and its squares about that mean; the chunks are
/// merged in f64 (Chan, Golub, LeVeque 1979), so a large mean does not eat up the variance.
///
/// # Panics
///
/// When `y` is not a whole number of pixels or `mean` and `var` do not hold one value per channel.
pub fn batch_statistics(y: &[f32], channels: usize, mean: &mut [f32], var: &mut [f32]) {
    check("batch_statistics", y.len(), &[channels, mean.len(), var.len()]);
    let chunk = chunk_of(channels);
    let parts = map_chunks(y.len().div_ceil(chunk), y.len(), |index| {
        let y = &y[index * chunk..((index + 1) * chunk).min(y.len())];
        let pixels = y.len() / channels;
        let mut mean = chunk_sums(y, channels);
        mean.iter_mut().for_each(|sum| *sum /= pixels as f32);
        let mut squares = vec![0.0; channels];
        dispatch(Squares {
            y,
            mean: &mean,
            squares: &mut squares,
        });
        (pixels as f64, mean, squares)
    });
    let mut merged = vec![(0.0_f64, 0.0_f64); channels];
    let mut seen = 0.0;
    for (pixels, means, squares) in parts {
        let total = seen + pixels;
        for ((all, &mean), &square) in merged.iter_mut().zip(&means).zip(&squares) {
            let delta = f64::from(mean) - all.0;
            all.0 += delta * pixels / total;
            all.1 += f64::from(square) + delta * delta * seen * pixels / total;
        }
        seen = total;
    }
    for ((mean, var), (all, squares)) in mean.iter_mut().zip(var).zip(merged) {
        *mean = all as f32;
        *var = (squares / seen.max(1.0)) as f32;
    }
}

/// `z = act(y * scale[c] + shift[c])`; `z` is overwritten.
///
/// # Panics
///
/// When `y` and `z` differ in length or are not a whole number of pixels of `scale.len()` channels.
pub fn scale_shift(y: &[f32], scale: &[f32], shift: &[f32], act: Activation, z: &mut [f32]) {
    check("scale_shift", y.len(), &[scale.len(), shift.len()]);
    assert_eq!(y.len(), z.len(), "scale_shift: lengths of input and output");
    for_chunks(z, chunk_of(scale.len()), y.len(), |offset, z| {
        dispatch(ScaleShift {
            y: &y[offset..offset + z.len()],
            scale,
            shift,
            act,
            z,
        });
    });
}

/// `dy += dz * act'(y * scale[c] + shift[c]) * scale[c]`: the gradient of [`scale_shift`] with scale and shift constant.
///
/// # Panics
///
/// As [`scale_shift`].
pub fn scale_shift_backward(y: &[f32], dz: &[f32], scale: &[f32], shift: &[f32], act: Activation, dy: &mut [f32]) {
    check("scale_shift_backward", y.len(), &[scale.len(), shift.len()]);
    assert_eq!(y.len(), dy.len(), "scale_shift_backward: lengths of input and its gradient");
    assert_eq!(dz.len(), dy.len(), "scale_shift_backward: lengths of the gradients");
    for_chunks(dy, chunk_of(scale.len()), y.len(), |offset, dy| {
        let range = offset..offset + dy.len();
        dispatch(ScaleShiftBackward {
            y: &y[range.clone()],
            dz: &dz[range],
            scale,
            shift,
            act,
            dy,
        });
    });
}

fn check(name: &str, len: usize, channels: &[usize]) {
    let first = channels[0];
    assert!(channels.iter().all(|&c| c == first), "{name}: one value per channel, got {channels:?}");
    let whole = if first == 0 { len == 0 } else { len.is_multiple_of(first) };
    assert!(whole, "{name}: {len} values are no whole number of pixels of {first} channels");
}

/// `v` clamped to the activation's range; not-a-number stays.
#[inline(always)]
fn clamp<S: Simd>(simd: S, v: S::f32s, [low, high]: [S::f32s; 2]) -> S::f32s {
    let v = simd.select_f32s(simd.less_than_f32s(v, low), low, v);
    simd.select_f32s(simd.greater_than_f32s(v, high), high, v)
}

/// `g` where `v` is inside the activation's range, else 0.
#[inline(always)]
fn gate<S: Simd>(simd: S, v: S::f32s, [low, high]: [S::f32s; 2], g: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    let g = simd.select_f32s(simd.less_than_or_equal_f32s(v, low), zero, g);
    simd.select_f32s(simd.greater_than_or_equal_f32s(v, high), zero, g)
}

/// The activation's range, ready for [`clamp`] and [`gate`].
#[inline(always)]
fn bounds<S: Simd>(simd: S, act: Activation) -> [S::f32s; 2] {
    let (low, high) = act.bounds();
    [simd.splat_f32s(low), simd.splat_f32s(high)]
}

struct Squares<'a> {
    y: &'a [f32],
    mean: &'a [f32],
    squares: &'a mut [f32],
}

impl WithSimd for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mean = columns(simd, self.mean);
        let mut sums = vec![[simd.splat_f32s(0.0); 2]; mean.len()];
        let add = |sum: &mut S::f32s, y: S::f32s, mean: S::f32s| {
            let d = simd.sub_f32s(y, mean);
            *sum = simd.mul_add_e_f32s(d, d, *sum);
        };
        for pair in self.y.chunks(2 * self.mean.len()) {
            for (half, row) in pair.chunks_exact(self.mean.len()).enumerate() {
                let (head, tail) = S::as_simd_f32s(row);
                for ((sum, &y), &mean) in sums.iter_mut().zip(head).zip(&mean) {
                    add(&mut sum[half], y, mean);
                }
                if let (false, Some(sum), Some(&mean)) = (tail.is_empty(), sums.last_mut(), mean.last()) {
                    add(&mut sum[half], simd.partial_load_f32s(tail), mean);
                }
            }
        }
        for (to, [a, b]) in self.squares.chunks_mut(S::F32_LANES).zip(sums) {
            simd.partial_store_f32s(to, simd.add_f32s(a, b));
        }
    }
}

struct ScaleShift<'a> {
    y: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    act: Activation,
    z: &'a mut [f32],
}

impl WithSimd for ScaleShift<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.scale.len();
        let scale = columns(simd, self.scale);
        let shift = columns(simd, self.shift);
        let bounds = bounds(simd, self.act);
        let apply = |y, scale, shift| clamp(simd, simd.mul_add_e_f32s(y, scale, shift), bounds);
        for (z, y) in self.z.chunks_exact_mut(channels).zip(self.y.chunks_exact(channels)) {
            let (z_head, z_tail) = S::as_mut_simd_f32s(z);
            let (y_head, y_tail) = S::as_simd_f32s(y);
            for (((z, &y), &scale), &shift) in z_head.iter_mut().zip(y_head).zip(&scale).zip(&shift) {
                *z = apply(y, scale, shift);
            }
            if let (false, Some(&scale), Some(&shift)) = (y_tail.is_empty(), scale.last(), shift.last()) {
                let z = apply(simd.partial_load_f32s(y_tail), scale, shift);
                simd.partial_store_f32s(z_tail, z);
            }
        }
    }
}

struct ScaleShiftBackward<'a> {
    y: &'a [f32],
    dz: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    act: Activation,
    dy: &'a mut [f32],
}

impl WithSimd for ScaleShiftBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.scale.len();
        let scale = columns(simd, self.scale);
        let shift = columns(simd, self.shift);
        let bounds = bounds(simd, self.act);
        let add = |dy, y, dz, scale, shift| {
            let g = gate(simd, simd.mul_add_e_f32s(y, scale, shift), bounds, dz);
            simd.mul_add_e_f32s(g, scale, dy)
        };
        let rows = self.y.chunks_exact(channels).zip(self.dz.chunks_exact(channels));
        for (dy, (y, dz)) in self.dy.chunks_exact_mut(channels).zip(rows) {
            let (dy_head, dy_tail) = S::as_mut_simd_f32s(dy);
            let (y_head, y_tail) = S::as_simd_f32s(y);
            let (dz_head, dz_tail) = S::as_simd_f32s(dz);
            let values = dy_head.iter_mut().zip(y_head).zip(dz_head);
            for (((dy, &y), &dz), (&scale, &shift)) in values.zip(scale.iter().zip(&shift)) {
                *dy = add(*dy, y, dz, scale, shift);
            }
            if let (false, Some(&scale), Some(&shift)) = (y_tail.is_empty(), scale.last(), shift.last()) {
                let y = simd.partial_load_f32s(y_tail);
                let dz = simd.partial_load_f32s(dz_tail);
                let before = simd.partial_load_f32s(dy_tail);
                simd.partial_store_f32s(dy_tail, add(before, y, dz, scale, shift));
            }
        }
    }
}
