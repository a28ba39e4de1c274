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
//! the transforms add rounding errors of their own; `tests/winograd.rs` bounds both.

mod block;
mod cost;
mod filter;
mod forward;
mod tiles;
mod transform;
mod weight;

pub(super) use cost::{handles, pays};
pub(super) use forward::{backward_input, forward};
pub(super) use weight::backward_weight;

use std::cell::RefCell;

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

/// Values that start a cache line and hold anything: a thread keeps them from one task to the next, as fresh memory costs a page
/// fault for every 4 KiB. Not a function that calls a closure, which the compiler would take out of the SIMD level's code.
struct Scratch {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

thread_local! {
    /// The last given back is the next taken, so that uses nested alike find the sizes they left.
    static SCRATCH: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

impl Scratch {
    /// Longer ones are not kept (4 MiB).
    const KEPT: usize = 1 << 20;

    fn new(len: usize) -> Self {
        const LINE: usize = 64;
        let mut values = SCRATCH.with_borrow_mut(Vec::pop).unwrap_or_default();
        let needed = len + LINE / size_of::<f32>();
        if values.len() < needed {
            values = vec![0.0; needed];
        }
        let start = values.as_ptr().align_offset(LINE).min(needed - len);
        Self { values, start, len }
    }

    fn values(&self) -> &[f32] {
        &self.values[self.start..self.start + self.len]
    }

    fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..self.start + self.len]
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.values.len() <= Self::KEPT {
            let values = std::mem::take(&mut self.values);
            SCRATCH.with_borrow_mut(|kept| kept.push(values));
        }
    }
}
