//! The inner loop of every dense pass: a small matrix product whose result stays in registers.
#![allow(
    unsafe_code,
    reason = "bounds are checked once per call; a check per load would halve the speed"
)]

use pulp::Simd;

/// Result tile: `MR` rows of `NV` vectors.
pub(super) type Tile<S, const MR: usize, const NV: usize> = [[<S as Simd>::f32s; NV]; MR];

/// `tile[m][n] += Σ_i a[m][i * a_step] * b[i * b_step + n]` for `i` in `0..depth`.
///
/// Panics when a row of `a` or `b` is too short for that.
#[inline(always)]
pub(super) fn multiply<S: Simd, const MR: usize, const NV: usize>(
    simd: S,
    tile: &mut Tile<S, MR, NV>,
    a: [&[f32]; MR],
    a_step: usize,
    b: &[f32],
    b_step: usize,
    depth: usize,
) {
    if depth == 0 {
        return;
    }
    let a_end = (depth - 1) * a_step;
    let b_end = (depth - 1) * b_step + NV * S::F32_LANES;
    assert!(
        a.iter().all(|row| a_end < row.len()),
        "a row of the left factor is too short"
    );
    assert!(b_end <= b.len(), "the right factor is too short");

    let rows = a.map(<[f32]>::as_ptr);
    let b = b.as_ptr();
    let mut sums = *tile;
    let mut a_at = 0;
    let mut b_at = 0;
    for _ in 0..depth {
        let mut factors = [simd.splat_f32s(0.0); NV];
        for (j, factor) in factors.iter_mut().enumerate() {
            // SAFETY: b_at <= (depth - 1) * b_step, so the vector ends at or before b_end <=
            // b.len(), asserted above; f32s is plain old data and read unaligned.
            *factor = unsafe {
                b.add(b_at + j * S::F32_LANES)
                    .cast::<S::f32s>()
                    .read_unaligned()
            };
        }
        for (row, sums) in rows.iter().zip(&mut sums) {
            // SAFETY: a_at <= (depth - 1) * a_step = a_end < the row's length, asserted above.
            let value = simd.splat_f32s(unsafe { *row.add(a_at) });
            for (sum, &factor) in sums.iter_mut().zip(&factors) {
                *sum = simd.mul_add_e_f32s(value, factor, *sum);
            }
        }
        a_at += a_step;
        b_at += b_step;
    }
    *tile = sums;
}

/// Asks the processor to bring `len` values of `x` from number `at` into its first-level cache;
/// only a hint, so the range need not lie within `x`.
#[inline(always)]
pub(super) fn prefetch(x: &[f32], at: usize, len: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..len).step_by(16) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let address = x.as_ptr().wrapping_add(at.wrapping_add(line));
        // SAFETY: a prefetch reads nothing and faults on no address; SSE, which has it, belongs to
        // every x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (x, at, len);
}
