//! Sketches of architectures, drawn.
//!
//! | file | holds |
//! |---|---|
//! | `text.rs` | a sketch as text, for terminals |
//! | `svg.rs` | sketches as one SVG file |
//! | `layout.rs` | layout of boxes and edges in the SVG |
//! | `order.rs` | the order within a layer, with few crossings |
//! | `centres.rs` | horizontal positions, with short edges |
//!
//! Sketches come from plugins, so any is drawn: edges that do not point forward are left out,
//! and nothing panics.

mod centres;
mod layout;
mod order;
mod svg;
mod text;

use nasfw_sdk::Sketch;

pub use svg::{escape, to_svg};
pub use text::to_text;

/// The edges that can be drawn: between existing boxes, forward.
fn forward_edges(sketch: &Sketch) -> impl Iterator<Item = (usize, usize)> {
    let count = sketch.boxes.len();
    let edges = sketch.edges.iter().copied();
    edges.filter(move |&(from, to)| from < to && to < count)
}

/// Marks each box that neither feeds another nor is part of the result.
fn unused(sketch: &Sketch) -> Vec<bool> {
    let mut unused: Vec<bool> = sketch.boxes.iter().map(|b| !b.is_output).collect();
    for (from, _) in forward_edges(sketch) {
        unused[from] = false;
    }
    unused
}

/// The text without control characters: one line.
fn one_line(text: &str) -> String {
    let chars = text.chars();
    chars
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
