//! Stable JSON and hash.

use serde::{Deserialize, Serialize};

use super::{Graph, Node, Output, check};
use crate::error::{Error, Result};

/// Version of the JSON form, the only one that is read.
pub const IR_VERSION: u32 = 1;

/// The JSON form: the graph without derived values.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    ir: u32,
    nodes: Vec<Node>,
    outputs: Vec<Output>,
}

impl TryFrom<Raw> for Graph {
    type Error = Error;
    fn try_from(raw: Raw) -> Result<Self> {
        if raw.ir != IR_VERSION {
            return Err(Error::invalid(
                "graph version",
                raw.ir,
                format!("this program reads version {IR_VERSION}"),
            ));
        }
        check::graph(raw.nodes, raw.outputs)
    }
}

impl From<Graph> for Raw {
    fn from(graph: Graph) -> Self {
        Self {
            ir: IR_VERSION,
            nodes: graph.nodes,
            outputs: graph.outputs,
        }
    }
}

impl Graph {
    /// The graph as JSON: the same graph always gives the same bytes.
    pub fn to_json(&self) -> String {
        // Serialising plain structs with string keys into memory cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads and checks a graph.
    ///
    /// # Errors
    /// When the text is not JSON, of another version, or breaks a rule.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|e| Error::Config {
            item: "graph".into(),
            message: e.to_string(),
        })
    }

    /// BLAKE3 of the JSON, in hexadecimal.
    pub fn hash(&self) -> String {
        blake3::hash(self.to_json().as_bytes()).to_hex().to_string()
    }
}
