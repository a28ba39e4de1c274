//! Forward pass and input gradient of a convolution whose channels see each other, without im2col.
//!
//! A tile of destination pixels × destination channels stays in registers while the kernel taps add
//! to it. Each tap hands the tile the source pixels it reads, or a row of zeros for a pixel whose
//! tap lies outside the map; a tap outside for all pixels of the tile is skipped. So stride,
//! dilation, borders and short rows need no case of their own.

use pulp::{Simd, WithSimd};

use super::axis::Axis;
use super::pack::Packed;
use super::shape::Conv;
use super::sweep::{OUTSIDE, Step, Sweep, TILE_ROWS};
use crate::activation::{Activation, apply};
use crate::output::Output;
use crate::parallel::for_chunks;
use crate::shape::MapShape;
use crate::simd::{dispatch, many_registers, registers};

/// Bytes of packed weights swept over a chunk's pixels at a time, so that they stay in the
/// first-level cache.
const WEIGHT_BYTES: usize = 24 << 10;

/// The weights as the forward pass reads them, group by group.
pub(super) fn pack(conv: &Conv, weight: &[f32]) -> Vec<Packed> {
    let registers = registers();
    (0..conv.groups)
        .map(|group| Packed::forward(conv, weight, group, registers))
        .collect()
}

/// `y = act(conv(x) + bias)`.
pub(super) fn forward(
    conv: &Conv,
    x: &[f32],
    packed: &[Packed],
    bias: &[f32],
    act: Activation,
    mut y: Output<'_>,
) {
    let rows = [Axis::forward(conv, conv.input.height)];
    let columns = [Axis::forward(conv, conv.input.width)];
    for (group, packed) in packed.iter().enumerate() {
        let pass = Pass::forward(conv, x, (group, packed), bias, act, (&rows, &columns));
        pass.run(conv, y.again());
    }
}

/// The same on one thread, for a convolution without groups.
pub(super) fn rows(
    conv: &Conv,
    x: &[f32],
    packed: &Packed,
    bias: &[f32],
    act: Activation,
    y: &mut [f32],
) {
    let rows = [Axis::forward(conv, conv.input.height)];
    let columns = [Axis::forward(conv, conv.input.width)];
    let pass = Pass::forward(conv, x, (0, packed), bias, act, (&rows, &columns));
    dispatch(Chunk {
        pass: &pass,
        first_row: 0,
        out: &mut *y,
    });
    apply(act, y);
}

/// `dx += convᵀ(dy)`.
pub(super) fn backward_input(conv: &Conv, weight: &[f32], dy: &[f32], mut dx: Output<'_>) {
    let rows = Axis::gradient(conv, conv.input.height);
    let columns = Axis::gradient(conv, conv.input.width);
    for group in 0..conv.groups {
        Pass {
            rows: &rows,
            columns: &columns,
            source: dy,
            source_shape: conv.output(),
            source_channel: group * conv.group_outputs(),
            shape: conv.input,
            channel: group * conv.group_inputs(),
            weight: &Packed::transposed(conv, weight, group, registers()),
            kernel: conv.kernel,
            start: None,
            act: Activation::Identity,
        }
        .run(conv, dx.again());
    }
}

/// One pass over one group; "source" is what it reads, the rest describes the map it writes.
struct Pass<'a> {
    rows: &'a [Axis],
    columns: &'a [Axis],
    source: &'a [f32],
    source_shape: MapShape,
    source_channel: usize,
    shape: MapShape,
    channel: usize,
    weight: &'a Packed,
    kernel: usize,
    /// Initial value of the sums, one per channel; `None` adds to what the map holds.
    start: Option<&'a [f32]>,
    /// The activation applied to the finished sums.
    act: Activation,
}

