//! The encoder-decoder space of arXiv 1810.10804 (Nekrasov, Chen, Shen, Reid; CVPR 2019).

use nasfw_sdk::graph::Group;
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::{
    Choices, Error, Graph, GraphBuilder, IoChannels, Result, Schema, SearchSpace, Sketch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::decoder::Decoder;
use super::genotype::Genotype;
use super::mobilenet_v2::MobileNetV2;
use super::{decisions, sketches, text};

/// Settings of the space. The defaults are those of a search; final models of the paper have
/// `width` 64 and `repeats` 2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncoderDecoderConfig {
    /// Channels of every decoder map, 1 to 1024.
    pub width: usize,
    /// Repeats within a separable convolution, 1 to 4.
    pub repeats: usize,
    /// Blocks of the decoder, 1 to 8.
    pub blocks: usize,
    /// Layers of the cell, 1 to 8.
    pub layers: usize,
    /// The encoder.
    pub encoder: MobileNetV2,
    /// Adds an auxiliary cell per block, for training.
    pub auxiliary: bool,
}

impl Default for EncoderDecoderConfig {
    fn default() -> Self {
        Self {
            width: 48,
            repeats: 1,
            blocks: 3,
            layers: 3,
            encoder: MobileNetV2::default(),
            auxiliary: true,
        }
    }
}

/// Compact encoder-decoder networks: a fixed encoder, and a decoder of blocks that share one
/// searched cell and have a searched wiring.
#[derive(Clone, Debug)]
pub struct EncoderDecoder {
    config: EncoderDecoderConfig,
    schema: Schema,
}

impl EncoderDecoder {
    /// The settings.
    pub fn config(&self) -> &EncoderDecoderConfig {
        &self.config
    }

    /// Converts `choices` to cell and wiring.
    ///
    /// # Errors
    /// When they come from another schema.
    pub fn architecture(&self, choices: &Choices) -> Result<Genotype> {
        Genotype::from_choices(choices, &self.schema, self.config.blocks).ok_or_else(|| {
            Error::invalid(
                "choices",
                format!("{:?}", &choices[..]),
                "they must come from the schema of this space",
            )
        })
    }

    /// The maps that form the output: block outputs that no later block reads.
    ///
    /// # Errors
    /// When `choices` come from another schema.
    pub fn loose_ends(&self, choices: &Choices) -> Result<Vec<usize>> {
        Ok(self.architecture(choices)?.loose_ends())
    }
}

impl Default for EncoderDecoder {
    fn default() -> Self {
        match Self::from_config(EncoderDecoderConfig::default()) {
            Ok(space) => space,
            Err(e) => unreachable!("the default settings are in range: {e}"),
        }
    }
}

impl FromConfig for EncoderDecoder {
    type Config = EncoderDecoderConfig;

    fn from_config(config: EncoderDecoderConfig) -> Result<Self> {
        // These bounds keep the largest graph below the node limit, so that every choice builds.
        for (name, value, most) in [
            ("width", config.width, 1024),
            ("repeats", config.repeats, 4),
            ("blocks", config.blocks, 8),
            ("layers", config.layers, 8),
        ] {
            if !(1..=most).contains(&value) {
                return Err(Error::invalid(name, value, format!("1 to {most}")));
            }
        }
        config.encoder.check()?;
        let schema = decisions::schema(config.blocks, config.layers)?;
        Ok(Self { config, schema })
    }
}

impl SearchSpace for EncoderDecoder {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn decode(&self, choices: &Choices, io: &IoChannels) -> Result<Graph> {
        let genotype = self.architecture(choices)?;
        let decoder = Decoder {
            width: self.config.width,
            repeats: self.config.repeats,
            output_channels: io.output_channels,
            has_auxiliary: self.config.auxiliary,
        };
        let mut graph = GraphBuilder::new();
        graph.group(Group::Encoder);
        let image = graph.input("image", io.input_channels);
        let maps = self.config.encoder.build(&mut graph, image);
        decoder.build(&mut graph, &genotype, maps);
        graph.finish()
    }

    /// `[cell, wiring]`.
    fn genotype(&self, choices: &Choices) -> Result<String> {
        Ok(self.architecture(choices)?.to_string())
    }

    fn parse(&self, genotype: &str) -> Result<Choices> {
        let EncoderDecoderConfig { blocks, layers, .. } = self.config;
        text::parse(genotype, &self.schema, blocks, layers)
    }

    /// The first genotype of the same network; the wiring's maps in order.
    fn canonical(&self, choices: &Choices) -> Result<Choices> {
        let canonical = self.architecture(choices)?.canonical(self.config.repeats);
        self.schema.choices(canonical.to_choices())
    }

    /// Width and variant of a published MobileNet-v2, or of an encoder of this space.
    fn settings_for_weights(
        &self,
        shape_of: &dyn Fn(&str) -> Option<Vec<usize>>,
    ) -> Option<Map<String, Value>> {
        let encoder = serde_json::to_value(MobileNetV2::of_arrays(shape_of)?).ok()?;
        Some(Map::from_iter([("encoder".to_owned(), encoder)]))
    }

    fn sketches(&self, choices: &Choices) -> Result<Vec<Sketch>> {
        let genotype = self.architecture(choices)?;
        Ok(vec![
            sketches::cell(&genotype.cell),
            sketches::wiring(&genotype),
        ])
    }

    /// `loose_ends`: the maps that form the output.
    fn facts(&self, choices: &Choices) -> Result<Map<String, Value>> {
        let ends = Value::from(self.loose_ends(choices)?);
        Ok(Map::from_iter([("loose_ends".to_owned(), ends)]))
    }
}

nasfw_sdk::register!(space, EncoderDecoder, plugin: "segm", name: "encoder-decoder",
    about: "MobileNet-v2 encoder, searched cell and wiring, auxiliary cells (arXiv 1810.10804)");
