//! Dense 3x3 convolutions of stride 1 by Winograd's minimal filtering, F(4x4, 3x3): Lavin and Gray, "Fast Algorithms for
//! Convolutional Neural Networks", CVPR 2016.
//!
//! The map is cut into tiles of 4 × 4 results `Y`, each of which reads 6 × 6 values `d`. With the matrices in `transform`,
//! `Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A` takes 36 products with the filter `g` where the written-out loop takes 144. Summed over
//! input channels, each of the 36 positions is a matrix product of (tiles × input channels) and (input × output channels).
//! The gradient of the input is such a convolution with the filters turned round, that of the filter is
//! `Gᵀ [Σ (Bᵀ d B) ⊙ (A Y' Aᵀ)] G` with the sum over tiles, a matrix product for each position again.
//!
//! Tiles go by in blocks small enough for the second-level cache. The sums are in another order than the direct kernels', and
//! the transforms add rounding errors of their own; `tests/conv.rs` bounds both.

mod filter;
mod forward;
mod tiles;
mod transform;
mod weight;

pub(super) use forward::{backward_input, forward};
pub(super) use weight::backward_weight;

use std::cell::Cell;

use super::axis::Axis;
use super::shape::Conv;
use tiles::Tiling;
use transform::POSITIONS;

/// Whether a convolution is of the kind handled here, and not without any value.
pub(super) fn handles(conv: &Conv) -> bool {
    let dense = conv.groups == 1 && conv.kernel == 3 && conv.stride == 1;
    dense && !conv.input.is_empty() && conv.out_channels > 0
}

/// Whether this is faster than the direct kernels for a convolution handled here, by the shape alone.
pub(super) fn pays(conv: &Conv) -> bool {
    cost(conv) < direct_cost(conv)
}

/// Multiply-adds of the direct kernels, which skip taps outside the map.
fn direct_cost(conv: &Conv) -> usize {
    let reach = |len| {
        let axis = Axis::forward(conv, len);
        let taps = 0..axis.taps.len();
        taps.map(|tap| axis.reach(tap).len()).sum::<usize>()
    };
    let taps = conv.input.batch * reach(conv.input.height) * reach(conv.input.width);
    taps * conv.input.channels * conv.out_channels
}

/// The same measure for what is done here.
fn cost(conv: &Conv) -> usize {
    let tiles = tiling(conv, conv.input.channels).count();
    let lanes = |channels: usize| channels.next_multiple_of(8);
    let (inputs, outputs) = (conv.input.channels, conv.out_channels);
    tiles * POSITIONS * inputs * lanes(outputs)
        + tiles * TRANSFORM_COST * (lanes(inputs) + lanes(outputs))
        + FILTER_COST * inputs * lanes(outputs)
}

/// Multiply-adds in whose time a channel of a tile is transformed.
const TRANSFORM_COST: usize = 600;

/// Multiply-adds in whose time a pair of channels of the filters is packed and transformed.
const FILTER_COST: usize = 600;

/// The tiles of a map of `channels` channels.
fn tiling(conv: &Conv, channels: usize) -> Tiling {
    let mut shape = conv.input;
    shape.channels = channels;
    Tiling {
        shape,
        dilation: conv.dilation,
    }
}

/// Values that start a cache line and hold anything: a thread keeps them from one task to the next, as fresh memory costs a page
/// fault for every 4 KiB. Not a function that calls a closure, which the compiler would take out of the SIMD level's code.
struct Scratch {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

thread_local! {
    static SCRATCH: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

impl Scratch {
    fn new(len: usize) -> Self {
        const LINE: usize = 64;
        let mut values = SCRATCH.take();
        let needed = len + LINE / size_of::<f32>();
        if values.len() < needed {
            values = vec![0.0; needed];
        }
        let start = values.as_ptr().align_offset(LINE).min(needed - len);
        Self { values, start, len }
    }

    fn values(&mut self) -> &mut [f32] {
        &mut self.values[self.start..self.start + self.len]
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        SCRATCH.set(std::mem::take(&mut self.values));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::MapShape;

    fn conv(batch: usize, side: usize, channels: (usize, usize), dilation: usize) -> Conv {
        Conv {
            input: MapShape::new(batch, side, side, channels.0),
            out_channels: channels.1,
            kernel: 3,
            stride: 1,
            dilation,
            groups: 1,
        }
    }

    #[test]
    fn the_choice_follows_the_shape() {
        for (shape, expected) in [
            (conv(8, 64, (48, 48), 1), true),
            (conv(8, 64, (48, 48), 3), true),
            (conv(8, 16, (48, 48), 1), true),
            (conv(8, 64, (48, 21), 1), true),
            (conv(1, 128, (64, 64), 1), true),
            (conv(8, 32, (144, 48), 1), true),
            (conv(8, 16, (48, 48), 6), false),
            (conv(8, 8, (48, 48), 12), false),
            (conv(1, 4, (600, 70), 1), false),
        ] {
            for threads in [1, 4] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let pool = pool.expect("a small pool");
                assert_eq!(pool.install(|| pays(&shape)), expected, "{shape:?}");
            }
        }
    }

    #[test]
    fn only_dense_3x3_of_stride_1_is_handled() {
        let dense = conv(2, 9, (6, 6), 2);
        assert!(handles(&dense));
        assert!(!handles(&Conv { groups: 2, ..dense }));
        assert!(!handles(&Conv { stride: 2, ..dense }));
        assert!(!handles(&Conv { kernel: 5, ..dense }));
        assert!(!handles(&conv(0, 9, (6, 6), 1)));
    }
}