impl<'a> Pass<'a> {
    fn forward(
        conv: &Conv,
        x: &'a [f32],
        (group, packed): (usize, &'a Packed),
        bias: &'a [f32],
        act: Activation,
        (rows, columns): (&'a [Axis], &'a [Axis]),
    ) -> Self {
        let outputs = conv.group_outputs();
        let first = group * outputs;
        Self {
            rows,
            columns,
            source: x,
            source_shape: conv.input,
            source_channel: group * conv.group_inputs(),
            shape: conv.output(),
            channel: first,
            weight: packed,
            kernel: conv.kernel,
            start: Some(&bias[first..first + outputs]),
            act,
        }
    }

    fn run(&self, conv: &Conv, out: Output<'_>) {
        let row_len = self.shape.row_len();
        if row_len == 0 {
            return;
        }
        let work = conv.multiply_adds() / conv.groups;
        // Enough pixels to fill tiles, few enough that source and result of a chunk stay in the
        // second-level cache.
        let per_pixel = work / self.shape.pixels().max(1);
        let pixels = ((2 << 20) / per_pixel.max(1)).clamp(32, 256);
        let chunk_rows = (pixels / self.shape.width).max(1);
        for_chunks(out, chunk_rows * row_len, work / 16, |offset, out| {
            dispatch(Chunk {
                pass: self,
                first_row: offset / row_len,
                out: &mut *out,
            });
            apply(self.act, out);
        });
    }

    /// The rows of a chunk that belong to a grid: place in the chunk, image, grid position.
    fn grid_rows(&self, rows: &Axis, first_row: usize, count: usize) -> Vec<(usize, usize, usize)> {
        let height = self.shape.height;
        (0..count)
            .map(|row| (row, (first_row + row) / height, (first_row + row) % height))
            .filter(|(_, _, y)| y % rows.step == rows.start)
            .map(|(row, image, y)| (row, image, y / rows.step))
            .collect()
    }

    /// The taps of a grid, cut into sweeps whose weights fit the first-level cache.
    fn sweeps(&self, rows: &Axis, columns: &Axis, lanes: usize) -> Vec<Vec<Step>> {
        let width = self.weight.panels.first().map_or(1, |panel| panel.vectors) * lanes;
        let limit = (WEIGHT_BYTES / size_of::<f32>() / width).max(1);
        let mut steps = Vec::new();
        for (row, row_tap) in rows.taps.iter().enumerate() {
            for (column, column_tap) in columns.taps.iter().enumerate() {
                for from in (0..self.weight.depth).step_by(limit) {
                    steps.push(Step {
                        row,
                        column,
                        tap: row_tap.index * self.kernel + column_tap.index,
                        from,
                        depth: limit.min(self.weight.depth - from),
                    });
                }
            }
        }
        // Sweeps of equal length: 5 + 4 taps rather than 8 + 1.
        let most = (limit / self.weight.depth.max(1)).max(1);
        let count = steps.len().div_ceil(most).max(1);
        let length = steps.len().div_ceil(count).max(1);
        let mut sweeps: Vec<Vec<Step>> = steps.chunks(length).map(<[Step]>::to_vec).collect();
        if sweeps.is_empty() {
            sweeps.push(Vec::new());
        }
        sweeps
    }

    /// Appends where in the source `step` reads for each pixel of a grid, or [`OUTSIDE`].
    fn locate(
        &self,
        rows: &Axis,
        columns: &Axis,
        grid: &[(usize, usize, usize)],
        step: Step,
        reads: &mut Vec<usize>,
    ) {
        let (height, width) = (self.source_shape.height, self.source_shape.width);
        let inside = columns.reach(step.column);
        for &(_, image, i) in grid {
            let row = (i * rows.source_step) as isize + rows.taps[step.row].offset;
            if row < 0 || row >= height as isize {
                reads.resize(reads.len() + columns.count, OUTSIDE);
                continue;
            }
            let end = reads.len() + columns.count;
            reads.resize(reads.len() + inside.start, OUTSIDE);
            let column =
                (inside.start * columns.source_step) as isize + columns.taps[step.column].offset;
            let pixel = (image * height + row as usize) * width + column as usize;
            let first = pixel * self.source_shape.channels + self.source_channel + step.from;
            let stride = columns.source_step * self.source_shape.channels;
            reads.extend(
                inside
                    .clone()
                    .enumerate()
                    .map(|(index, _)| first + index * stride),
            );
            reads.resize(end, OUTSIDE);
        }
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
        let count = out.len() / pass.shape.row_len();
        let zeros = vec![0.0; pass.weight.depth];
        let (mut pixels, mut reads) = (Vec::new(), Vec::new());
        for rows in pass.rows {
            let grid = pass.grid_rows(rows, first_row, count);
            for columns in pass.columns {
                pixels.clear();
                for &(row, _, _) in &grid {
                    let at = |i| {
                        (row * pass.shape.width + columns.destination(i)) * pass.shape.channels
                            + pass.channel
                    };
                    pixels.extend((0..columns.count).map(at));
                }
                // Tiles take entries of whole tiles without looking where the table ends.
                let live = pixels.len();
                pixels.resize(live.next_multiple_of(TILE_ROWS) + TILE_ROWS, pass.channel);
                for (index, steps) in pass.sweeps(rows, columns, S::F32_LANES).iter().enumerate() {
                    reads.clear();
                    for &step in steps {
                        pass.locate(rows, columns, &grid, step, &mut reads);
                        reads.resize(reads.len() + pixels.len() - live, OUTSIDE);
                    }
                    let mut sweep = Sweep {
                        source: pass.source,
                        weight: pass.weight,
                        steps,
                        start: pass.start.filter(|_| index == 0),
                        zeros: &zeros,
                        count: live,
                        pixels: &pixels,
                        reads: &reads,
                        out: &mut *out,
                    };
                    for &panel in &pass.weight.panels {
                        // As many rows as the registers hold beside the weights' vectors and one
                        // source value.
                        match (panel.vectors, many_registers::<S>()) {
                            (1, _) => sweep.panel::<S, 8, 1>(simd, panel),
                            (2, true) => sweep.panel::<S, 8, 2>(simd, panel),
                            (_, true) => sweep.panel::<S, 8, 3>(simd, panel),
                            (_, false) => sweep.panel::<S, 6, 2>(simd, panel),
                        }
                    }
                }
            }
        }
    }
}
