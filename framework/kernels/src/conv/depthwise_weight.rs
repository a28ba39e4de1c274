//! Weight gradient of depthwise convolutions, vectors running over channels.
//!
//! `dw[tap][c] = Σ_p x[p + tap][c] * dy[p][c]`, one output row at a time. Chunks of rows add into
//! partial gradients of their own, which are then summed in order.

use std::ops::Range;

use pulp::{Scalar, Simd, WithSimd};

use super::axis::Axis;
use super::shape::Conv;
use crate::parallel::map_chunks;
use crate::simd::{dispatch, read, write};

/// At most so many partial gradients.
const MAX_PARTS: usize = 32;

/// `dweight += ∂/∂weight <dy, conv(x)>`.
pub(super) fn backward_weight(conv: &Conv, x: &[f32], dy: &[f32], dweight: &mut [f32]) {
    let output = conv.output();
    if output.is_empty() {
        return;
    }
    let rows = Axis::forward(conv, conv.input.height);
    let columns = Axis::forward(conv, conv.input.width);
    let all_rows = output.batch * output.height;
    let part_rows = (4096 / output.row_len())
        .max(1)
        .max(all_rows.div_ceil(MAX_PARTS));
    let parts = map_chunks(
        all_rows.div_ceil(part_rows),
        conv.multiply_adds() / 4,
        |part| {
            let mut out = vec![0.0; conv.weight_len()];
            dispatch(RowSums {
                conv,
                axes: [&rows, &columns],
                x,
                dy,
                rows: part * part_rows..((part + 1) * part_rows).min(all_rows),
                out: &mut out,
            });
            out
        },
    );
    for part in parts {
        dweight
            .iter_mut()
            .zip(part)
            .for_each(|(to, from)| *to += from);
    }
}

/// Adds the products of some output rows to a gradient.
struct RowSums<'a> {
    conv: &'a Conv,
    axes: [&'a Axis; 2],
    x: &'a [f32],
    dy: &'a [f32],
    /// Output rows, counted over all images.
    rows: Range<usize>,
    out: &'a mut [f32],
}

impl WithSimd for RowSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let RowSums {
            conv,
            axes: [vertical, horizontal],
            x,
            dy,
            rows,
            out,
        } = self;
        let channels = conv.out_channels;
        let output = conv.output();
        for at in rows {
            let (image, y) = (at / output.height, at % output.height);
            for row in &vertical.taps[vertical.inside(y)] {
                let x_row =
                    image * conv.input.height + ((y * conv.stride) as isize + row.offset) as usize;
                for (number, tap) in horizontal.taps.iter().enumerate() {
                    let reach = horizontal.reach(number);
                    let x_column = ((reach.start * conv.stride) as isize + tap.offset) as usize;
                    let x_at = (x_row * conv.input.width + x_column) * channels;
                    let dy_at = (at * output.width + reach.start) * channels;
                    let run = Run {
                        x: &x[x_at..],
                        x_step: conv.stride * channels,
                        dy: &dy[dy_at..],
                        channels,
                        len: reach.len(),
                    };
                    let tap = (row.index * conv.kernel + tap.index) * channels;
                    run.channels(simd, &mut out[tap..tap + channels]);
                }
            }
        }
    }
}

/// Pixels of one output row and what one tap reads for them.
struct Run<'a> {
    x: &'a [f32],
    x_step: usize,
    dy: &'a [f32],
    channels: usize,
    len: usize,
}

impl Run<'_> {
    #[inline(always)]
    fn channels<S: Simd>(&self, simd: S, out: &mut [f32]) {
        let lanes = S::F32_LANES;
        let mut at = 0;
        while at + 3 * lanes <= self.channels {
            self.add::<S, 3>(simd, at, &mut out[at..at + 3 * lanes]);
            at += 3 * lanes;
        }
        while at + lanes <= self.channels {
            self.add::<S, 1>(simd, at, &mut out[at..at + lanes]);
            at += lanes;
        }
        if at < self.channels && 2 * (self.channels - at) >= lanes {
            self.add::<S, 1>(simd, at, &mut out[at..]);
        } else {
            // For a channel or two, single values beat vectors loaded in part.
            for at in at..self.channels {
                self.add::<Scalar, 1>(Scalar, at, &mut out[at..at + 1]);
            }
        }
    }

    /// Adds to `out` the channels from `at`, at most `NV` vectors of them. Two pixels at a time
    /// have sums of their own, since one chain of additions would wait on itself.
    #[inline(always)]
    fn add<S: Simd, const NV: usize>(&self, simd: S, at: usize, out: &mut [f32]) {
        let width = out.len();
        let mut sums = [[simd.splat_f32s(0.0); NV]; 2];
        read(simd, &mut sums[0], out);
        let mut pixel = 0;
        while pixel + 2 <= self.len {
            self.pixel(simd, at, width, pixel, &mut sums[0]);
            self.pixel(simd, at, width, pixel + 1, &mut sums[1]);
            pixel += 2;
        }
        if pixel < self.len {
            self.pixel(simd, at, width, pixel, &mut sums[0]);
        }
        let [mut total, odd] = sums;
        for (total, odd) in total.iter_mut().zip(odd) {
            *total = simd.add_f32s(*total, odd);
        }
        write(simd, &total, out);
    }

    #[inline(always)]
    fn pixel<S: Simd, const NV: usize>(
        &self,
        simd: S,
        at: usize,
        width: usize,
        pixel: usize,
        sums: &mut [S::f32s; NV],
    ) {
        let mut values = [simd.splat_f32s(0.0); NV];
        let mut grads = [simd.splat_f32s(0.0); NV];
        let from = pixel * self.x_step + at;
        read(simd, &mut values, &self.x[from..from + width]);
        let from = pixel * self.channels + at;
        read(simd, &mut grads, &self.dy[from..from + width]);
        for ((sum, value), grad) in sums.iter_mut().zip(values).zip(grads) {
            *sum = simd.mul_add_e_f32s(value, grad, *sum);
        }
    }
}
