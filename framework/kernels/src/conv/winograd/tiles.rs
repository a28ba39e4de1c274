//! Tiles of a map, and the transforms that read them.
//!
//! A convolution of dilation `d` is `d × d` undilated ones, each over the pixels whose coordinates
//! leave the same remainders by `d`. So the pixels of a tile, and those around it that it reads,
//! lie `d` apart, and `4d` rows of the map are the fewest that are made of whole tiles.

use std::ops::Range;

use pulp::Simd;

use super::block::Block;
use super::transform::{SIDE, SPAN, result_gradient, source};
use crate::conv::micro::prefetch;
use crate::shape::MapShape;
use crate::simd::{load, load_part};

/// The pixels of a map, cut into tiles.
#[derive(Clone, Copy)]
pub(super) struct Tiling {
    pub(super) shape: MapShape,
    pub(super) dilation: usize,
}

/// The first pixel of a tile.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub(super) image: usize,
    pub(super) row: usize,
    pub(super) column: usize,
}

/// The fewest rows of one image that are made of whole tiles.
#[derive(Clone, Debug)]
pub(super) struct Strip {
    image: usize,
    pub(super) rows: Range<usize>,
}

impl Strip {
    /// Its first row, counted over all images of `shape`.
    pub(super) fn first_row(&self, shape: MapShape) -> usize {
        self.image * shape.height + self.rows.start
    }
}

/// Number of tiles along an axis of `len` pixels.
pub(super) fn tiles_along(len: usize, dilation: usize) -> usize {
    let strip = SIDE * dilation;
    len / strip * dilation + (len % strip).min(dilation)
}

impl Tiling {
    /// Number of tiles.
    pub(super) fn count(&self) -> usize {
        let along = |len| tiles_along(len, self.dilation);
        self.shape.batch * along(self.shape.height) * along(self.shape.width)
    }

    /// The strips of all images, in the order of their rows.
    pub(super) fn strips(&self) -> Vec<Strip> {
        let (height, step) = (self.shape.height, SIDE * self.dilation);
        (0..self.shape.batch)
            .flat_map(|image| {
                let starts = (0..height).step_by(step);
                starts.map(move |row| Strip {
                    image,
                    rows: row..(row + step).min(height),
                })
            })
            .collect()
    }

    /// The tiles of a strip.
    pub(super) fn tiles(&self, strip: &Strip, tiles: &mut Vec<Tile>) {
        let image = strip.image;
        for row in strip.rows.clone().take(self.dilation) {
            for first in (0..self.shape.width).step_by(SIDE * self.dilation) {
                let columns = (first..self.shape.width).take(self.dilation);
                tiles.extend(columns.map(|column| Tile { image, row, column }));
            }
        }
    }

