//! Weight gradient of a convolution whose channels see each other.
//!
//! For each tap this is a matrix product over pixels: `dw[ci][co] = Σ_p x[p + tap][ci] *
//! dy[p][co]`. A tile of input × output channels stays in registers while the pixels of a few rows
//! go by. Chunks of pixels add into partial gradients of their own, which are then summed in order.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::axis::Axis;
use super::micro::{Tile, multiply, prefetch};
use super::pack::{Panel, panels};
use super::shape::Conv;
use super::sweep::TILE_ROWS;
use crate::parallel::for_chunks;
use crate::simd::{dispatch, many_registers, read, registers, write};

/// Output pixels whose `x` and `dy` are kept in the first-level cache while all channels are
/// combined.
const BLOCK_PIXELS: usize = 64;

/// From so many values between the input pixels of a run on, the next channels are fetched ahead (1
/// KiB).
const WIDE_LEN: usize = 256;

/// At most so many partial gradients: they cost memory and a pass to sum.
const MAX_PARTS: usize = 16;

/// At most so many values in all partial gradients together (32 MiB).
const MAX_PART_LEN: usize = 8 << 20;

/// `dweight += ∂/∂weight <dy, conv(x)>`.
pub(super) fn backward_weight(conv: &Conv, x: &[f32], dy: &[f32], dweight: &mut [f32]) {
    let output = conv.output();
    if output.is_empty() || conv.weight_len() == 0 {
        return;
    }
    let columns = conv.group_outputs();
    let registers = registers();
    let width = columns.next_multiple_of(registers.lanes);
    for group in 0..conv.groups {
        // The kernel reads whole vectors, so a group among others, or one that ends within a
        // vector, is copied out and padded.
        let packed = (conv.groups > 1 || width != columns).then(|| padded(conv, dy, group, width));
        let pass = Pass {
            conv,
            rows: Axis::forward(conv, conv.input.height),
            columns: Axis::forward(conv, conv.input.width),
            x,
            channel: group * conv.group_inputs(),
            dy: packed.as_deref().unwrap_or(dy),
            width,
            panels: panels(columns, registers),
        };
        pass.run(group * columns, dweight);
    }
}

fn padded(conv: &Conv, dy: &[f32], group: usize, width: usize) -> Vec<f32> {
    let columns = conv.group_outputs();
    let mut packed = vec![0.0; conv.output().pixels() * width];
    let rows = dy.chunks_exact(conv.out_channels);
    for (to, from) in packed.chunks_exact_mut(width).zip(rows) {
        to[..columns].copy_from_slice(&from[group * columns..(group + 1) * columns]);
    }
    packed
}

struct Pass<'a> {
    conv: &'a Conv,
    rows: Axis,
    columns: Axis,
    x: &'a [f32],
    /// First input channel of the group.
    channel: usize,
    /// Output gradient of the group alone, `width` values per pixel.
    dy: &'a [f32],
    width: usize,
    panels: Vec<Panel>,
}

impl Pass<'_> {
    fn run(&self, first_column: usize, dweight: &mut [f32]) {
        let conv = self.conv;
        let output = conv.output();
        let (depth, columns) = (conv.group_inputs(), conv.group_outputs());
        let taps = conv.kernel * conv.kernel;
        let part_len = taps * depth * self.width;

        let all_rows = output.batch * output.height;
        let parts = (output.pixels() / 256)
            .clamp(1, MAX_PARTS)
            .min((MAX_PART_LEN / part_len).max(1));
        let part_rows = all_rows.div_ceil(parts);
        let parts = all_rows.div_ceil(part_rows);
        // With few parts, the taps give the other threads something to do.
        let slab_taps = if parts < 4 { 1 } else { taps };
        let slab_len = slab_taps * depth * self.width;

        let mut partial = vec![0.0; parts * part_len];
        let work = conv.multiply_adds() / conv.groups / 16;
        for_chunks(&mut partial, slab_len, work, |offset, out| {
            let part = offset / part_len;
            let first_tap = offset % part_len / (depth * self.width);
            dispatch(Slab {
                pass: self,
                rows: part * part_rows..((part + 1) * part_rows).min(all_rows),
                taps: first_tap..first_tap + slab_taps,
                out,
            });
        });

        let row_len = conv.out_channels;
        let sum_rows = (8192 / row_len).max(1);
        for_chunks(
            dweight,
            sum_rows * row_len,
            parts * part_len,
            |offset, out| {
                for (index, row) in out.chunks_exact_mut(row_len).enumerate() {
                    let at = (offset / row_len + index) * self.width;
                    for part in 0..parts {
                        let from = &partial[part * part_len + at..][..columns];
                        let to = &mut row[first_column..first_column + columns];
                        to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
                    }
                }
            },
        );
    }

    /// The runs of pixels of an output block that a tap reads inside the map, as offsets into `x`
    /// and `dy` and a length.
    fn segments(&self, row: usize, column: usize, block: &Block, segments: &mut Vec<Segment>) {
        segments.clear();
        let conv = self.conv;
        let output = conv.output();
        let rows = self.rows.reach(row);
        let columns = self.columns.reach(column);
        let from = columns.start.max(block.columns.start);
        let to = columns.end.min(block.columns.end);
        if from >= to {
            return;
        }
        let x_column = ((from * conv.stride) as isize + self.columns.taps[column].offset) as usize;
        for at in block.rows.clone() {
            let (image, y) = (at / output.height, at % output.height);
            if !rows.contains(&y) {
                continue;
            }
            let x_row = ((y * conv.stride) as isize + self.rows.taps[row].offset) as usize;
            let pixel = (image * conv.input.height + x_row) * conv.input.width + x_column;
            segments.push(Segment {
                x: pixel * conv.input.channels + self.channel,
                dy: (at * output.width + from) * self.width,
                len: to - from,
            });
        }
    }
}

