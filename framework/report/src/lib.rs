//! Runs and models as one self-contained HTML page.
//!
//! A page embeds its style, charts and pictures; it needs no network and no scripts. The same input
//! gives the same bytes: all times in it were recorded. All text from users is escaped by maud,
//! which generates the HTML.
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
//! | `run/` | the page of a search, one section per file |
//! | `model/` | the page of a trained network |
//! | `chart/` | charts as SVG |
//! | `sketch/` | sketches of architectures as SVG and text |
//! | `page/` | the document around them |
//! | `number.rs` | number formatting |
//! | `statistics.rs` | rank correlations and spreads, with intervals |

mod chart;
pub mod model;
pub mod number;
mod page;
pub mod run;
pub mod sketch;
pub mod statistics;
