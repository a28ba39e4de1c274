//! Small diagrams that a search space offers of what was chosen.
//!
//! A [`Sketch`] is data; `text.rs` draws it for terminals and `svg.rs` for reports, with the
//! places that `layout.rs` finds: `order.rs` keeps crossings few, `centres.rs` edges short.
//! Sketches come from plugins, so drawing takes any: edges that do not point forward are left
//! out, and nothing panics.

mod centres;
mod layout;
mod order;
mod svg;
mod text;

use serde::{Deserialize, Serialize};

pub use svg::{escape, sketches_to_svg};

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
    /// A short name, e.g. `4` or `enc 1/8`; may be empty.
    pub name: String,
    /// What it does, e.g. `sep_conv_3x3`; may be empty.
    pub label: String,
    /// Whether the box is part of the result (drawn stronger).
    pub is_output: bool,
}

impl Sketch {
    /// The edges that can be drawn: between existing boxes, forward.
    fn forward_edges(&self) -> impl Iterator<Item = (usize, usize)> {
        let count = self.boxes.len();
        (self.edges.iter().copied()).filter(move |&(from, to)| from < to && to < count)
    }

    /// For each box, whether it neither feeds another nor is part of the result.
    fn unused(&self) -> Vec<bool> {
        let mut unused: Vec<bool> = self.boxes.iter().map(|b| !b.is_output).collect();
        for (from, _) in self.forward_edges() {
            unused[from] = false;
        }
        unused
    }
}

/// The text without control characters: one line.
fn one_line(text: &str) -> String {
    (text.chars())
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
