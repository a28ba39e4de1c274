//! Messages of search spaces.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use nasfw_sdk::choices::Schema;
use nasfw_sdk::graph::IoChannels;
use nasfw_sdk::sketch::Sketch;

/// Configuration of `create`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Make {
    /// The settings; what is left out has its default.
    pub settings: Value,
}

/// Reply of `create`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    /// The decisions, in sampling order.
    pub schema: Schema,
}

/// Request of `decode`; the reply is the graph.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Decode {
    /// One option per decision.
    pub choices: Vec<usize>,
    /// Channels in and out.
    pub io: IoChannels,
}

/// Request of `genotype`, `sketches` and `facts`; reply of `parse`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfChoices {
    /// One option per decision.
    pub choices: Vec<usize>,
}

/// Reply of `genotype`, request of `parse`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Genotype {
    /// One line of text.
    pub genotype: String,
}

/// Reply of `sketches`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sketches {
    /// The sketches; may be empty.
    pub sketches: Vec<Sketch>,
}

/// Reply of `facts`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Facts {
    /// The facts; may be empty.
    pub facts: Map<String, Value>,
}
