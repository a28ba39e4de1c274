//! Search spaces: the networks that can be built.

use serde_json::{Map, Value};

use crate::choices::{Choices, Schema};
use crate::error::{Error, Result};
use crate::graph::{Graph, IoChannels};
use crate::sketch::Sketch;

/// A family of networks, each named by a sequence of choices.
///
/// Every valid sequence must decode into a graph that builds and runs at any input size, without
/// dead ends or rejection. [`check_space`](crate::testing::check_space) checks this.
///
/// A stack of convolutions whose depth is searched:
///
/// ```
/// use nasfw_sdk::graph::{ActivationKind, Conv, Group, Role};
/// use nasfw_sdk::{
///     Choices, Decision, Graph, GraphBuilder, IoChannels, Result, Schema, SearchSpace, Seed, testing,
/// };
///
/// struct Stack(Schema);
///
/// impl SearchSpace for Stack {
///     fn schema(&self) -> &Schema {
///         &self.0
///     }
///
///     fn decode(&self, choices: &Choices, io: &IoChannels) -> Result<Graph> {
///         let mut graph = GraphBuilder::new();
///         let mut x = graph.input("image", io.input_channels);
///         graph.group(Group::Decoder);
///         for at in 0..=choices[0] {
///             let name = format!("conv{at}");
///             x = graph.conv_bn(&name, Conv::new(3, 8), Some(ActivationKind::Relu), x);
///         }
///         let head = graph.conv("head", Conv::new(1, io.output_channels).with_bias(), x);
///         graph.output("main", Role::Main, head);
///         graph.finish()
///     }
/// }
///
/// let space = Stack(Schema::new(vec![Decision::new("depth", "", ["1", "2", "3"])])?);
/// let deepest = space.decode(&space.parse("2")?, &IoChannels::rgb(21))?;
/// assert!(deepest.parameters() > space.decode(&space.parse("0")?, &IoChannels::rgb(21))?.parameters());
/// testing::check_space(&space, 20, Seed(0)).expect("a conforming space");
/// # Ok::<(), nasfw_sdk::Error>(())
/// ```
pub trait SearchSpace: Send + Sync {
    /// The decisions, in sampling order.
    fn schema(&self) -> &Schema;

    /// Builds the network that `choices` describe.
    ///
    /// The graph has one input, the image; its encoder nodes (if any) are in
    /// [`Group::Encoder`](crate::graph::Group::Encoder) and do not depend on the choices, so that
    /// their outputs can be computed once for a whole search.
    ///
    /// # Errors
    /// When `choices` come from another schema, or the space does not support `io`.
    fn decode(&self, choices: &Choices, io: &IoChannels) -> Result<Graph>;

    /// The text form of `choices`, the inverse of [`parse`](SearchSpace::parse); by default the
    /// choices themselves, e.g. `2-0-1`.
    ///
    /// # Errors
    /// When `choices` come from another schema.
    fn genotype(&self, choices: &Choices) -> Result<String> {
        let options: Vec<String> = choices.iter().map(usize::to_string).collect();
        Ok(options.join("-"))
    }

    /// Reads a genotype. A space that overrides [`genotype`](SearchSpace::genotype) must override
    /// `parse`, too.
    ///
    /// # Errors
    /// Names the wrong position and value, and the expected one.
    fn parse(&self, genotype: &str) -> Result<Choices> {
        let wrong = || {
            let first = vec!["0"; self.schema().len()].join("-");
            let expected = format!("expected one number per decision, e.g. {first}");
            Error::invalid("genotype", genotype, expected)
        };
        let options: Option<Vec<usize>> = genotype.split('-').map(|o| o.parse().ok()).collect();
        let choices = self.schema().choices(options.ok_or_else(wrong)?)?;
        // `+2` and `02` would parse as numbers, too.
        if self.genotype(&choices)? == genotype {
            Ok(choices)
        } else {
            Err(wrong())
        }
    }

    /// The canonical form of `choices`: of all that decode to the same network, the ones that stand
    /// for it. By default the choices themselves; a space in which several choices are one network
    /// says so here, e.g. by sorting the inputs of a sum.
    ///
    /// Choices with equal canonical forms decode to networks with equal
    /// [fingerprints](Graph::fingerprint): with parameters renamed they have the same outputs and
    /// gradients, but for the rounding of sums. So they are one network to a search, but not to
    /// the bit: initial weights come from streams that are named after nodes, and the cost of a
    /// graph counts what no output depends on. A canonical form is its own; that of choices is
    /// the same at every call. Choices with different canonical forms may still be one network.
    ///
    /// # Errors
    /// When `choices` come from another schema.
    fn canonical(&self, choices: &Choices) -> Result<Choices> {
        Ok(choices.clone())
    }

    /// The settings of the space, as JSON, with which its encoder takes the weights in a file: a width,
    /// say, or a variant. They stand in for defaults where a configuration names the file. None by
    /// default, and for weights of something else.
    ///
    /// `shape_of` gives the shape of an array of the file, by its name there.
    fn settings_for_weights(
        &self,
        _shape_of: &dyn Fn(&str) -> Option<Vec<usize>>,
    ) -> Option<Map<String, Value>> {
        None
    }

    /// Sketches of the architecture, for cards and reports; none by default.
    ///
    /// # Errors
    /// When `choices` come from another schema.
    fn sketches(&self, _choices: &Choices) -> Result<Vec<Sketch>> {
        Ok(Vec::new())
    }

    /// Named facts of an architecture beyond its graph, e.g. its loose ends, for cards and
    /// `describe`; none by default.
    ///
    /// # Errors
    /// When `choices` come from another schema.
    fn facts(&self, _choices: &Choices) -> Result<Map<String, Value>> {
        Ok(Map::new())
    }
}
