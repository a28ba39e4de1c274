//! Forward pass and input gradient of depthwise convolutions, vectors running over channels.
//!
//! A row is cut into spans whose pixels have the same taps inside the map (see [`Axis`]); within a
//! span, blocks of pixels × channels stay in registers while the taps add to them.

use pulp::{Scalar, Simd, WithSimd};

use super::axis::{Axis, Span, Tap};
use super::shape::Conv;
use crate::activation::{Activation, apply};
use crate::output::Output;
use crate::parallel::{chunk_of, for_chunks};
use crate::shape::MapShape;
use crate::simd::{dispatch, read, write};

/// `y = act(conv(x) + bias)`.
pub(super) fn forward(
    conv: &Conv,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    act: Activation,
    y: Output<'_>,
) {
    Pass {
        rows: &[Axis::forward(conv, conv.input.height)],
        columns: &[Columns::new(Axis::forward(conv, conv.input.width))],
        source: x,
        source_shape: conv.input,
        shape: conv.output(),
        weight,
        kernel: conv.kernel,
        start: Some(bias),
        act,
    }
    .run(conv, y);
}

/// `dx += convᵀ(dy)`.
pub(super) fn backward_input(conv: &Conv, weight: &[f32], dy: &[f32], dx: Output<'_>) {
    let columns = Axis::gradient(conv, conv.input.width);
    Pass {
        rows: &Axis::gradient(conv, conv.input.height),
        columns: &columns.into_iter().map(Columns::new).collect::<Vec<_>>(),
        source: dy,
        source_shape: conv.output(),
        shape: conv.input,
        weight,
        kernel: conv.kernel,
        start: None,
        act: Activation::Identity,
    }
    .run(conv, dx);
}

/// The forward pass from some rows of the input, those outside the map zero, to rows of the output,
/// on one thread.
pub(super) struct Window<'a> {
    rows: Axis,
    columns: Columns,
    conv: &'a Conv,
    weight: &'a [f32],
    bias: &'a [f32],
    act: Activation,
}

impl<'a> Window<'a> {
    /// For at most `count` rows of the output, which read `read` rows.
    pub(super) fn new(
        conv: &'a Conv,
        weight: &'a [f32],
        bias: &'a [f32],
        act: Activation,
        (count, read): (usize, usize),
    ) -> Self {
        Self {
            rows: Axis::window(conv, count, read),
            columns: Columns::new(Axis::forward(conv, conv.input.width)),
            conv,
            weight,
            bias,
            act,
        }
    }

    /// All rows that `x` suffices for.
    pub(super) fn run(&self, x: &[f32], y: &mut [f32]) {
        let (mut source_shape, mut shape) = (self.conv.input, self.conv.output());
        (source_shape.batch, source_shape.height) = (1, x.len() / source_shape.row_len());
        (shape.batch, shape.height) = (1, y.len() / shape.row_len());
        let pass = Pass {
            rows: std::slice::from_ref(&self.rows),
            columns: std::slice::from_ref(&self.columns),
            source: x,
            source_shape,
            shape,
            weight: self.weight,
            kernel: self.conv.kernel,
            start: Some(self.bias),
            act: self.act,
        };
        dispatch(Chunk {
            pass: &pass,
            first_row: 0,
            out: &mut *y,
        });
        apply(self.act, y);
    }
}

/// A grid of columns and its spans.
struct Columns {
    axis: Axis,
    spans: Vec<Span>,
}

impl Columns {
    fn new(axis: Axis) -> Self {
        let spans = axis.spans();
        Self { axis, spans }
    }
}

struct Pass<'a> {
    rows: &'a [Axis],
    columns: &'a [Columns],
    source: &'a [f32],
    source_shape: MapShape,
    /// The map that is written.
    shape: MapShape,
    weight: &'a [f32],
    kernel: usize,
    /// Initial value of the sums, one per channel; `None` adds to what the map holds.
    start: Option<&'a [f32]>,
    /// The activation applied to the finished sums.
    act: Activation,
}

impl Pass<'_> {
    fn run(&self, conv: &Conv, out: Output<'_>) {
        let row_len = self.shape.row_len();
        if row_len == 0 {
            return;
        }
        for_chunks(
            out,
            chunk_of(row_len),
            conv.multiply_adds() / 4,
            |offset, out| {
                dispatch(Chunk {
                    pass: self,
                    first_row: offset / row_len,
                    out: &mut *out,
                });
                apply(self.act, out);
            },
        );
    }
}

/// Whole rows of the destination, the work of one task.
struct Chunk<'a> {
    pass: &'a Pass<'a>,
    first_row: usize,
    out: &'a mut [f32],
}

