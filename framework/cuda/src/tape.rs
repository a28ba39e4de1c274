//! Gradients of tensors on dfdx's tape.

use dfdx::prelude::CudaError;

/// The result type of a device operation.
pub(crate) type Done<T> = std::result::Result<T, CudaError>;

/// The address of the gradient of `$of` (a tensor or ghost), zeros if nothing was added yet.
macro_rules! gradient {
    ($gradients:expr, $of:expr) => {
        *cudarc::driver::DevicePtr::device_ptr($gradients.get_or_alloc_mut($of)?)
    };
}
pub(crate) use gradient;

/// Takes the gradient of `$of`: nothing else reads it, and it is freed after use.
macro_rules! take_gradient {
    ($kernels:expr, $gradients:expr, $of:expr) => {{
        let little = dfdx::prelude::Storage::<f32>::try_alloc_len(&$kernels.device, 1)?;
        std::mem::replace($gradients.get_or_alloc_mut($of)?, little)
    }};
}
pub(crate) use take_gradient;
