//! Batch normalisation over the last axis: statistics, the affine step with its activation,
//! gradients.
//!
//! Training: `batch_statistics`, then `scale_shift` with `scale = gamma * inv_std` and `shift =
//! beta - mean * scale`; back by [`norm_backward`]. Evaluation: `scale_shift` with running
//! statistics; back by [`scale_shift_backward`].

mod affine;
mod backward;
mod statistics;

pub use affine::{scale_shift, scale_shift_backward};
pub use backward::{NormBackward, norm_backward};
pub use statistics::batch_statistics;

use pulp::Simd;

use crate::activation::Activation;

/// Panics unless all of `channels` are equal and `len` values are a whole number of such pixels.
fn check(name: &str, len: usize, channels: &[usize]) {
    let first = channels[0];
    assert!(
        channels.iter().all(|&c| c == first),
        "{name}: one value per channel, got {channels:?}"
    );
    let whole = if first == 0 {
        len == 0
    } else {
        len.is_multiple_of(first)
    };
    assert!(
        whole,
        "{name}: {len} values are no whole number of pixels of {first} channels"
    );
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
