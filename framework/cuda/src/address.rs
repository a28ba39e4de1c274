//! Where the values of a tensor lie on the device.
//!
//! dfdx shows the memory of a gradient, and that of a tensor to nobody. Its other public ways copy:
//! `as_vec` to the host, an optimiser with the learning rate 0 to another buffer. But a tensor's `Debug`
//! form names the address, and that is public, costs about a microsecond, and copies nothing. dfdx and
//! cudarc are bound to the versions in which it does.

use std::fmt::{self, Write};

use cudarc::driver::{DriverError, sys};
use dfdx::prelude::{Cuda, CudaError, Tensor};
use dfdx::shapes::Shape;

use super::Done;

/// The field of cudarc's slices that holds the address.
const FIELD: &str = "cu_device_ptr: ";
/// It comes within the first hundred characters.
const MOST: usize = 512;

/// The device address of a contiguous tensor's first value. It is good as long as the tensor is.
pub(super) fn address<S: Shape>(tensor: &Tensor<S, f32, Cuda>) -> Done<u64> {
    let mut start = Start(String::new());
    // The writer ends it by an error, before values that were copied from the host are written out.
    let _ = write!(start, "{tensor:?}");
    start.address().ok_or(CudaError::Driver(DriverError(
        sys::CUresult::CUDA_ERROR_NOT_SUPPORTED,
    )))
}

/// Takes text in until the address is complete.
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
        match self.address().is_some() || self.0.len() > MOST {
            true => Err(fmt::Error),
            false => Ok(()),
        }
    }
}
