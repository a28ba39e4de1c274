//! Forward pass and input gradient.

use pulp::{Simd, WithSimd};

use super::block::Block;
use super::filter::Filters;
use super::tiles::{Strip, Tile, Tiling};
use super::tiling;
use super::transform::{POSITIONS, SIDE, SPAN, result};
use crate::activation::{Activation, apply};
use crate::conv::micro::multiply;
use crate::conv::pack::{Packed, Panel};
use crate::conv::scratch::Scratch;
use crate::conv::shape::Conv;
use crate::output::Output;
use crate::parallel::for_pieces;
use crate::simd::{dispatch, many_registers, read, registers, write};

/// Bytes of transformed sources that leave room in the second-level cache for a panel of filters
/// and of products.
const BLOCK_BYTES: usize = 192 << 10;

/// A multiple of the rows of every tile of the matrix product.
const BLOCK_ROWS: usize = 24;

/// Tiles of a task, at least.
const TASK_TILES: usize = 64;

/// The filters of the forward pass, `lasting` where they serve more than one.
pub(in crate::conv) fn filters(conv: &Conv, weight: &[f32], lasting: bool) -> Filters {
    let registers = registers();
    let packed = Packed::forward(conv, weight, 0, registers);
    Filters::new(&packed, registers.lanes, false, lasting)
}

/// `y = act(conv(x) + bias)`.
pub(in crate::conv) fn forward(
    conv: &Conv,
    x: &[f32],
    filters: &Filters,
    bias: &[f32],
    act: Activation,
    y: Output<'_>,
) {
    Pass {
        source: x,
        from: tiling(conv, conv.input.channels),
        to: tiling(conv, conv.out_channels),
        filters,
        start: Some(bias),
        act,
    }
    .run(conv, y);
}

/// `dx += convᵀ(dy)`.
pub(in crate::conv) fn backward_input(conv: &Conv, weight: &[f32], dy: &[f32], dx: Output<'_>) {
    let registers = registers();
    let packed = Packed::transposed(conv, weight, 0, registers);
    Pass {
        source: dy,
        from: tiling(conv, conv.out_channels),
        to: tiling(conv, conv.input.channels),
        filters: &Filters::new(&packed, registers.lanes, true, false),
        start: None,
        act: Activation::Identity,
    }
    .run(conv, dx);
}

struct Pass<'a> {
    source: &'a [f32],
    from: Tiling,
    to: Tiling,
    filters: &'a Filters,
    /// Added to the results, one value per channel; `None` adds to what the map holds.
    start: Option<&'a [f32]>,
    /// The activation applied to the finished results.
    act: Activation,
}

impl Pass<'_> {
    fn run(&self, conv: &Conv, out: Output<'_>) {
        let row_len = self.to.shape.row_len();
        let strips = self.to.strips();
        let per_strip = self.to.count() / strips.len().max(1);
        let of_task = TASK_TILES.div_ceil(per_strip.max(1));
        let lengths = strips.chunks(of_task).map(|strips| {
            let rows: usize = strips.iter().map(|strip| strip.rows.len()).sum();
            rows * row_len
        });
        for_pieces(out, lengths, conv.multiply_adds() / 64, |task, out| {
            let rest = &strips[task * of_task..];
            dispatch(Task {
                pass: self,
                strips: &rest[..of_task.min(rest.len())],
                out: &mut *out,
            });
            apply(self.act, out);
        });
    }

    /// Tiles of a block.
    fn block_tiles(&self) -> usize {
        let bytes = POSITIONS * self.from.shape.channels * size_of::<f32>();
        (BLOCK_BYTES / bytes / BLOCK_ROWS).clamp(1, 4) * BLOCK_ROWS
    }
}

