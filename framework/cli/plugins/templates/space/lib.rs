//! A search space: a few convolutions on a small encoder.

use nasfw_sdk::graph::{ActivationKind, Conv, GraphBuilder, Group, Role};
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{Choices, Decision, Graph, Io, Result, Schema, SearchSpace};
use serde::{Deserialize, Serialize};

nasfw_sdk::export_plugin!();
nasfw_sdk::register!(space, Space, plugin: "template-name", name: "template-name",
    about: "a few convolutions on a small encoder"); // Change: a line for `plugins list`.

/// Change: your settings. This one is set by `--set space.half_width=true`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    half_width: bool,
}

struct Space {
    channels: usize,
    schema: Schema,
}

impl FromConfig for Space {
    type Config = Settings;

    fn from_config(settings: Settings) -> Result<Self> {
        // Change: your decisions, each with its options.
        let depth = Decision::new("depth", "depth", ["1", "2", "3"]);
        let kernel = Decision::new("kernel", "kernel", ["1", "3"]);
        Ok(Self {
            channels: if settings.half_width { 8 } else { 16 },
            schema: Schema::new(vec![depth, kernel])?,
        })
    }
}

impl SearchSpace for Space {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Change: the network of some choices, which are indices of options.
    fn decode(&self, choices: &Choices, io: &Io) -> Result<Graph> {
        let (mut graph, relu) = (GraphBuilder::new(), Some(ActivationKind::Relu));
        // The encoder is the same for all choices: a search trains it once.
        graph.group(Group::Encoder);
        let image = graph.input("image", io.input_channels);
        let stem = Conv::new(3, self.channels).stride(4);
        let mut x = graph.conv_bn("stem", stem, relu, image);
        graph.group(Group::Decoder);
        let conv = Conv::new([1, 3][choices[1]], self.channels);
        for layer in 0..=choices[0] {
            x = graph.conv_bn(&format!("layer{layer}"), conv, relu, x);
        }
        x = graph.conv("head", Conv::new(1, io.output_channels).with_bias(), x);
        graph.output("main", Role::Main, x);
        graph.finish()
    }
}
