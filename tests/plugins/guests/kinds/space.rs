//! A single-scale decoder with searched depth, width and kernel.

use nasfw_sdk::graph::{ActivationKind, Conv, GraphBuilder, Group, Role};
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::sketch::SketchBox;
use nasfw_sdk::{Choices, Decision, Error, Graph, IoChannels, Result, Schema, SearchSpace, Sketch};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TinyConfig {
    /// Channels of the encoder.
    channels: usize,
}

impl Default for TinyConfig {
    fn default() -> Self {
        Self { channels: 8 }
    }
}

pub(crate) struct Tiny {
    channels: usize,
    schema: Schema,
}

nasfw_sdk::register!(space, Tiny, plugin: "tiny", name: "tiny-decoder",
    about: "a decoder of a few convolutions");

const WIDTHS: [usize; 2] = [8, 16];

impl FromConfig for Tiny {
    type Config = TinyConfig;

    fn from_config(config: TinyConfig) -> Result<Self> {
        if !(1..=64).contains(&config.channels) {
            return Err(Error::invalid("channels", config.channels, "1 to 64"));
        }
        Ok(Self {
            channels: config.channels,
            schema: Schema::new(vec![
                Decision::new("depth", "depth", ["1", "2", "3"]),
                Decision::new("width", "width", WIDTHS.map(|w| w.to_string())),
                Decision::new("kernel", "kernel", ["1", "3"]),
            ])?,
        })
    }
}

impl SearchSpace for Tiny {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn decode(&self, choices: &Choices, io: &IoChannels) -> Result<Graph> {
        let mut graph = GraphBuilder::new();
        let relu = Some(ActivationKind::Relu);
        let image = graph
            .group(Group::Encoder)
            .input("image", io.input_channels);
        let stem = Conv::new(3, self.channels).stride(4);
        let mut x = graph.conv_bn("encoder", stem, relu, image);
        graph.group(Group::Decoder);
        let (depth, width, kernel) = (choices[0] + 1, WIDTHS[choices[1]], 2 * choices[2] + 1);
        for at in 0..depth {
            x = graph.conv_bn(&format!("decoder{at}"), Conv::new(kernel, width), relu, x);
        }
        x = graph.conv("head", Conv::new(1, io.output_channels).with_bias(), x);
        graph.output("main", Role::Main, x);
        graph.finish()
    }

    fn genotype(&self, choices: &Choices) -> Result<String> {
        Ok(format!("d{}w{}k{}", choices[0], choices[1], choices[2]))
    }

    fn parse(&self, genotype: &str) -> Result<Choices> {
        let wrong = || Error::invalid("genotype", genotype, "d, w and k with a digit each");
        let bytes: [u8; 6] = genotype.as_bytes().try_into().map_err(|_| wrong())?;
        let [b'd', d, b'w', w, b'k', k] = bytes else {
            return Err(wrong());
        };
        let digit = |b: u8| usize::from(b.wrapping_sub(b'0'));
        self.schema.choices(vec![digit(d), digit(w), digit(k)])
    }

    fn sketches(&self, choices: &Choices) -> Result<Vec<Sketch>> {
        let boxes = (0..=choices[0]).map(|at| SketchBox {
            name: at.to_string(),
            label: format!("conv {}", WIDTHS[choices[1]]),
            is_output: at == choices[0],
        });
        Ok(vec![Sketch {
            title: "decoder".into(),
            boxes: boxes.collect(),
            edges: (0..choices[0]).map(|at| (at, at + 1)).collect(),
        }])
    }

    fn facts(&self, choices: &Choices) -> Result<Map<String, Value>> {
        Ok(Map::from_iter([(
            "depth".to_owned(),
            (choices[0] + 1).into(),
        )]))
    }
}