impl WithSimd for Chunk<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Chunk {
            pass,
            first_row,
            out,
        } = self;
        let height = pass.shape.height;
        for (index, out) in out.chunks_exact_mut(pass.shape.row_len()).enumerate() {
            let (image, y) = ((first_row + index) / height, (first_row + index) % height);
            // Grids come in the order of their starts.
            let axis = &pass.rows[y % pass.rows[0].step];
            let i = y / axis.step;
            let taps = &axis.taps[axis.inside(i)];
            for columns in pass.columns {
                let mut row = Row {
                    pass,
                    image_row: image * pass.source_shape.height,
                    row: (i * axis.source_step) as isize,
                    taps,
                    columns,
                    out: &mut *out,
                };
                row.spans(simd);
            }
        }
    }
}

/// The pixels of one destination row that lie on one grid.
struct Row<'a> {
    pass: &'a Pass<'a>,
    /// First source row of the image, counted over all images.
    image_row: usize,
    /// Source row of a tap of offset 0.
    row: isize,
    /// Vertical taps inside the map.
    taps: &'a [Tap],
    columns: &'a Columns,
    out: &'a mut [f32],
}

impl Row<'_> {
    /// Pixels outside, channels inside: so memory is read in order, which it is fetched ahead for.
    #[inline(always)]
    fn spans<S: Simd>(&mut self, simd: S) {
        let columns = self.columns;
        for span in &columns.spans {
            let taps = &columns.axis.taps[span.taps.clone()];
            let mut i = span.grid.start;
            while i + 4 <= span.grid.end {
                self.channels::<S, 4>(simd, taps, i);
                i += 4;
            }
            while i < span.grid.end {
                self.channels::<S, 1>(simd, taps, i);
                i += 1;
            }
        }
    }

    #[inline(always)]
    fn channels<S: Simd, const PX: usize>(&mut self, simd: S, taps: &[Tap], i: usize) {
        let channels = self.pass.shape.channels;
        let lanes = S::F32_LANES;
        let mut at = 0;
        while at + 3 * lanes <= channels {
            self.block::<S, PX, 3>(simd, taps, i, at, 3 * lanes);
            at += 3 * lanes;
        }
        while at + lanes <= channels {
            self.block::<S, PX, 1>(simd, taps, i, at, lanes);
            at += lanes;
        }
        if at < channels && 2 * (channels - at) >= lanes {
            self.block::<S, PX, 1>(simd, taps, i, at, channels - at);
        } else {
            // For a channel or two, single values beat vectors loaded in part.
            for at in at..channels {
                self.block::<Scalar, PX, 1>(Scalar, taps, i, at, 1);
            }
        }
    }

    /// `PX` pixels from grid position `i`, `width` channels (at most `NV` vectors) from `channel`.
    #[inline(always)]
    fn block<S: Simd, const PX: usize, const NV: usize>(
        &mut self,
        simd: S,
        taps: &[Tap],
        i: usize,
        channel: usize,
        width: usize,
    ) {
        let pass = self.pass;
        let channels = pass.shape.channels;
        let axis = &self.columns.axis;
        let at = axis.destination(i) * channels + channel;
        let mut sums = [[simd.splat_f32s(0.0); NV]; PX];
        for (pixel, sums) in sums.iter_mut().enumerate() {
            let from = match pass.start {
                Some(start) => &start[channel..channel + width],
                None => &self.out[at + pixel * axis.step * channels..][..width],
            };
            read(simd, sums, from);
        }
        for row in self.taps {
            let source_row = self.image_row + (self.row + row.offset) as usize;
            for tap in taps {
                let column = ((i * axis.source_step) as isize + tap.offset) as usize;
                let mut weight = [simd.splat_f32s(0.0); NV];
                let weight_at = (row.index * pass.kernel + tap.index) * channels + channel;
                read(
                    simd,
                    &mut weight,
                    &pass.weight[weight_at..weight_at + width],
                );
                let source = (source_row * pass.source_shape.width + column) * channels + channel;
                for (pixel, sums) in sums.iter_mut().enumerate() {
                    let mut values = [simd.splat_f32s(0.0); NV];
                    let from = source + pixel * axis.source_step * channels;
                    read(simd, &mut values, &pass.source[from..from + width]);
                    for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weight) {
                        *sum = simd.mul_add_e_f32s(value, weight, *sum);
                    }
                }
            }
        }
        for (pixel, sums) in sums.iter().enumerate() {
            write(
                simd,
                sums,
                &mut self.out[at + pixel * axis.step * channels..][..width],
            );
        }
    }
}
