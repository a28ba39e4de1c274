//! Predictions and labels as pictures.
//!
//! | file | draws |
//! |---|---|
//! | `classes.rs` | masks, alone and on their image |
//! | `depth.rs` | depth maps |
//! | `pose.rs` | joints on their image |
//! | `colour.rs` | the palette of classes and the colours of depths |
//! | `draw.rs` | discs and lines on an image |

pub(crate) mod classes;
mod colour;
pub(crate) mod depth;
mod draw;
pub(crate) mod pose;

pub(crate) use colour::of_class;
