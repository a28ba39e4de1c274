//! The encoder-decoder space against the figures of its paper and properties of every sequence.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod canonical;
mod figures;
mod genotype;
mod graphs;
mod structure;

use nasfw_plugins::spaces::{EncoderDecoder, EncoderDecoderConfig};
use nasfw_sdk::registry::{FromConfig, SpaceEntry};
use nasfw_sdk::{Choices, Graph, IoChannels, SearchSpace, Seed, testing};
use proptest::prelude::*;
use serde_json::json;

pub(crate) const ARCH0: &str = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";
pub(crate) const ARCH1: &str = "[[2,[1,0,3,6],[0,1,2,8],[2,0,6,1]],[[2,3],[3,1],[4,4]]]";
pub(crate) const ARCH2: &str = "[[5,[0,0,4,1],[3,2,0,1],[5,6,5,0]],[[1,3],[4,3],[2,2]]]";
pub(crate) const NOTHING: &str = "[[10,[0,0,10,10],[0,0,10,10],[0,0,10,10]],[[0,0],[0,0],[0,0]]]";

fn space(width: usize, repeats: usize) -> EncoderDecoder {
    EncoderDecoder::from_config(EncoderDecoderConfig {
        width,
        repeats,
        ..EncoderDecoderConfig::default()
    })
    .unwrap()
}

fn decode(space: &EncoderDecoder, genotype: &str, outputs: usize) -> Graph {
    let choices = space.parse(genotype).unwrap();
    space.decode(&choices, &IoChannels::rgb(outputs)).unwrap()
}

fn any_choices() -> impl Strategy<Value = Choices> {
    any_choices_of(EncoderDecoder::default())
}

fn any_choices_of(space: EncoderDecoder) -> impl Strategy<Value = Choices> {
    let radices = space.schema().arities();
    let digits: Vec<_> = radices.into_iter().map(|radix| 0..radix).collect();
    digits.prop_map(move |values| space.schema().choices(values).unwrap())
}

#[test]
fn the_space_conforms() {
    let space = (SpaceEntry::of_plugin("segm").unwrap().build)(&json!({})).unwrap();
    testing::check_space(&*space, 300, Seed(1)).unwrap();
    let large =
        |blocks, layers| json!({ "blocks": blocks, "layers": layers, "width": 8, "repeats": 4 });
    for settings in [
        large(1, 1),
        large(2, 5),
        large(8, 8),
        json!({ "auxiliary": false }),
        // So narrow that a strided block keeps its channels: it must not become a residual.
        json!({ "encoder": { "width": 0.1, "variant": "mobilenet-v2-torchvision" } }),
        json!({ "encoder": { "width": 4.0 }, "width": 1024 }),
    ] {
        let space = (SpaceEntry::find("encoder-decoder").unwrap().build)(&settings).unwrap();
        testing::check_space(&*space, 5, Seed(2)).unwrap();
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let build = SpaceEntry::find("encoder-decoder").unwrap().build;
    for (settings, message) in [
        (json!({ "width": 0 }), "width: 0 is not allowed; 1 to 1024"),
        (json!({ "blocks": 9 }), "blocks: 9 is not allowed; 1 to 8"),
        (json!({ "layers": 0 }), "layers: 0 is not allowed; 1 to 8"),
        (json!({ "repeats": 5 }), "repeats: 5 is not allowed; 1 to 4"),
        (
            json!({ "encoder": { "width": 9.0 } }),
            "encoder.width: 9 is not allowed; 0.1 to 4",
        ),
        (
            json!({ "encoder": { "depth": 1 } }),
            "unknown field `depth`",
        ),
        (json!({ "wdith": 48 }), "did you mean `width`?"),
    ] {
        let error = build(&settings).err().unwrap().to_string();
        assert!(error.contains(message), "{error}");
    }
}
