//! A search space: an encoder that halves three times, and a decoder at that one scale whose depth and
//! width are searched.

use nasfw_sdk::graph::{ActivationKind, Conv, GraphBuilder, Group, Role};
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::sketch::SketchBox;
use nasfw_sdk::{Choices, Decision, Error, Graph, IoChannels, Result, Schema, SearchSpace, Sketch};
use serde::{Deserialize, Serialize};

nasfw_abi::export_plugin!();
nasfw_sdk::register!(space, SingleScale, plugin: "single-scale", name: "single-scale",
    about: "a decoder of one scale, its depth and width searched");

/// What a user may set: `--set space.max_depth=4`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SingleScaleConfig {
    /// Channels of the encoder's first map; each further one has twice as many.
    pub channels: usize,
    /// The deepest decoder.
    pub max_depth: usize,
    /// The widths to choose from.
    pub widths: Vec<usize>,
}

impl Default for SingleScaleConfig {
    fn default() -> Self {
        Self {
            channels: 16,
            max_depth: 4,
            widths: vec![16, 32, 64],
        }
    }
}

/// The space; its two decisions are depth and width.
pub struct SingleScale {
    config: SingleScaleConfig,
    schema: Schema,
}

impl FromConfig for SingleScale {
    type Config = SingleScaleConfig;

    fn from_config(config: SingleScaleConfig) -> Result<Self> {
        let within = |key: &str, value: usize, most: usize| match (1..=most).contains(&value) {
            true => Ok(()),
            false => Err(Error::invalid(key, value, format!("1 to {most} is right"))),
        };
        within("channels", config.channels, 128)?;
        within("max_depth", config.max_depth, 16)?;
        for width in &config.widths {
            within("widths", *width, 1024)?;
            if config.widths.iter().filter(|w| *w == width).count() > 1 {
                return Err(Error::invalid("widths", width, "each is given once"));
            }
        }
        let depths = (1..=config.max_depth).map(|depth| depth.to_string());
        let widths = config.widths.iter().map(|width| width.to_string());
        let schema = Schema::new(vec![
            Decision::new("depth", "depth", depths),
            Decision::new("width", "width", widths),
        ])?;
        Ok(Self { config, schema })
    }
}

impl SingleScale {
    fn depth(&self, choices: &Choices) -> usize {
        choices[0] + 1
    }

    fn width(&self, choices: &Choices) -> usize {
        self.config.widths[choices[1]]
    }
}

impl SearchSpace for SingleScale {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn decode(&self, choices: &Choices, io: &IoChannels) -> Result<Graph> {
        let relu = Some(ActivationKind::Relu);
        let mut graph = GraphBuilder::new();
        // No choice changes the encoder: its outputs are computed once for a whole search.
        graph.group(Group::Encoder);
        let mut x = graph.input("image", io.input_channels);
        for at in 0..3 {
            let halves = Conv::new(3, self.config.channels << at).stride(2);
            x = graph.conv_bn(&format!("encoder{at}"), halves, relu, x);
        }
        graph.group(Group::Decoder);
        for at in 0..self.depth(choices) {
            // Larger and larger fields of view: dilations 1, 2, 4, 8, 1, …
            let conv = Conv::new(3, self.width(choices)).dilation(1 << (at % 4));
            x = graph.conv_bn(&format!("decoder{at}"), conv, relu, x);
        }
        let head = Conv::new(1, io.output_channels).with_bias();
        x = graph.conv("head", head, x);
        graph.output("main", Role::Main, x);
        graph.finish()
    }

    /// Genotypes that people can read: `d2w32`.
    fn genotype(&self, choices: &Choices) -> Result<String> {
        Ok(format!("d{}w{}", self.depth(choices), self.width(choices)))
    }

    fn parse(&self, genotype: &str) -> Result<Choices> {
        // Few enough to look through all of them, so that nothing but a genotype is taken for one.
        let mut all = (0..self.config.max_depth)
            .flat_map(|depth| (0..self.config.widths.len()).map(move |width| vec![depth, width]));
        let found = all.find_map(|values| {
            let choices = self.schema.choices(values).ok()?;
            (self.genotype(&choices).ok()? == genotype).then_some(choices)
        });
        found.ok_or_else(|| {
            let (depth, widths) = (self.config.max_depth, &self.config.widths);
            let right = format!(
                "d1 to d{depth}, then w and one of {widths:?}, e.g. d1w{}",
                widths[0]
            );
            Error::invalid("genotype", genotype, right)
        })
    }

    /// What `describe` draws: a box for each convolution.
    fn sketches(&self, choices: &Choices) -> Result<Vec<Sketch>> {
        let depth = self.depth(choices);
        let boxes = (0..depth).map(|at| SketchBox {
            name: (at + 1).to_string(),
            label: format!(
                "conv 3x3, {}, dilation {}",
                self.width(choices),
                1 << (at % 4)
            ),
            is_output: at + 1 == depth,
        });
        Ok(vec![Sketch {
            title: "decoder".into(),
            boxes: boxes.collect(),
            edges: (1..depth).map(|at| (at - 1, at)).collect(),
        }])
    }
}
