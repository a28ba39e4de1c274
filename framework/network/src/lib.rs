//! Networks on dfdx: a graph compiled into fused steps, trained and evaluated on a device.
//!
//! ```text
//! Graph ──compile──▶ Network ──▶ fit ──▶ Weights
//!                       │
//!                    kernels
//! ```
//!
//! | folder | holds |
//! |---|---|
//! | `network/` | graph → steps, and the steps in training and in evaluation |
//! | `weights/` | learned values on the host, by name, and as safetensors |
//! | `kernels/` | the operations: a trait, and its members on dfdx's CPU device |
//! | `fit/` | losses, optimisers, batches, the training loop, evaluation |
//!
//! A device with kernels of its own, such as `nasfw-cuda`, implements [`kernels::Kernels`].

pub mod error;
pub mod fit;
pub mod kernels;
mod network;
mod weights;

pub use error::{Error, Result};
pub use nasfw_kernels::instructions;
pub use network::{Network, Outputs, Parameter, Parameters, RunningStatistics};
pub use weights::{Array, Weights, note_in_safetensors};
