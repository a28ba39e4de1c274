//! Runs and models as one self-contained HTML page.
//!
//! A page has its style, charts and pictures within it; reading it needs no network and no script.
//! The same input gives the same bytes: times in it are those that were recorded. All text that
//! comes from users is escaped by maud, which makes the HTML.
//!
//! ```text
//! RunView ──▶ Recorded ──▶ run/ ──┐
//!                                 ├──▶ page/ ──▶ HTML
//! Model ─────────────────▶ model/ ┘      ▲
//!                              chart/ ───┘
//! ```
//!
//! | folder | holds |
//! |---|---|
//! | `run/` | the page of a search, a section a file |
//! | `model/` | the page of a trained network |
//! | `chart/` | charts as SVG |
//! | `sketch/` | sketches of architectures as SVG and text |
//! | `page/` | the document around them |
//! | `number.rs` | numbers as people read them |

mod chart;
pub mod model;
pub mod number;
mod page;
pub mod run;
pub mod sketch;
