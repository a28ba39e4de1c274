//! Room for the transformed tiles that are handled together.

use pulp::Simd;

use super::transform::{POSITIONS, SPAN};
use crate::simd::{load, store};

/// Transformed tiles: (position, tile, channel), channels fastest; position number `j * SPAN + i`
/// is row `i`, column `j`.
pub(super) struct Block<'a> {
    pub(super) values: &'a mut [f32],
    /// Values from one tile to the next.
    pub(super) width: usize,
    /// Values from one position to the next.
    pub(super) step: usize,
}

impl<'a> Block<'a> {
    /// Values that a block of `tiles` tiles of `width` values takes.
    pub(super) fn len(tiles: usize, width: usize) -> usize {
        POSITIONS * Self::step(tiles, width)
    }

    /// An odd number of cache lines: a power of two would send all positions of a tile to the same
    /// few sets of the cache.
    fn step(tiles: usize, width: usize) -> usize {
        ((tiles * width).div_ceil(16) | 1) * 16
    }

    pub(super) fn new(values: &'a mut [f32], tiles: usize, width: usize) -> Self {
        Self {
            values,
            width,
            step: Self::step(tiles, width),
        }
    }

    /// The columns of positions.
    #[inline(always)]
    pub(super) fn columns(&mut self) -> impl Iterator<Item = Column<'_>> {
        let (width, step) = (self.width, self.step);
        let columns = self.values.chunks_exact_mut(SPAN * step);
        columns.map(move |values| Column {
            values,
            width,
            step,
        })
    }

    /// One vector of channels of a tile at the positions of column `column`.
    #[inline(always)]
    pub(super) fn column<S: Simd>(
        &self,
        simd: S,
        column: usize,
        tile: usize,
        channel: usize,
    ) -> [S::f32s; SPAN] {
        let mut vectors = [simd.splat_f32s(0.0); SPAN];
        let values = &self.values[column * SPAN * self.step..];
        let at = tile * self.width + channel;
        for (vector, values) in vectors.iter_mut().zip(values.chunks_exact(self.step)) {
            *vector = load(simd, &values[at..at + S::F32_LANES]);
        }
        vectors
    }
}

/// The positions of a block that are a column of a transformed tile.
pub(super) struct Column<'a> {
    values: &'a mut [f32],
    width: usize,
    step: usize,
}

impl Column<'_> {
    /// Writes one vector of channels of a tile.
    #[inline(always)]
    pub(super) fn store<S: Simd>(
        self,
        simd: S,
        tile: usize,
        channel: usize,
        vectors: [S::f32s; SPAN],
    ) {
        let at = tile * self.width + channel;
        for (vector, values) in vectors
            .into_iter()
            .zip(self.values.chunks_exact_mut(self.step))
        {
            store(simd, &mut values[at..at + S::F32_LANES], vector);
        }
    }
}
