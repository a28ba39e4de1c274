//! Small diagrams of chosen architectures, offered by a search space.
//!
//! A [`Sketch`] is data; whoever shows it draws it. It comes from a plugin, so whoever draws it
//! takes any: edges that do not point forward are left out.

use serde::{Deserialize, Serialize};

/// A directed acyclic diagram, drawn as text or SVG by whoever shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    /// The subject, e.g. `cell` or `wiring`.
    pub title: String,
    /// Boxes, in an order in which edges point forward.
    pub boxes: Vec<SketchBox>,
    /// Edges from box to box, by index.
    pub edges: Vec<(usize, usize)>,
}

/// One box of a sketch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SketchBox {
    /// A short name, e.g. `4` or `enc 1/8`; may be empty.
    pub name: String,
    /// Its operation, e.g. `sep_conv_3x3`; may be empty.
    pub label: String,
    /// Part of the result, and drawn stronger.
    pub is_output: bool,
}
