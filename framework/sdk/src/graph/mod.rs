//! Networks as checked data.
//!
//! A [`Graph`] lists nodes in an order in which inputs come before their readers. It is made by a
//! [`GraphBuilder`] or read from JSON, checked once, and then compiled, costed, drawn, hashed or
//! exported without further checks.
//!
//! | file | holds |
//! |---|---|
//! | `op.rs` | the closed list of operations |
//! | `build.rs` | the builder |
//! | `check.rs` | the rules, with channels and resolution of every node |
//! | `io_channels.rs` | channels in and out, which data and task decide |
//! | `cost.rs` | parameters, multiply-adds, peak activation memory |
//! | `cut.rs` | sub-graphs: without auxiliary outputs, before and after the encoder |
//! | `text.rs` | stable JSON and hash |
//! | `values.rs` | the values that outputs depend on |
//! | `refine.rs` | colours of values by their place in a network |
//! | `fingerprint.rs` | a hash of the network, whatever its nodes are called |

mod build;
mod check;
mod cost;
mod cut;
mod fingerprint;
mod io_channels;
mod op;
mod refine;
mod text;
mod values;

use serde::{Deserialize, Serialize};

pub use build::GraphBuilder;
pub use check::{MAX_CHANNELS, MAX_NODES, Resolution};
pub use cost::Cost;
pub use fingerprint::FINGERPRINT_VERSION;
pub use io_channels::IoChannels;
pub use op::{ActivationKind, Conv, Op};
pub use text::IR_VERSION;

use check::Shape;

use crate::error::{Error, Result};
use crate::size::Size;

/// Index of a node in its graph.
pub type NodeId = usize;

/// The part of the network that a node belongs to; parts may have different learning rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The feature extractor, the same for all candidates of a search.
    Encoder,
    /// The searched part.
    Decoder,
    /// Heads that exist in training only.
    Auxiliary,
}

/// The purpose of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The prediction.
    Main,
    /// An additional supervision signal, in training only.
    Auxiliary,
}

/// One operation with its inputs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Unique dotted name, from which parameters get theirs, e.g. `decoder.block0.cell0.op1.conv`.
    pub name: String,
    /// The part of the network it belongs to.
    pub group: Group,
    /// Its operation.
    pub op: Op,
    /// The nodes it reads, each earlier in the list.
    pub inputs: Vec<NodeId>,
}

/// One output of the network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Unique name, e.g. `main` or `aux0`.
    pub name: String,
    /// Its purpose.
    pub role: Role,
    /// The node that provides its value.
    pub node: NodeId,
}

/// A checked network description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "text::Raw", into = "text::Raw")]
pub struct Graph {
    nodes: Vec<Node>,
    outputs: Vec<Output>,
    shapes: Vec<Shape>,
}

impl Graph {
    /// The nodes, inputs before their readers.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The outputs: the main one and the auxiliary ones.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// The input nodes in order.
    pub fn inputs(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes
            .iter()
            .enumerate()
            .filter(|(_, n)| matches!(n.op, Op::Input { .. }))
    }

    /// Channels of a node's value.
    pub fn channels(&self, node: NodeId) -> usize {
        self.shapes[node].channels
    }

    /// Resolution of a node's value relative to an input.
    pub fn resolution(&self, node: NodeId) -> Resolution {
        self.shapes[node].resolution
    }

    /// Computes the size of every node's value from those of the inputs, in order.
    ///
    /// # Panics
    /// If the number of sizes is not the number of inputs.
    pub fn sizes(&self, inputs: &[Size]) -> Vec<Size> {
        let ids: Vec<NodeId> = self.inputs().map(|(id, _)| id).collect();
        assert_eq!(ids.len(), inputs.len(), "one size per input");
        (self.shapes.iter())
            .map(|shape| match shape.resolution {
                Resolution::Pixel => Size::square(1),
                Resolution::Of { input, stride } => {
                    let at = ids.iter().position(|&id| id == input).unwrap_or(0);
                    let Size { width, height } = inputs[at];
                    Size::new(width.div_ceil(stride), height.div_ceil(stride))
                }
            })
            .collect()
    }

    /// Checks that this is a network of one image: one input and outputs of the right channels, the
    /// main one outside the auxiliary group.
    ///
    /// # Errors
    /// Names the mismatch.
    pub fn check_io(&self, io: &IoChannels) -> Result<()> {
        let broken = |node: &str, message: String| {
            let node = node.to_owned();
            Err(Error::Graph { node, message })
        };
        let inputs: Vec<usize> = self.inputs().map(|(id, _)| self.channels(id)).collect();
        if inputs != [io.input_channels] {
            let message = format!("{inputs:?} channels; expected [{}]", io.input_channels);
            return broken("inputs", message);
        }
        for output in &self.outputs {
            let channels = self.channels(output.node);
            if channels != io.output_channels {
                let message = format!("{channels} channels; expected {}", io.output_channels);
                return broken(&output.name, message);
            }
        }
        match self.nodes[self.main().node].group {
            Group::Auxiliary => broken(&self.main().name, "the main output is auxiliary".into()),
            _ => Ok(()),
        }
    }

    /// The main output.
    pub fn main(&self) -> &Output {
        // The check ensures exactly one.
        self.outputs
            .iter()
            .find(|o| o.role == Role::Main)
            .unwrap_or(&self.outputs[0])
    }
}
