//! Search spaces: the networks that can be built.
//!
//! A space is a list of decisions ([`Schema`](nasfw_sdk::Schema)), a way to decode choices into a
//! [`Graph`](nasfw_sdk::Graph), and a text form (genotype) that people copy and paste.
//!
//! | file | holds |
//! |---|---|
//! | `encoder_decoder.rs` | the space of arXiv 1810.10804: settings and the trait |
//! | `decisions.rs` | its decisions in sampling order |
//! | `genotype.rs` | its architectures as data: cell and wiring, from and to choices |
//! | `text.rs` | the text form of a genotype and its reader |
//! | `operation.rs` | the eleven operations |
//! | `cell.rs` | the cell |
//! | `decoder.rs` | adapters, blocks, collapse, auxiliary cells |
//! | `mobilenet_v2.rs` | the encoder |
//! | `sketches.rs` | the sketches |
//!
//! # Adding a space
//!
//! Write one file here with a settings struct (`Default` is the documented default), implement
//! [`FromConfig`](nasfw_sdk::registry::FromConfig) and [`SearchSpace`](nasfw_sdk::SearchSpace),
//! and end it with [`register!`](nasfw_sdk::register). Put parts of the network that every
//! candidate shares into the encoder group. Then run `testing::check_space` over it: every valid
//! sequence of choices must decode.

mod cell;
mod decisions;
mod decoder;
mod encoder_decoder;
mod genotype;
mod mobilenet_v2;
mod operation;
mod sketches;
mod text;

pub use encoder_decoder::{EncoderDecoder, EncoderDecoderConfig};
pub use genotype::{Cell, Genotype, Layer};
pub use mobilenet_v2::{MobileNetV2, Variant};
pub use operation::Operation;
