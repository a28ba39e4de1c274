//! Small diagrams that a search space offers of what was chosen.

use serde::{Deserialize, Serialize};

/// A directed acyclic diagram, drawn as text or SVG by whoever shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    /// What is drawn, e.g. `cell` or `wiring`.
    pub title: String,
    /// Boxes, in an order in which edges point forward.
    pub boxes: Vec<SketchBox>,
    /// Edges from box to box, by index.
    pub edges: Vec<(usize, usize)>,
}

/// One box of a sketch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SketchBox {
    /// A short name, e.g. `4` or `enc 1/8`.
    pub name: String,
    /// What it does, e.g. `sep_conv_3x3`; may be empty.
    pub label: String,
    /// Whether the box is part of the result (drawn stronger).
    pub is_output: bool,
}
