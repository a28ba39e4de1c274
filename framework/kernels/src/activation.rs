//! Activation functions.

use crate::output::Output;
use crate::parallel::{CHUNK_LEN, for_chunks};
use crate::simd::vectorised;

/// A pointwise non-linearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// The value itself.
    Identity,
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6).
    Relu6,
}

impl Activation {
    /// The range the value is clamped to. Its gradient passes strictly inside; not-a-number passes
    /// always, so that a training run that blew up shows it.
    pub(crate) fn bounds(self) -> (f32, f32) {
        match self {
            Self::Identity => (f32::NEG_INFINITY, f32::INFINITY),
            Self::Relu => (0.0, f32::INFINITY),
            Self::Relu6 => (0.0, 6.0),
        }
    }
}

/// `x = act(x)`, a piece that one task has just written and whose values are still in the cache.
pub(crate) fn apply(act: Activation, x: &mut [f32]) {
    if act != Activation::Identity {
        let (low, high) = act.bounds();
        clamp_in_place(x, low, high);
    }
}

/// `y = act(x)`; `y` is overwritten.
///
/// # Panics
///
/// When the lengths differ.
pub fn activation_forward<'a>(act: Activation, x: &[f32], y: impl Into<Output<'a>>) {
    let y = y.into();
    assert_eq!(
        x.len(),
        y.len(),
        "activation_forward: lengths of input and output"
    );
    let (low, high) = act.bounds();
    for_chunks(y, CHUNK_LEN, x.len(), |offset, y| {
        clamp(&x[offset..offset + y.len()], low, high, y);
    });
}

/// `dx += act'(x) * dy`, for relu where x > 0, for relu6 where 0 < x < 6.
///
/// # Panics
///
/// When the lengths differ.
pub fn activation_backward<'a>(act: Activation, x: &[f32], dy: &[f32], dx: impl Into<Output<'a>>) {
    let dx = dx.into();
    assert_eq!(
        x.len(),
        dx.len(),
        "activation_backward: lengths of input and gradient"
    );
    assert_eq!(
        dy.len(),
        dx.len(),
        "activation_backward: lengths of the two gradients"
    );
    let (low, high) = act.bounds();
    for_chunks(dx, CHUNK_LEN, x.len(), |offset, dx| {
        let range = offset..offset + dx.len();
        gate(&x[range.clone()], &dy[range], low, high, dx);
    });
}

vectorised! {
    fn clamp<'a>(x: &'a [f32], low: f32, high: f32, y: &'a mut [f32]) {
        for (y, &x) in y.iter_mut().zip(x) {
            // f32::clamp and max would turn NaN into a bound or test for it.
            let x = if x < low { low } else { x };
            *y = if x > high { high } else { x };
        }
    }
}

vectorised! {
    fn clamp_in_place<'a>(x: &'a mut [f32], low: f32, high: f32) {
        for x in x {
            let y = if *x < low { low } else { *x };
            *x = if y > high { high } else { y };
        }
    }
}

vectorised! {
    fn gate<'a>(x: &'a [f32], dy: &'a [f32], low: f32, high: f32, dx: &'a mut [f32]) {
        for ((dx, &x), &dy) in dx.iter_mut().zip(x).zip(dy) {
            *dx += if x <= low || x >= high { 0.0 } else { dy };
        }
    }
}
