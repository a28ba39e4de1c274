//! Mean and variance of each channel.

use pulp::{Simd, WithSimd};

use super::check;
use crate::columns::{chunk_sums, columns};
use crate::parallel::{chunk_of, map_chunks};
use crate::simd::{dispatch, load_part, store_part};

/// Mean and biased variance of each channel of `y` over all pixels; both are 0 for a map without
/// pixels.
///
/// Each chunk of pixels is read twice while it is in the cache, for its mean and its squares about
/// that mean; the chunks are merged in f64 (Chan, Golub, LeVeque 1979), so a large mean does not
/// eat up the variance.
///
/// # Panics
///
/// When `y` is not a whole number of pixels or `mean` and `var` do not hold one value per channel.
pub fn batch_statistics(y: &[f32], channels: usize, mean: &mut [f32], var: &mut [f32]) {
    check(
        "batch_statistics",
        y.len(),
        &[channels, mean.len(), var.len()],
    );
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

/// Σ (y - mean)² of each channel over a chunk.
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
                if let (false, Some(sum), Some(&mean)) =
                    (tail.is_empty(), sums.last_mut(), mean.last())
                {
                    add(&mut sum[half], load_part(simd, tail), mean);
                }
            }
        }
        for (to, [a, b]) in self.squares.chunks_mut(S::F32_LANES).zip(sums) {
            store_part(simd, to, simd.add_f32s(a, b));
        }
    }
}