/// The result of some strips.
struct Task<'a> {
    pass: &'a Pass<'a>,
    strips: &'a [Strip],
    out: &'a mut [f32],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Task { pass, strips, out } = self;
        let Some(first) = strips.first() else { return };
        let mut tiles = Vec::new();
        for strip in strips {
            pass.to.tiles(strip, &mut tiles);
        }
        let first_row = first.first_row(pass.to.shape);
        let most = pass.block_tiles();
        let width = pass.from.shape.channels.next_multiple_of(S::F32_LANES);
        let panel_width = registers().vectors * S::F32_LANES;
        let source_len = Block::len(most, width);
        let zeros = vec![0.0; pass.from.shape.channels];
        let mut scratch = Scratch::new(source_len + Block::len(most, panel_width));
        let scratch = scratch.values_mut();
        let (sources, products) = scratch.split_at_mut(source_len);
        let mut sources = Block::new(sources, most, width);
        for tiles in tiles.chunks(most) {
            pass.from
                .sources(simd, pass.source, &zeros, tiles, &mut sources);
            for &panel in &pass.filters.panels {
                let mut sweep = Sweep {
                    pass,
                    tiles,
                    first_row,
                    sources: &sources,
                    products: Block::new(products, most, panel.vectors * S::F32_LANES),
                    out: &mut *out,
                };
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

/// A block of tiles.
struct Sweep<'a> {
    pass: &'a Pass<'a>,
    tiles: &'a [Tile],
    /// First row of `out`, counted over all images.
    first_row: usize,
    sources: &'a Block<'a>,
    products: Block<'a>,
    out: &'a mut [f32],
}

impl Sweep<'_> {
    /// The destination channels of one panel.
    #[inline(always)]
    fn panel<S: Simd, const MR: usize, const NV: usize>(&mut self, simd: S, panel: Panel) {
        let depth = self.pass.filters.depth;
        let width = NV * S::F32_LANES;
        for position in 0..POSITIONS {
            let filters = self.pass.filters.rows(panel, position);
            let sources = &self.sources.values[position * self.sources.step..];
            for tile in (0..self.tiles.len()).step_by(MR) {
                let mut rows = [&sources[..0]; MR];
                for (m, row) in rows.iter_mut().enumerate() {
                    // Rows past the last tile hold what an earlier block left there; nobody reads
                    // their products.
                    *row = &sources[(tile + m) * self.sources.width..][..depth];
                }
                let mut sums = [[simd.splat_f32s(0.0); NV]; MR];
                multiply(simd, &mut sums, rows, 1, filters, width, depth);
                for (m, sums) in sums.iter().enumerate() {
                    let at = position * self.products.step + (tile + m) * width;
                    write(simd, sums, &mut self.products.values[at..at + width]);
                }
            }
        }
        let mut half = [[simd.splat_f32s(0.0); SPAN]; SIDE];
        for number in 0..self.tiles.len() {
            for at in (0..width).step_by(S::F32_LANES) {
                if panel.column + at < self.pass.to.shape.channels {
                    self.results(simd, &mut half, number, at, panel.column + at);
                }
            }
        }
    }

    /// One vector of channels of one tile, from products to results; `half` is room for half
    /// transformed ones.
    #[inline(always)]
    fn results<S: Simd>(
        &mut self,
        simd: S,
        half: &mut [[S::f32s; SPAN]; SIDE],
        number: usize,
        at: usize,
        channel: usize,
    ) {
        for j in 0..SPAN {
            let column = result(simd, self.products.column(simd, j, number, at));
            for (half, value) in half.iter_mut().zip(column) {
                half[j] = value;
            }
        }
        let Tiling { shape, dilation } = self.pass.to;
        let lanes = S::F32_LANES.min(shape.channels - channel);
        let mut first = [simd.splat_f32s(0.0)];
        if let Some(start) = self.pass.start {
            read(simd, &mut first, &start[channel..][..lanes]);
        }
        let tile = self.tiles[number];
        for (i, &half) in half.iter().enumerate() {
            let row = tile.row + i * dilation;
            if row >= shape.height {
                break;
            }
            let row = tile.image * shape.height + row - self.first_row;
            for (j, value) in result(simd, half).into_iter().enumerate() {
                let column = tile.column + j * dilation;
                if column >= shape.width {
                    break;
                }
                let at = (row * shape.width + column) * shape.channels + channel;
                let out = &mut self.out[at..][..lanes];
                if self.pass.start.is_none() {
                    read(simd, &mut first, out);
                }
                write(simd, &[simd.add_f32s(first[0], value)], out);
            }
        }
    }
}
