//! TODO: what can be built?

use nasfw_sdk::graph::{ActivationKind, Conv, GraphBuilder, Group, Role};
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{Choices, Decision, Graph, IoChannels, NoSettings, Result, Schema, SearchSpace};

nasfw_abi::export_plugin!();
nasfw_sdk::register!(space, {{Type}}, plugin: "{{name}}", name: "{{name}}",
    about: "a decoder of a few convolutions");

const WIDTHS: [usize; 3] = [8, 16, 32];

/// How deep a decoder, and how wide?
pub struct {{Type}} {
    schema: Schema,
}

impl FromConfig for {{Type}} {
    type Config = NoSettings;

    fn from_config(_: NoSettings) -> Result<Self> {
        let depth = Decision::new("depth", "depth", ["1", "2", "3"]);
        let width = Decision::new("width", "width", WIDTHS.map(|w| w.to_string()));
        let schema = Schema::new(vec![depth, width])?;
        Ok(Self { schema })
    }
}

impl SearchSpace for {{Type}} {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn decode(&self, choices: &Choices, io: &IoChannels) -> Result<Graph> {
        let (depth, width) = (choices[0] + 1, WIDTHS[choices[1]]);
        let relu = Some(ActivationKind::Relu);
        let mut graph = GraphBuilder::new();
        // No choice changes the encoder: its outputs are computed once for a whole search.
        graph.group(Group::Encoder);
        let image = graph.input("image", io.input_channels);
        let stem = graph.conv_bn("stem", Conv::new(3, 16).stride(2), relu, image);
        let mut x = graph.conv_bn("encoder", Conv::new(3, 32).stride(2), relu, stem);
        graph.group(Group::Decoder);
        for at in 0..depth {
            x = graph.conv_bn(&format!("decoder{at}"), Conv::new(3, width), relu, x);
        }
        let head = Conv::new(1, io.output_channels).with_bias();
        x = graph.conv("head", head, x);
        graph.output("main", Role::Main, x);
        graph.finish()
    }
}
