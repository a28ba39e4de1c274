//! The loop over the tiles of a chunk in the dense forward pass and input gradient.

use pulp::Simd;

use super::micro::{Tile, multiply, prefetch};
use super::pack::{Packed, Panel};
use crate::simd::{read, write};

/// The part of one tap's source channels that one sweep handles.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// Index of the row and of the column among the grid's taps.
    pub(super) row: usize,
    pub(super) column: usize,
    /// Index of the tap in the kernel.
    pub(super) tap: usize,
    /// First source channel and how many.
    pub(super) from: usize,
    pub(super) depth: usize,
}

/// A multiple of the rows of every tile.
pub(super) const TILE_ROWS: usize = 24;

/// In place of a source pixel that lies outside the map.
pub(super) const OUTSIDE: usize = usize::MAX;

/// Some steps applied to all pixels of a grid.
pub(super) struct Sweep<'a> {
    /// The map that is read.
    pub(super) source: &'a [f32],
    pub(super) weight: &'a Packed,
    pub(super) steps: &'a [Step],
    /// Initial value of the sums, one per channel; `None` adds to what the map holds.
    pub(super) start: Option<&'a [f32]>,
    /// As many zeros as the source has channels.
    pub(super) zeros: &'a [f32],
    /// Number of pixels; the tables are longer.
    pub(super) count: usize,
    /// Index of each pixel's first value in the chunk.
    pub(super) pixels: &'a [usize],
    /// Index in the source that each step reads for each pixel, step after step.
    pub(super) reads: &'a [usize],
    /// The chunk.
    pub(super) out: &'a mut [f32],
}

impl Sweep<'_> {
    /// All pixels, the columns of one panel: `MR` pixels × `NV` vectors at a time.
    #[inline(always)]
    pub(super) fn panel<S: Simd, const MR: usize, const NV: usize>(
        &mut self,
        simd: S,
        panel: Panel,
    ) {
        if self.steps.is_empty() && self.start.is_none() {
            return;
        }
        let end = (panel.column + NV * S::F32_LANES).min(self.weight.columns);
        let mut first = [simd.splat_f32s(0.0); NV];
        if let Some(start) = self.start {
            read(simd, &mut first, &start[panel.column..end]);
        }
        for block in (0..self.count).step_by(MR) {
            self.prefetch::<MR>(panel, NV * S::F32_LANES, block + MR);
            self.tile::<S, MR, NV>(simd, panel, end, block, first);
        }
    }

    /// One tile: pixels from number `block`, the columns of `panel` that end before `end`. The
    /// loops over `MR` have a constant length and no early end, or the compiler would keep the tile
    /// in memory.
    #[inline(always)]
    fn tile<S: Simd, const MR: usize, const NV: usize>(
        &mut self,
        simd: S,
        panel: Panel,
        end: usize,
        block: usize,
        first: [S::f32s; NV],
    ) {
        let width = NV * S::F32_LANES;
        let live = MR.min(self.count - block);
        let whole = live == MR && end - panel.column == width;
        let mut pixels = [0; MR];
        for (at, &pixel) in pixels.iter_mut().zip(&self.pixels[block..block + MR]) {
            *at = pixel + panel.column;
        }
        let mut tile: Tile<S, MR, NV> = [first; MR];
        if self.start.is_none() {
            if whole {
                for m in 0..MR {
                    read(simd, &mut tile[m], &self.out[pixels[m]..][..width]);
                }
            } else {
                for m in 0..live {
                    read(
                        simd,
                        &mut tile[m],
                        &self.out[pixels[m]..][..end - panel.column],
                    );
                }
            }
        }
        for (number, step) in self.steps.iter().enumerate() {
            let reads = &self.reads[number * self.pixels.len() + block..][..MR];
            if reads.iter().all(|&at| at == OUTSIDE) {
                continue;
            }
            // Not array::from_fn: it was not inlined, and a call spills the whole tile.
            let mut rows = [&self.zeros[..step.depth]; MR];
            for (row, &at) in rows.iter_mut().zip(reads) {
                if at != OUTSIDE {
                    *row = &self.source[at..][..step.depth];
                }
            }
            let weights = self.weight.rows(panel, step.tap, step.from);
            multiply(simd, &mut tile, rows, 1, weights, width, step.depth);
        }
        if whole {
            for m in 0..MR {
                write(simd, &tile[m], &mut self.out[pixels[m]..][..width]);
            }
        } else {
            for m in 0..live {
                write(
                    simd,
                    &tile[m],
                    &mut self.out[pixels[m]..][..end - panel.column],
                );
            }
        }
    }

    /// Asks for the memory of the tile of pixels from number `block`, the next one: its lines lie
    /// too far apart for the processor to guess, and a tile takes about as long as they need to
    /// arrive.
    #[inline(always)]
    fn prefetch<const MR: usize>(&self, panel: Panel, width: usize, block: usize) {
        for &at in &self.pixels[block..block + MR] {
            prefetch(self.out, at + panel.column, width);
        }
        // Of several taps the last reads what no earlier tile has read; later panels read it again.
        if let (0, Some(step)) = (panel.column, self.steps.last()) {
            let first = (self.steps.len() - 1) * self.pixels.len() + block;
            for &at in &self.reads[first..first + MR] {
                prefetch(self.source, at, step.depth);
            }
        }
    }
}
