//! The builder of graphs.

use super::check;
use super::op::{ActivationKind, Conv, Op};
use super::{Graph, Group, Node, NodeId, Output, Role};
use crate::error::Result;

/// Builds a graph node by node; errors are reported by [`finish`](Self::finish).
///
/// ```
/// use nasfw_sdk::graph::{ActivationKind, Conv, Group, Op, Role};
/// use nasfw_sdk::{GraphBuilder, Size};
///
/// let relu = Some(ActivationKind::Relu);
/// let mut graph = GraphBuilder::new();
/// let image = graph.input("image", 3);
/// graph.group(Group::Encoder);
/// let half = graph.conv_bn("stem", Conv::new(3, 16).stride(2), relu, image);
/// let quarter = graph.conv_bn("deep", Conv::new(3, 16).stride(2), relu, half);
/// graph.group(Group::Decoder);
/// let up = graph.add("up", Op::ResizeTo, &[quarter, half]);
/// let sum = graph.add("sum", Op::Add, &[half, up]);
/// let head = graph.conv("head", Conv::new(1, 21).with_bias(), sum);
/// graph.output("main", Role::Main, head);
/// let graph = graph.finish()?;
/// assert_eq!(graph.cost(Size::square(64)).output_stride, 2);
/// # Ok::<(), nasfw_sdk::Error>(())
/// ```
#[derive(Debug)]
pub struct GraphBuilder {
    nodes: Vec<Node>,
    outputs: Vec<Output>,
    group: Group,
}

impl GraphBuilder {
    /// An empty graph; nodes go to the decoder until [`group`](Self::group) selects another group.
    pub fn new() -> Self {
        Self {
            nodes: Vec::new(),
            outputs: Vec::new(),
            group: Group::Decoder,
        }
    }

    /// Sets the group of all nodes added from now on.
    pub fn group(&mut self, group: Group) -> &mut Self {
        self.group = group;
        self
    }

    /// Adds any node.
    pub fn add(&mut self, name: impl Into<String>, op: Op, inputs: &[NodeId]) -> NodeId {
        let node = Node {
            name: name.into(),
            group: self.group,
            op,
            inputs: inputs.to_vec(),
        };
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Adds an input of `channels` channels.
    pub fn input(&mut self, name: &str, channels: usize) -> NodeId {
        self.add(name, Op::Input { channels }, &[])
    }

    /// Adds a convolution.
    pub fn conv(&mut self, name: &str, conv: Conv, x: NodeId) -> NodeId {
        self.add(name, Op::Conv(conv), &[x])
    }

    /// Adds a convolution `{name}.conv`, batch normalisation `{name}.bn` and, if given, an
    /// activation `{name}.act`.
    pub fn conv_bn(
        &mut self,
        name: &str,
        conv: Conv,
        activation: Option<ActivationKind>,
        x: NodeId,
    ) -> NodeId {
        let y = self.conv(&format!("{name}.conv"), conv, x);
        let y = self.add(format!("{name}.bn"), Op::BatchNorm, &[y]);
        match activation {
            Some(function) => self.add(format!("{name}.act"), Op::Activation { function }, &[y]),
            None => y,
        }
    }

    /// Declares the value of `node` an output.
    pub fn output(&mut self, name: &str, role: Role, node: NodeId) -> &mut Self {
        self.outputs.push(Output {
            name: name.into(),
            role,
            node,
        });
        self
    }

    /// Checks the graph and returns it.
    ///
    /// # Errors
    /// [`Error::Graph`](crate::Error::Graph) with the node and the broken rule.
    pub fn finish(self) -> Result<Graph> {
        check::graph(self.nodes, self.outputs)
    }
}

impl Default for GraphBuilder {
    fn default() -> Self {
        Self::new()
    }
}
