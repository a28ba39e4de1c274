//! ONNX, opset 17.
//!
//! Normalisations are folded into the convolutions before them. Maps are `(batch, channels, height,
//! width)`, as ONNX has them; only an image that is normalised inside the graph arrives as stored,
//! `(batch, height, width, 3)` bytes. Resizes are bilinear to the size of another value, with
//! half-pixel centres, as in training, so that a network runs at any size.
//!
//! | file | holds |
//! |---|---|
//! | `proto.rs` | the messages of the format |
//! | `builder.rs` | nodes and constants under unique names |
//! | `network.rs` | graph and weights → nodes |
//! | `fold.rs` | normalisations as scale and shift, weights in ONNX's layout |

mod builder;
mod fold;
mod network;
mod proto;

#[cfg(test)]
mod tests;

use nasfw_sdk::Size;
use nasfw_sdk::graph::Resolution;
use prost::Message;
use serde_json::json;

use self::builder::{Builder, Dim};
use self::proto::{Entry, OperatorSet, element};
use crate::error::Result;
use crate::model::{Description, Model};

/// The operator set version.
pub const OPSET: i64 = 17;
const IR_VERSION: i64 = 8;

/// The place where images are normalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalise {
    /// In the graph: `image` is bytes, RGB, `(batch, height, width, 3)`.
    #[default]
    Inside,
    /// Before the graph: `image` is floats, normalised, `(batch, 3, height, width)`.
    Outside,
}

/// Options of the export.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The place where images are normalised.
    pub normalise: Normalise,
    /// Fixed height and width of the input; any size without.
    pub size: Option<Size>,
}

/// Writes the model as an ONNX file. The same model and options give the same bytes.
///
/// # Errors
/// Never for a [`Model`] that exists.
pub fn to_onnx(model: &Model, options: &Options) -> Result<Vec<u8>> {
    let description = model.description();
    let mut b = Builder::default();
    let names = network::write(&mut b, model, options)?;
    let (height, width) = match options.size {
        Some(size) => (Dim::Fixed(size.height), Dim::Fixed(size.width)),
        None => (Dim::Named("height".into()), Dim::Named("width".into())),
    };
    let batch = || Dim::Named("batch".into());
    match options.normalise {
        Normalise::Inside => b.input(
            &names.input,
            element::UINT8,
            vec![batch(), height, width, Dim::Fixed(3)],
            "RGB bytes as decoded, (batch, height, width, 3)",
        ),
        Normalise::Outside => b.input(
            &names.input,
            element::FLOAT,
            vec![batch(), Dim::Fixed(3), height, width],
            "(RGB / 255 - mean) / std (see metadata), (batch, 3, height, width)",
        ),
    }
    let graph = &description.graph;
    let sizes = options.size.map(|size| graph.sizes(&[size]));
    for (output, name) in graph.outputs().iter().zip(&names.outputs) {
        let side =
            |at: &str, fixed: fn(Size) -> usize| match (&sizes, graph.resolution(output.node)) {
                (Some(sizes), _) => Dim::Fixed(fixed(sizes[output.node])),
                (None, Resolution::Pixel) => Dim::Fixed(1),
                (None, Resolution::Of { .. }) => Dim::Named(format!("{name}_{at}")),
            };
        let dims = vec![
            batch(),
            Dim::Fixed(graph.channels(output.node)),
            side("height", |s| s.height),
            side("width", |s| s.width),
        ];
        let doc = "raw outputs, (batch, channels, height, width): logits, metres or heatmaps";
        b.output(name, dims, doc);
    }
    let made = proto::Model {
        ir_version: IR_VERSION,
        opset_import: vec![OperatorSet {
            domain: String::new(),
            version: OPSET,
        }],
        producer_name: "nasfw".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(b.finish("network")),
        metadata: metadata(description, options),
    };
    Ok(made.encode_to_vec())
}

/// Metadata that a reader needs to use the network.
fn metadata(description: &Description, options: &Options) -> Vec<Entry> {
    let graph = &description.graph;
    let stride = match graph.resolution(graph.main().node) {
        Resolution::Pixel => 0,
        Resolution::Of { stride, .. } => stride,
    };
    let normalise = match options.normalise {
        Normalise::Inside => "in",
        Normalise::Outside => "out",
    };
    let p = &description.provenance;
    let list = [
        ("task", description.task.name.clone()),
        ("channels", json!(description.channel_names()).to_string()),
        ("normalise", normalise.into()),
        ("mean", json!(description.normalisation.mean).to_string()),
        ("std", json!(description.normalisation.std).to_string()),
        ("output_stride", stride.to_string()),
        ("trained_height_px", description.input.height_px.to_string()),
        ("trained_width_px", description.input.width_px.to_string()),
        ("genotype", p.genotype.clone()),
        ("weights_blake3", description.weights.blake3.clone()),
        ("nasfw_version", p.nasfw_version.clone()),
    ];
    (list.into_iter())
        .map(|(key, value)| Entry {
            key: key.into(),
            value,
        })
        .collect()
}
