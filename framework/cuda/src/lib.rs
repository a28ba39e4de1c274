//! The kernels of CUDA devices, on dfdx's `Cuda`.
//!
//! Tensors are dfdx's, with their values in device memory. The operations are those of
//! `kernels.cu`, compiled with this program, and cuBLAS matrix products; nothing is copied to the
//! host, and no kernel waits for another. Results are reproducible: the order of sums depends on
//! sizes only.
//!
//! | file | holds |
//! |---|---|
//! | `kernels.cu` | the operations, forward and backward |
//! | `kernels.rs` | the operations as `Kernels` |
//! | `driver.rs` | CUDA's libraries, loaded on demand |
//! | `open.rs` | opening a device by its number |
//! | `address.rs` | device addresses of tensors |
//! | `gpu.rs` | launches, matrix products, sums |
//! | `guard.rs` | conversion of dfdx panics to errors |
//! | `device.rs` | `CudaKernels`: a device with its compiled kernels |
//! | `tape.rs` | gradients of tensors on dfdx's tape |
//! | `conv.rs`, `norm.rs`, `maps.rs`, `loss.rs` | the operations on dfdx's tape |

#![cfg(feature = "cuda")]

mod address;
mod conv;
mod device;
mod driver;
mod gpu;
mod guard;
mod kernels;
mod loss;
mod maps;
mod norm;
mod open;
mod tape;

pub use device::CudaKernels;
pub use kernels::PreparedConv;
pub use open::open;
