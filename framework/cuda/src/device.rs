//! A device with its compiled kernels.

use std::sync::Arc;

use dfdx::prelude::{Cuda, ZerosTensor};

use super::gpu::Gpu;
use super::tape::Done;
use nasfw_network::kernels::{Map, MapShape};

/// The kernels of one CUDA device.
#[derive(Clone, Debug)]
pub struct CudaKernels {
    pub(crate) device: Cuda,
    pub(crate) gpu: Arc<Gpu>,
}

impl CudaKernels {
    /// A map of zeros.
    pub(crate) fn map(&self, shape: MapShape) -> Done<Map<Cuda>> {
        let dims = (shape.batch, shape.height, shape.width, shape.channels);
        self.device.try_zeros_like(&dims)
    }
}
