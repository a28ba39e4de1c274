//! Weight gradient.
//!
//! Parts of the map add into transformed gradients of their own, which are transformed back before
//! they are summed in order.

use pulp::{Simd, WithSimd};

use super::block::Block;
use super::tiles::{Strip, Tile, Tiling};
use super::tiling;
use super::transform::{POSITIONS, SPAN, filter_gradient};
use crate::conv::micro::multiply;
use crate::conv::pack::{Panel, panels};
use crate::conv::scratch::Scratch;
use crate::conv::shape::Conv;
use crate::parallel::for_chunks;
use crate::simd::{dispatch, load, many_registers, read, registers, store, write};

const TAPS: usize = 9;

/// At most so many partial gradients: they cost memory and a pass to sum.
const MAX_PARTS: usize = 16;

/// Tiles of a part: each costs a transform of all weights.
const PART_TILES: usize = 64;

/// Tiles of a block.
const BLOCK_TILES: usize = 48;

/// A multiple of the rows of every tile of the matrix product.
const BLOCK_ROWS: usize = 24;

/// `dweight += ∂/∂weight <dy, conv(x)>`.
pub(in crate::conv) fn backward_weight(conv: &Conv, x: &[f32], dy: &[f32], dweight: &mut [f32]) {
    let registers = registers();
    let pass = Pass {
        from: tiling(conv, conv.input.channels),
        to: tiling(conv, conv.out_channels),
        x,
        dy,
        panels: panels(conv.out_channels, registers),
        lanes: registers.lanes,
    };
    pass.run(conv, dweight);
}

/// Number of partial gradients for `tiles` tiles and `pairs` pairs of channels.
pub(super) fn parts(tiles: usize, pairs: usize) -> usize {
    // A small map has two too, for two threads, unless their transforms take about as long as the
    // products.
    let min_parts = if tiles < PART_TILES / 2 || pairs > 4096 {
        1
    } else {
        2
    };
    (tiles / PART_TILES).clamp(min_parts, MAX_PARTS)
}

struct Pass<'a> {
    from: Tiling,
    to: Tiling,
    x: &'a [f32],
    dy: &'a [f32],
    panels: Vec<Panel>,
    lanes: usize,
}

impl Pass<'_> {
    fn run(&self, conv: &Conv, dweight: &mut [f32]) {
        let (depth, columns) = (conv.input.channels, conv.out_channels);
        let width = columns.next_multiple_of(self.lanes);
        let strips = self.from.strips();
        let part_strips = strips
            .len()
            .div_ceil(parts(self.from.count(), depth * columns))
            .max(1);
        let part_len = TAPS * depth * width;
        let mut partial = vec![0.0; strips.len().div_ceil(part_strips) * part_len];
        let work = conv.multiply_adds() / 64;
        for_chunks(&mut partial, part_len, work, |offset, out| {
            let first = offset / part_len * part_strips;
            dispatch(Task {
                pass: self,
                strips: &strips[first..(first + part_strips).min(strips.len())],
                width,
                out,
            });
        });
        let sum_rows = (8192 / columns).max(1);
        for_chunks(dweight, sum_rows * columns, partial.len(), |offset, out| {
            for (index, row) in out.chunks_exact_mut(columns).enumerate() {
                let at = (offset / columns + index) * width;
                for part in partial.chunks_exact(part_len) {
                    let from = &part[at..][..columns];
                    row.iter_mut().zip(from).for_each(|(to, from)| *to += from);
                }
            }
        });
    }
}

