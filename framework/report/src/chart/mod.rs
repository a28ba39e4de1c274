//! Charts: plotters finds positions and ticks, `backend.rs` writes SVG whose colours the page
//! decides.
//!
//! | file | holds |
//! |---|---|
//! | `ink.rs` | colours by their meaning |
//! | `backend.rs` | plotters' shapes as compact SVG with classes |
//! | `axes.rs` | a chart with two numeric axes |
//! | `heat.rs` | a heat map of shares, one row per option |

mod axes;
mod backend;
mod heat;
mod ink;

#[cfg(test)]
mod tests;

pub(crate) use axes::{Axes, MAX_DOTS, Mark, draw, thinned};
pub(crate) use heat::{Heat, heat};
pub(crate) use ink::Ink;