    /// `N × N` pixels of a tile, from `before` pixels above and left of its first one on: slices of
    /// `map`, or of `zeros` where there is none.
    #[inline(always)]
    fn pixels<'a, const N: usize>(
        &self,
        map: &'a [f32],
        zeros: &'a [f32],
        tile: Tile,
        before: usize,
    ) -> [[&'a [f32]; N]; N] {
        let MapShape {
            height,
            width,
            channels,
            ..
        } = self.shape;
        let mut pixels = [[&zeros[..channels]; N]; N];
        for (i, pixels) in pixels.iter_mut().enumerate() {
            // Wraps below the first row and column, to far beyond the last.
            let row = (tile.row + i * self.dilation).wrapping_sub(before * self.dilation);
            if row >= height {
                continue;
            }
            for (j, pixel) in pixels.iter_mut().enumerate() {
                let column = (tile.column + j * self.dilation).wrapping_sub(before * self.dilation);
                if column < width {
                    let at = (tile.image * height + row) * width + column;
                    *pixel = &map[at * channels..][..channels];
                }
            }
        }
        pixels
    }

    /// Asks for some channels of the pixels of a tile: they lie too far apart for the processor to
    /// guess.
    #[inline(always)]
    fn prefetch<const N: usize>(
        &self,
        map: &[f32],
        tile: Tile,
        before: usize,
        channels: Range<usize>,
    ) {
        let shape = self.shape;
        // Undilated, the tile before has read the first columns.
        let first = if self.dilation == 1 { before * 2 } else { 0 };
        for i in 0..N {
            let row = (tile.row + i * self.dilation).wrapping_sub(before * self.dilation);
            for j in first..N {
                let column = (tile.column + j * self.dilation).wrapping_sub(before * self.dilation);
                if row < shape.height && column < shape.width {
                    let at = (tile.image * shape.height + row) * shape.width + column;
                    prefetch(map, at * shape.channels + channels.start, channels.len());
                }
            }
        }
    }

    /// `Bᵀ d B` of each tile, all channels of `map`.
    #[inline(always)]
    pub(super) fn sources<S: Simd>(
        &self,
        simd: S,
        map: &[f32],
        zeros: &[f32],
        tiles: &[Tile],
        block: &mut Block<'_>,
    ) {
        let mut half = [[simd.splat_f32s(0.0); SPAN]; SPAN];
        for (number, &tile) in tiles.iter().enumerate() {
            let pixels = self.pixels::<SPAN>(map, zeros, tile, 1);
            if let Some(&next) = tiles.get(number + 1) {
                self.prefetch::<SPAN>(map, next, 1, 0..self.shape.channels);
            }
            for channel in (0..self.shape.channels).step_by(S::F32_LANES) {
                for (j, pixels) in pixels.iter().enumerate() {
                    let row = source(simd, lanes_of(simd, pixels, channel));
                    for (half, value) in half.iter_mut().zip(row) {
                        half[j] = value;
                    }
                }
                for (&column, values) in half.iter().zip(block.columns()) {
                    let column = source(simd, column);
                    values.store(simd, number, channel, column);
                }
            }
        }
    }

    /// `A y Aᵀ` of each tile, the channels of `map` in `range`; the block's channels start with the
    /// range's.
    #[inline(always)]
    pub(super) fn result_gradients<S: Simd>(
        &self,
        simd: S,
        map: &[f32],
        zeros: &[f32],
        tiles: &[Tile],
        range: Range<usize>,
        block: &mut Block<'_>,
    ) {
        let mut half = [[simd.splat_f32s(0.0); SIDE]; SPAN];
        for (number, &tile) in tiles.iter().enumerate() {
            let pixels = self.pixels::<SIDE>(map, zeros, tile, 0);
            if let Some(&next) = tiles.get(number + 1) {
                self.prefetch::<SIDE>(map, next, 0, range.clone());
            }
            for channel in range.clone().step_by(S::F32_LANES) {
                for (j, pixels) in pixels.iter().enumerate() {
                    let row = result_gradient(simd, lanes_of(simd, pixels, channel));
                    for (half, value) in half.iter_mut().zip(row) {
                        half[j] = value;
                    }
                }
                for (&column, values) in half.iter().zip(block.columns()) {
                    let column = result_gradient(simd, column);
                    values.store(simd, number, channel - range.start, column);
                }
            }
        }
    }
}

/// A vector of each pixel, from channel `channel` on; zeros follow the last.
#[inline(always)]
fn lanes_of<S: Simd, const N: usize>(
    simd: S,
    pixels: &[&[f32]; N],
    channel: usize,
) -> [S::f32s; N] {
    let mut row = [simd.splat_f32s(0.0); N];
    let end = channel + S::F32_LANES;
    if end <= pixels[0].len() {
        for (value, pixel) in row.iter_mut().zip(pixels) {
            *value = load(simd, &pixel[channel..end]);
        }
    } else {
        for (value, pixel) in row.iter_mut().zip(pixels) {
            *value = load_part(simd, &pixel[channel..]);
        }
    }
    row
}
