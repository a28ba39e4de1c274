//! The kernels of CUDA devices.
//!
//! | file | holds |
//! |---|---|
//! | `driver.rs` | CUDA's libraries, opened when they are needed |
//! | `open.rs` | a device by its number, or what is missing |

mod driver;
mod open;

pub use open::open;
