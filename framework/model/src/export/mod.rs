//! Export of a trained network to formats of other programs.
//!
//! | file | writes |
//! |---|---|
//! | `onnx/` | ONNX, for ONNX Runtime, tract and others |
//! | `dot.rs` | the graph for Graphviz |

mod dot;
pub mod onnx;

pub use dot::to_dot;
