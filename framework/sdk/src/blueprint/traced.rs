//! The search space that a blueprint makes.

use super::conditions::Conditions;
use super::{Blueprint, sketch, text, trace};
use crate::choices::{Choices, Schema};
use crate::error::Result;
use crate::graph::{Graph, IoChannels};
use crate::registry::FromConfig;
use crate::sketch::Sketch;
use crate::space::SearchSpace;

/// The search space of a [`Blueprint`].
///
/// It is registered as any other, and made from the settings of the blueprint:
///
/// ```
/// use nasfw_sdk::{Blueprint, Net, Pick, Result, Traced};
///
/// nasfw_sdk::register!(space, Traced<Wide>, plugin: "wide", name: "wide", about: "one decision");
///
/// nasfw_sdk::settings! {
///     /// One convolution.
///     pub struct Wide {
///         /// The widths to choose from.
///         pub widths: Vec<usize> = vec![8, 16],
///     }
/// }
///
/// impl Blueprint for Wide {
///     fn build(&self, pick: &mut Pick, net: &mut Net) -> Result<()> {
///         let width = *pick.one_of("width", &self.widths)?;
///         let x = net.conv_bn_relu(net.image(), 3, width);
///         net.head(x)
///     }
/// }
/// ```
///
/// A genotype names the options of all decisions that its network asks, in order:
/// `width=16,depth=2`. The sketch shows the nodes outside the encoder.
#[derive(Clone, Debug)]
pub struct Traced<T> {
    blueprint: T,
    conditions: Conditions,
}

impl<T: Blueprint> Traced<T> {
    /// Builds networks under many choices, each option of each decision at least once, and finds
    /// the schema that they have in common. Of a small space all networks are built; in a large one
    /// a decision that only few networks ask may stay unseen, and those do not decode.
    ///
    /// # Errors
    /// The first error of a build; otherwise the decision that breaks a rule of a [`Blueprint`], and
    /// two networks that show it.
    pub fn new(blueprint: T) -> Result<Self> {
        let conditions = trace::trace(&blueprint)?;
        Ok(Self {
            blueprint,
            conditions,
        })
    }

    /// The function that builds.
    pub fn blueprint(&self) -> &T {
        &self.blueprint
    }

    fn own(&self, choices: &Choices) -> Result<Choices> {
        self.schema().choices(choices.to_vec())
    }
}

impl<T: Blueprint + FromConfig> FromConfig for Traced<T> {
    type Config = T::Config;

    fn from_config(config: T::Config) -> Result<Self> {
        Self::new(T::from_config(config)?)
    }
}

impl<T: Blueprint> SearchSpace for Traced<T> {
    fn schema(&self) -> &Schema {
        self.conditions.schema()
    }

    fn decode(&self, choices: &Choices, io: &IoChannels) -> Result<Graph> {
        let choices = self.own(choices)?;
        let (asked, graph) = trace::build(&self.blueprint, self.conditions.given(&choices), io)?;
        let expected = self.conditions.asked(&choices);
        let is_same = expected
            .map(|(d, option)| (&d.label, &d.options, option))
            .eq(asked.iter().map(|a| (&a.name, &a.options, a.chosen)));
        if is_same {
            Ok(graph)
        } else {
            Err(self.conditions.unexpected(&choices, &asked))
        }
    }

    fn genotype(&self, choices: &Choices) -> Result<String> {
        Ok(text::genotype(&self.conditions, &self.own(choices)?))
    }

    fn parse(&self, genotype: &str) -> Result<Choices> {
        text::parse(&self.conditions, genotype)
    }

    fn sketches(&self, choices: &Choices) -> Result<Vec<Sketch>> {
        let graph = self.decode(choices, &trace::IO)?;
        Ok(sketch::sketch(&graph).into_iter().collect())
    }
}
