//! Weight gradient of a convolution whose channels see each other.
//!
//! For each tap this is a matrix product over pixels: `dw[ci][co] = Σ_p x[p + tap][ci] * dy[p][co]`. A tile of input × output
//! channels stays in registers while the pixels of a few rows go by. Chunks of pixels add into partial gradients of their own,
//! which are then summed in order.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::axis::Axis;
use super::micro::{Tile, multiply};
use super::pack::{Panel, panels};
use super::shape::Conv;
use crate::parallel::for_chunks;
use crate::simd::{dispatch, registers, read, write};

/// Output pixels whose `x` and `dy` are kept in the first-level cache while all channels are combined.
const BLOCK_PIXELS: usize = 64;

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
        // The kernel reads whole vectors, so a group among others, or one that ends within a vector, is copied out and padded.
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
        let parts = (output.pixels() / 256).clamp(1, MAX_PARTS).min((MAX_PART_LEN / part_len).max(1));
        let part_rows = all_rows.div_ceil(parts);
        let parts = all_rows.div_ceil(part_rows);
        // With few parts, the taps give the other threads something to do.
        let slab_taps = if parts < 4 { 1 } else { taps };
        let slab_len = slab_taps * depth * self.width;

        let mut partial = vec![0.0; parts * part_len];
        let work = conv.multiply_adds() / conv.groups / 8;
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
        for_chunks(dweight, sum_rows * row_len, parts * part_len, |offset, out| {
            for (index, row) in out.chunks_exact_mut(row_len).enumerate() {
                let at = (offset / row_len + index) * self.width;
                for part in 0..parts {
                    let from = &partial[part * part_len + at..][..columns];
                    let to = &mut row[first_column..first_column + columns];
                    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
                }
            }
        });
    }

    /// The runs of pixels of an output block that a tap reads inside the map, as offsets into `x` and `dy` and a length.
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
        let Slab { pass, rows, taps, out } = self;
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
                        let tap = row_tap.index * pass.conv.kernel + column_tap.index;
                        if !taps.contains(&tap) {
                            continue;
                        }
                        pass.segments(row, column, &block, &mut segments);
                        if segments.is_empty() {
                            continue;
                        }
                        let len = pass.conv.group_inputs() * pass.width;
                        let out = &mut out[(tap - taps.start) * len..][..len];
                        for &panel in &pass.panels {
                            match (panel.vectors, S::REGISTER_COUNT >= 32) {
                                (1, _) => add_panel::<S, 8, 1>(simd, pass, &segments, panel, out),
                                (2, true) => add_panel::<S, 8, 2>(simd, pass, &segments, panel, out),
                                (_, true) => add_panel::<S, 8, 3>(simd, pass, &segments, panel, out),
                                (_, false) => add_panel::<S, 6, 2>(simd, pass, &segments, panel, out),
                            }
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn add_panel<S: Simd, const MR: usize, const NV: usize>(
    simd: S,
    pass: &Pass<'_>,
    segments: &[Segment],
    panel: Panel,
    out: &mut [f32],
) {
    let depth = pass.conv.group_inputs();
    let end = panel.column + NV * S::F32_LANES;
    for first in (0..depth).step_by(MR) {
        let live = MR.min(depth - first);
        let mut tile: Tile<S, MR, NV> = [[simd.splat_f32s(0.0); NV]; MR];
        for (m, sums) in tile.iter_mut().enumerate().take(live) {
            read(simd, sums, &out[(first + m) * pass.width..][panel.column..end]);
        }
        for segment in segments {
            let x = &pass.x[segment.x + first..];
            // Rows past the last input channel repeat it; they are not stored.
            let mut rows = [x; MR];
            for (m, row) in rows.iter_mut().enumerate() {
                *row = &x[m.min(live - 1)..];
            }
            let dy = &pass.dy[segment.dy + panel.column..];
            multiply(
                simd,
                &mut tile,
                rows,
                pass.conv.stride * pass.conv.input.channels,
                dy,
                pass.width,
                segment.len,
            );
        }
        for (m, sums) in tile.iter().enumerate().take(live) {
            write(simd, sums, &mut out[(first + m) * pass.width..][panel.column..end]);
        }
    }
}
