//! Dense 3x3 convolutions of stride 1 by Winograd's minimal filtering, F(4x4, 3x3): Lavin and Gray,
//! "Fast Algorithms for Convolutional Neural Networks", CVPR 2016.
//!
//! The map is cut into tiles of 4 × 4 results `Y`, each of which reads 6 × 6 values `d`. With the
//! matrices in `transform`, `Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A` takes 36 products with the filter `g`
//! where the written-out loop takes 144. Summed over input channels, each of the 36 positions is a
//! matrix product of (tiles × input channels) and (input × output channels). The gradient of the
//! input is such a convolution with the filters turned round, that of the filter is `Gᵀ [Σ (Bᵀ d B)
//! ⊙ (A Y' Aᵀ)] G` with the sum over tiles, a matrix product for each position again.
//!
//! Tiles go by in blocks small enough for the second-level cache. The sums are in another order
//! than the direct kernels', and the transforms add rounding errors of their own;
//! `tests/winograd.rs` bounds both.

mod block;
mod cost;
mod filter;
mod forward;
mod tiles;
mod transform;
mod weight;

pub(super) use cost::{handles, pays};
pub(super) use filter::Filters;
pub(super) use forward::{backward_input, filters, forward};
pub(super) use weight::backward_weight;

use super::shape::Conv;
use tiles::Tiling;

/// The tiles of a map of `channels` channels.
fn tiling(conv: &Conv, channels: usize) -> Tiling {
    let mut shape = conv.input;
    shape.channels = channels;
    Tiling {
        shape,
        dilation: conv.dilation,
    }
}
