//! Search spaces: what can be built.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::choices::{Choices, Schema};
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::sketch::Sketch;

/// What a network takes in and gives out; decided by data and task, not by the space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Io {
    /// Channels of the input image.
    pub input_channels: usize,
    /// Channels of the main output (and of each auxiliary one).
    pub output_channels: usize,
}

impl Io {
    /// RGB in, `output_channels` out.
    pub fn rgb(output_channels: usize) -> Self {
        Self {
            input_channels: 3,
            output_channels,
        }
    }
}

/// A family of networks, each named by a sequence of choices.
///
/// Every valid sequence must decode into a graph that builds and runs at any input size: no dead
/// ends and no rejection. `testing::check_space` holds a space to it.
pub trait SearchSpace: Send + Sync {
    /// The decisions, in sampling order.
    fn schema(&self) -> &Schema;

    /// The network that `choices` describe.
    ///
    /// The graph has one input, the image; its encoder nodes (if any) are in
    /// [`Group::Encoder`](crate::graph::Group::Encoder) and do not depend on the choices, so that
    /// their outputs can be computed once for a whole search.
    ///
    /// # Errors
    /// When `choices` come from another schema, or `io` cannot be met.
    fn decode(&self, choices: &Choices, io: &Io) -> Result<Graph>;

    /// The text form of `choices`, the inverse of [`parse`](SearchSpace::parse); by default the
    /// choices themselves, e.g. `2-0-1`.
    fn genotype(&self, choices: &Choices) -> String {
        let options: Vec<String> = choices.iter().map(usize::to_string).collect();
        options.join("-")
    }

    /// Reads a genotype. Whoever writes genotypes otherwise than by default reads them otherwise.
    ///
    /// # Errors
    /// Names the position and value that is wrong and what would be right.
    fn parse(&self, genotype: &str) -> Result<Choices> {
        let wrong = || {
            let first = vec!["0"; self.schema().len()].join("-");
            let expected = format!("one number for each decision is right, e.g. {first}");
            Error::invalid("genotype", genotype, expected)
        };
        let options: Option<Vec<usize>> = genotype.split('-').map(|o| o.parse().ok()).collect();
        let choices = self.schema().choices(options.ok_or_else(wrong)?)?;
        // `+2` and `02` are numbers, too.
        match self.genotype(&choices) == genotype {
            true => Ok(choices),
            false => Err(wrong()),
        }
    }

    /// Small diagrams of what was chosen, for cards and reports; none by default.
    fn sketches(&self, _choices: &Choices) -> Vec<Sketch> {
        Vec::new()
    }

    /// Named facts of an architecture beyond its graph, e.g. its loose ends, for cards and
    /// `describe`; none by default.
    fn facts(&self, _choices: &Choices) -> Map<String, Value> {
        Map::new()
    }

    /// What went wrong in a call that cannot say so itself and whose answer then means nothing;
    /// asked after each such call.
    ///
    /// # Errors
    /// That failure, once.
    fn fault(&self) -> Result<()> {
        Ok(())
    }
}