struct Segment {
    x: usize,
    dy: usize,
    len: usize,
}

/// Output rows (counted over all images) and columns that are handled together.
struct Block {
    rows: Range<usize>,
    columns: Range<usize>,
}

/// Some taps of one partial gradient.
struct Slab<'a> {
    pass: &'a Pass<'a>,
    rows: Range<usize>,
    taps: Range<usize>,
    /// (tap, input channel, output channel padded to `width`).
    out: &'a mut [f32],
}

impl WithSimd for Slab<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Slab {
            pass,
            rows,
            taps,
            out,
        } = self;
        let width = pass.conv.output().width;
        let block_rows = (BLOCK_PIXELS / width).max(1);
        let mut segments = Vec::new();
        for first_row in rows.clone().step_by(block_rows) {
            for first_column in (0..width).step_by(BLOCK_PIXELS) {
                let block = Block {
                    rows: first_row..(first_row + block_rows).min(rows.end),
                    columns: first_column..(first_column + BLOCK_PIXELS).min(width),
                };
                for (row, row_tap) in pass.rows.taps.iter().enumerate() {
                    for (column, column_tap) in pass.columns.taps.iter().enumerate() {
                        let tap_at = row_tap.index * pass.conv.kernel + column_tap.index;
                        if !taps.contains(&tap_at) {
                            continue;
                        }
                        pass.segments(row, column, &block, &mut segments);
                        if segments.is_empty() {
                            continue;
                        }
                        let len = pass.conv.group_inputs() * pass.width;
                        let tap = TapBlock {
                            pass,
                            segments: &segments,
                        };
                        tap.add(simd, &mut out[(tap_at - taps.start) * len..][..len]);
                    }
                }
            }
        }
    }
}

/// The pixels that one tap reads for a block.
struct TapBlock<'a> {
    pass: &'a Pass<'a>,
    segments: &'a [Segment],
}

impl TapBlock<'_> {
    /// Adds the products of all input and output channels to `out`.
    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, out: &mut [f32]) {
        let depth = self.pass.conv.group_inputs();
        // A few input channels with all panels in turn, so that a wide pixel of `x` is fetched
        // once.
        for first in (0..depth).step_by(TILE_ROWS) {
            let inputs = first..(first + TILE_ROWS).min(depth);
            self.prefetch(inputs.end..(inputs.end + TILE_ROWS).min(depth));
            for &panel in &self.pass.panels {
                let inputs = inputs.clone();
                match (panel.vectors, many_registers::<S>()) {
                    (1, _) => self.panel::<S, 8, 1>(simd, inputs, panel, out),
                    (2, true) => self.panel::<S, 8, 2>(simd, inputs, panel, out),
                    (_, true) => self.panel::<S, 8, 3>(simd, inputs, panel, out),
                    (_, false) => self.panel::<S, 6, 2>(simd, inputs, panel, out),
                }
            }
        }
    }

    /// Asks for the input channels that come next where they lie far apart from pixel to pixel; the
    /// processor finds those of narrow maps by itself, and asking would cost a few percent.
    #[inline(always)]
    fn prefetch(&self, inputs: Range<usize>) {
        let step = self.pass.conv.stride * self.pass.conv.input.channels;
        if step < WIDE_LEN {
            return;
        }
        for segment in self.segments {
            for pixel in 0..segment.len {
                let at = segment.x + pixel * step + inputs.start;
                prefetch(self.pass.x, at, inputs.len());
            }
        }
    }

    /// The products of some input channels with the output channels of one panel: `MR` × `NV`
    /// vectors at a time.
    #[inline(always)]
    fn panel<S: Simd, const MR: usize, const NV: usize>(
        &self,
        simd: S,
        inputs: Range<usize>,
        panel: Panel,
        out: &mut [f32],
    ) {
        let pass = self.pass;
        let end = panel.column + NV * S::F32_LANES;
        for first in inputs.clone().step_by(MR) {
            let live = MR.min(inputs.end - first);
            let mut tile: Tile<S, MR, NV> = [[simd.splat_f32s(0.0); NV]; MR];
            for (m, sums) in tile.iter_mut().enumerate() {
                if m < live {
                    let at = (first + m) * pass.width;
                    read(simd, sums, &out[at + panel.column..at + end]);
                }
            }
            for segment in self.segments {
                let x = &pass.x[segment.x + first..];
                // Rows past the last input channel repeat it; they are not stored.
                let mut rows = [x; MR];
                for (m, row) in rows.iter_mut().enumerate() {
                    *row = &x[m.min(live - 1)..];
                }
                let step = pass.conv.stride * pass.conv.input.channels;
                let dy = &pass.dy[segment.dy + panel.column..];
                multiply(simd, &mut tile, rows, step, dy, pass.width, segment.len);
            }
            for (m, sums) in tile.iter().enumerate() {
                if m < live {
                    let at = (first + m) * pass.width;
                    write(simd, sums, &mut out[at + panel.column..at + end]);
                }
            }
        }
    }
}
