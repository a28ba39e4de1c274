//! Sketches: small directed graphs that show an architecture, offered by a search space.
//!
//! A [`Sketch`] is data that cards and reports draw. As it comes from a plugin, they accept any
//! sketch: edges that do not point forward are left out.

use serde::{Deserialize, Serialize};

/// A directed acyclic graph of labelled boxes, drawn as text or SVG.
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
    /// True for a part of the result, which is drawn emphasised.
    pub is_output: bool,
}
