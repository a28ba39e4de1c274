//! The kernels of a CUDA device against the composed ones, by the cases that the CPU's kernels
//! pass.

#![cfg(feature = "cuda")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot run should stop where it stands"
)]

#[path = "../../network/tests/kernels/case.rs"]
mod case;
#[path = "../../network/tests/kernels/outcome.rs"]
mod outcome;
#[path = "../../network/tests/kernels/parity.rs"]
mod parity;

use case::Case;
use dfdx::prelude::Cpu;
use nasfw_network::kernels::{Composed, Conv, MapShape};

#[test]
#[ignore = "needs a CUDA device; docs/gpu.md says how to run it"]
fn gpu_kernels_agree_with_composed_ones() {
    match nasfw_cuda::open(0) {
        Ok(gpu) => {
            let composed = Composed::<Cpu>::default();
            parity::parity(&composed, &gpu);
            // Patches of all images at once would be too large.
            let conv = Conv {
                input: MapShape::new(5, 160, 160, 64),
                out_channels: 2,
                kernel: 3,
                stride: 1,
                dilation: 1,
                groups: 1,
            };
            parity::agree(&composed, &gpu, &Case::conv(conv, false));
        }
        Err(e) => panic!("{e}"),
    }
}