/// One partial gradient.
struct Task<'a> {
    pass: &'a Pass<'a>,
    strips: &'a [Strip],
    width: usize,
    /// (tap, input channel, output channel padded to `width`).
    out: &'a mut [f32],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let pass = self.pass;
        let mut tiles = Vec::new();
        for strip in self.strips {
            pass.from.tiles(strip, &mut tiles);
        }
        let depth = pass.from.shape.channels;
        let source_width = depth.next_multiple_of(S::F32_LANES);
        let panel_width = registers().vectors * S::F32_LANES;
        // The matrix product reads channels past the last; their results are never read.
        let source_len = Block::len(BLOCK_TILES, source_width) + BLOCK_ROWS * 2;
        let gradient_len = Block::len(BLOCK_TILES, panel_width);
        let rows = depth.next_multiple_of(BLOCK_ROWS);
        let sums_len = POSITIONS * rows * self.width;
        let zeros = vec![0.0; depth.max(pass.to.shape.channels)];
        let mut scratch = Scratch::new(source_len + gradient_len + sums_len);
        let scratch = scratch.values_mut();
        let (sources, scratch) = scratch.split_at_mut(source_len);
        let (gradients, sums) = scratch.split_at_mut(gradient_len);
        sums.fill(0.0);
        let mut sources = Block::new(sources, BLOCK_TILES, source_width);
        for tiles in tiles.chunks(BLOCK_TILES) {
            pass.from.sources(simd, pass.x, &zeros, tiles, &mut sources);
            for &panel in &pass.panels {
                let width = panel.vectors * S::F32_LANES;
                let range = panel.column..(panel.column + width).min(pass.to.shape.channels);
                let mut gradients = Block::new(gradients, BLOCK_TILES, width);
                pass.to
                    .result_gradients(simd, pass.dy, &zeros, tiles, range, &mut gradients);
                let mut product = Product {
                    tiles,
                    depth,
                    rows,
                    sources: &sources,
                    gradients: &gradients,
                    sums: &mut sums[POSITIONS * rows * panel.column..],
                };
                match (panel.vectors, many_registers::<S>()) {
                    (1, _) => product.add::<S, 8, 1>(simd),
                    (2, true) => product.add::<S, 8, 2>(simd),
                    (_, true) => product.add::<S, 8, 3>(simd),
                    (_, false) => product.add::<S, 6, 2>(simd),
                }
            }
        }
        for &panel in &pass.panels {
            let sums = &sums[POSITIONS * rows * panel.column..];
            transform_back(simd, panel, rows, sums, depth, self.width, self.out);
        }
    }
}

/// One panel of one block of tiles.
struct Product<'a> {
    tiles: &'a [Tile],
    depth: usize,
    /// Input channels padded to whole tiles of the matrix product.
    rows: usize,
    sources: &'a Block<'a>,
    gradients: &'a Block<'a>,
    sums: &'a mut [f32],
}

impl Product<'_> {
    #[inline(always)]
    fn add<S: Simd, const MR: usize, const NV: usize>(&mut self, simd: S) {
        let width = NV * S::F32_LANES;
        for position in 0..POSITIONS {
            let sources = &self.sources.values[position * self.sources.step..];
            let gradients = &self.gradients.values[position * self.gradients.step..];
            for first in (0..self.depth).step_by(MR) {
                let at = (position * self.rows + first) * width;
                let sums = &mut self.sums[at..at + MR * width];
                let mut rows = [sources; MR];
                let mut tile = [[simd.splat_f32s(0.0); NV]; MR];
                for m in 0..MR {
                    rows[m] = &sources[first + m..];
                    read(simd, &mut tile[m], &sums[m * width..][..width]);
                }
                multiply(
                    simd,
                    &mut tile,
                    rows,
                    self.sources.width,
                    gradients,
                    width,
                    self.tiles.len(),
                );
                for (m, tile) in tile.iter().enumerate() {
                    write(simd, tile, &mut sums[m * width..][..width]);
                }
            }
        }
    }
}

/// `Gᵀ m G` of one panel: `sums` (position, input channel, output channel of the panel) into its
/// columns of `out`.
#[inline(always)]
fn transform_back<S: Simd>(
    simd: S,
    panel: Panel,
    rows: usize,
    sums: &[f32],
    depth: usize,
    out_width: usize,
    out: &mut [f32],
) {
    let width = panel.vectors * S::F32_LANES;
    let mut half = [[simd.splat_f32s(0.0); SPAN]; 3];
    for k in 0..depth {
        for at in (0..width).step_by(S::F32_LANES) {
            for (j, sums) in sums
                .chunks_exact(SPAN * rows * width)
                .enumerate()
                .take(SPAN)
            {
                let mut column = [simd.splat_f32s(0.0); SPAN];
                for (value, sums) in column.iter_mut().zip(sums.chunks_exact(rows * width)) {
                    *value = load(simd, &sums[k * width + at..]);
                }
                for (half, value) in half.iter_mut().zip(filter_gradient(simd, column)) {
                    half[j] = value;
                }
            }
            for (i, &half) in half.iter().enumerate() {
                for (j, value) in filter_gradient(simd, half).into_iter().enumerate() {
                    let start = ((i * 3 + j) * depth + k) * out_width + panel.column + at;
                    store(simd, &mut out[start..], value);
                }
            }
        }
    }
}
