//! Trained networks: a folder, its predictions, and its exports.
//!
//! | folder | holds |
//! |---|---|
//! | `model/` | a trained network as a folder, read strictly |
//! | `predict.rs` | its output for an image |
//! | `export/` | formats that other programs read |
//! | `encoder/` | encoder weights from files, also those of torchvision and timm |

pub mod encoder;
pub mod error;
pub mod export;
mod model;
pub mod predict;

pub use error::{Error, Result};
pub use model::{
    DataOrigin, Description, FORMAT, InputSize, Model, Normalisation, Provenance, WeightsFile,
};
pub use predict::{Output, Predictor};
