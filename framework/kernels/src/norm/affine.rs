//! The affine step with its activation, and its gradient with constant statistics.

use pulp::{Simd, WithSimd};

use super::{bounds, check, clamp, gate};
use crate::activation::Activation;
use crate::columns::columns;
use crate::output::Output;
use crate::parallel::{chunk_of, for_chunks};
use crate::simd::{dispatch, load_part, store_part};

/// `z = act(y * scale[c] + shift[c])`; `z` is overwritten.
///
/// # Panics
///
/// When `y` and `z` differ in length or are not a whole number of pixels of `scale.len()` channels.
pub fn scale_shift<'a>(
    y: &[f32],
    scale: &[f32],
    shift: &[f32],
    act: Activation,
    z: impl Into<Output<'a>>,
) {
    let z = z.into();
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

/// `dy += dz * act'(y * scale[c] + shift[c]) * scale[c]`: the gradient of [`scale_shift`] with
/// scale and shift constant.
///
/// # Panics
///
/// As [`scale_shift`].
pub fn scale_shift_backward<'a>(
    y: &[f32],
    dz: &[f32],
    scale: &[f32],
    shift: &[f32],
    act: Activation,
    dy: impl Into<Output<'a>>,
) {
    let dy = dy.into();
    check("scale_shift_backward", y.len(), &[scale.len(), shift.len()]);
    assert_eq!(
        y.len(),
        dy.len(),
        "scale_shift_backward: lengths of input and its gradient"
    );
    assert_eq!(
        dz.len(),
        dy.len(),
        "scale_shift_backward: lengths of the gradients"
    );
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
        for (z, y) in self
            .z
            .chunks_exact_mut(channels)
            .zip(self.y.chunks_exact(channels))
        {
            let (z_head, z_tail) = S::as_mut_simd_f32s(z);
            let (y_head, y_tail) = S::as_simd_f32s(y);
            for (((z, &y), &scale), &shift) in z_head.iter_mut().zip(y_head).zip(&scale).zip(&shift)
            {
                *z = apply(y, scale, shift);
            }
            if let (false, Some(&scale), Some(&shift)) =
                (y_tail.is_empty(), scale.last(), shift.last())
            {
                let z = apply(load_part(simd, y_tail), scale, shift);
                store_part(simd, z_tail, z);
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
        let rows = self
            .y
            .chunks_exact(channels)
            .zip(self.dz.chunks_exact(channels));
        for (dy, (y, dz)) in self.dy.chunks_exact_mut(channels).zip(rows) {
            let (dy_head, dy_tail) = S::as_mut_simd_f32s(dy);
            let (y_head, y_tail) = S::as_simd_f32s(y);
            let (dz_head, dz_tail) = S::as_simd_f32s(dz);
            let values = dy_head.iter_mut().zip(y_head).zip(dz_head);
            for (((dy, &y), &dz), (&scale, &shift)) in values.zip(scale.iter().zip(&shift)) {
                *dy = add(*dy, y, dz, scale, shift);
            }
            if let (false, Some(&scale), Some(&shift)) =
                (y_tail.is_empty(), scale.last(), shift.last())
            {
                let y = load_part(simd, y_tail);
                let dz = load_part(simd, dz_tail);
                let before = load_part(simd, dy_tail);
                store_part(simd, dy_tail, add(before, y, dz, scale, shift));
            }
        }
    }
}
