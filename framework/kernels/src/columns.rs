//! Sums over pixels, channel by channel.
//!
//! A chunk of pixels is summed in f32, which vectors run over; the chunks' sums are added in f64,
//! in order.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::parallel::{chunk_of, map_chunks};
use crate::simd::{dispatch, load_part};

/// The sum of each channel of `y` over all pixels.
pub(crate) fn column_sums(y: &[f32], channels: usize) -> Vec<f64> {
    if channels == 0 {
        assert!(y.is_empty(), "a map without channels holds values");
    } else {
        assert!(
            y.len().is_multiple_of(channels),
            "the map is not a whole number of pixels"
        );
    }
    sum_chunks(y.len(), channels, channels, |range| {
        chunk_sums(&y[range], channels)
    })
}

/// The sum of each channel over the pixels of one chunk.
pub(crate) fn chunk_sums(y: &[f32], channels: usize) -> Vec<f32> {
    let mut sums = vec![0.0; channels];
    dispatch(AddRows { y, sums: &mut sums });
    sums
}

/// Adds up the `count` values that `chunk` gives for each chunk of a map of `len` values, in the
/// order of the chunks.
pub(crate) fn sum_chunks(
    len: usize,
    channels: usize,
    count: usize,
    chunk: impl Fn(Range<usize>) -> Vec<f32> + Sync + Send,
) -> Vec<f64> {
    let step = chunk_of(channels);
    let parts = map_chunks(len.div_ceil(step), len, |index| {
        chunk(index * step..((index + 1) * step).min(len))
    });
    let mut total = vec![0.0; count];
    for part in parts {
        total
            .iter_mut()
            .zip(part)
            .for_each(|(to, from)| *to += f64::from(from));
    }
    total
}

/// One value per channel as vectors, the last one filled up with zeros.
#[inline(always)]
pub(crate) fn columns<S: Simd>(simd: S, values: &[f32]) -> Vec<S::f32s> {
    values
        .chunks(S::F32_LANES)
        .map(|chunk| load_part(simd, chunk))
        .collect()
}

struct AddRows<'a> {
    y: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.sums.len();
        if channels == 0 {
            return;
        }
        let (sums, rest) = S::as_mut_simd_f32s(self.sums);
        // Four pixels at a time: the sums wait in memory, and a store followed by its load is slow.
        let mut fours = self.y.chunks_exact(4 * channels);
        for four in &mut fours {
            let (a, bcd) = four.split_at(channels);
            let (b, cd) = bcd.split_at(channels);
            let (c, d) = cd.split_at(channels);
            let (a, a_rest) = S::as_simd_f32s(a);
            let (b, b_rest) = S::as_simd_f32s(b);
            let (c, c_rest) = S::as_simd_f32s(c);
            let (d, d_rest) = S::as_simd_f32s(d);
            for ((((sum, &a), &b), &c), &d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                let four = simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d));
                *sum = simd.add_f32s(*sum, four);
            }
            for ((((sum, a), b), c), d) in rest
                .iter_mut()
                .zip(a_rest)
                .zip(b_rest)
                .zip(c_rest)
                .zip(d_rest)
            {
                *sum += (a + b) + (c + d);
            }
        }
        for row in fours.remainder().chunks_exact(channels) {
            let (row, row_rest) = S::as_simd_f32s(row);
            for (sum, &y) in sums.iter_mut().zip(row) {
                *sum = simd.add_f32s(*sum, y);
            }
            for (sum, y) in rest.iter_mut().zip(row_rest) {
                *sum += y;
            }
        }
    }
}
