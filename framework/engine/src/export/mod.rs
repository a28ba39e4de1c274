//! Export of a trained network to formats of other programs.
//!
//! | file | writes |
//! |---|---|
//! | `onnx/` | ONNX, for ONNX Runtime, tract and others |
//! | `dot.rs` | the graph for Graphviz |
//! | `file.rs` | any of them into a file, whole or not at all |
//! | `folder.rs` | the same for a folder of files |

mod dot;
mod file;
mod folder;
pub mod onnx;

pub use dot::to_dot;
pub(crate) use file::owner;
pub use file::write_file;
pub use folder::NewFolder;
