//! Device addresses of tensors' values.
//!
//! dfdx exposes the memory of a gradient, but not that of a tensor. Its other public ways copy:
//! `as_vec` to the host, an optimiser with learning rate 0 to another buffer. But a tensor's
//! `Debug` form contains the address, is public, costs about a microsecond, and copies nothing.
//! dfdx and cudarc are pinned to versions in which it does.

use std::fmt::{self, Write};

use cudarc::driver::{DriverError, sys};
use dfdx::prelude::{Cuda, CudaError, Tensor};
use dfdx::shapes::Shape;

use super::tape::Done;

/// The field of cudarc's slices that holds the address.
const FIELD: &str = "cu_device_ptr: ";
/// The address comes within the first hundred characters.
const MAX: usize = 512;

/// The device address of a contiguous tensor's first value, valid as long as the tensor is.
pub(super) fn address<S: Shape>(tensor: &Tensor<S, f32, Cuda>) -> Done<u64> {
    let mut start = Start(String::new());
    // The writer stops with an error before values copied from the host are written out.
    let _ = write!(start, "{tensor:?}");
    start.address().ok_or(CudaError::Driver(DriverError(
        sys::CUresult::CUDA_ERROR_NOT_SUPPORTED,
    )))
}

/// Consumes text until the address is complete.
struct Start(String);

impl Start {
    fn address(&self) -> Option<u64> {
        let (_, rest) = self.0.split_once(FIELD)?;
        let (digits, _) = rest.split_once(|c: char| !c.is_ascii_digit())?;
        digits.parse().ok()
    }
}

impl Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        if self.address().is_some() || self.0.len() > MAX {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}
