//! The network that a build puts together.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::graph::{
    ActivationKind, Conv, Graph, GraphBuilder, Group, IoChannels, NodeId, Op, Role,
};

/// The network of one build of a [`Blueprint`](crate::Blueprint).
///
/// Its methods add nodes and name them after what they are and how many there were before:
/// `conv0`, `conv1`, `cell2.add0` within [`scope`](Self::scope) `cell2`. A mistake, such as two
/// maps that cannot be added, shows when the network is finished, with the name of the node.
#[derive(Debug)]
pub struct Net {
    graph: GraphBuilder,
    io: IoChannels,
    group: Group,
    scope: String,
    /// Number of nodes by the beginning of their name.
    counts: BTreeMap<String, usize>,
    /// Of each node.
    channels: Vec<usize>,
    has_head: bool,
}

/// The image is the first node.
const IMAGE: NodeId = 0;

impl Net {
    pub(super) fn new(io: IoChannels) -> Self {
        let mut graph = GraphBuilder::new();
        graph
            .group(Group::Encoder)
            .input("image", io.input_channels);
        graph.group(Group::Decoder);
        Self {
            graph,
            io,
            group: Group::Decoder,
            scope: String::new(),
            counts: BTreeMap::new(),
            channels: vec![io.input_channels],
            has_head: false,
        }
    }

    pub(super) fn finish(self) -> Result<Graph> {
        if !self.has_head {
            return Err(Error::Graph {
                node: "head".into(),
                message: "missing; end `build` with `net.head(x)`".into(),
            });
        }
        let graph = self.graph.finish()?;
        graph.check_io(&self.io)?;
        Ok(graph)
    }

    /// The image that the network sees.
    pub fn image(&self) -> NodeId {
        IMAGE
    }

    /// Counts the channels of a map; 0 for a node that does not exist.
    pub fn channels(&self, x: NodeId) -> usize {
        self.channels.get(x).copied().unwrap_or(0)
    }

    /// Builds the encoder, named `encoder.…`, and returns what `build` does: its last map, or all
    /// maps that the decoder reads. It is computed once for a whole search, so no decision is asked
    /// in it, and every network reads the same maps of it.
    pub fn encoder<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> T {
        self.part(Group::Encoder, "encoder", build)
    }

    /// Builds a part that exists in training only, named `auxiliary.…`, e.g. what an
    /// [`auxiliary_head`](Self::auxiliary_head) reads.
    pub fn auxiliary<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> T {
        self.part(Group::Auxiliary, "auxiliary", build)
    }

    /// Builds a part whose nodes are named `{name}.…`.
    pub fn scope<T>(&mut self, name: &str, build: impl FnOnce(&mut Self) -> T) -> T {
        self.part(self.group, name, build)
    }

    fn part<T>(&mut self, group: Group, name: &str, build: impl FnOnce(&mut Self) -> T) -> T {
        let scope = format!("{}{name}.", self.scope);
        let outside = (self.group, std::mem::replace(&mut self.scope, scope));
        self.enter(group);
        let made = build(self);
        self.enter(outside.0);
        self.scope = outside.1;
        made
    }

    fn enter(&mut self, group: Group) {
        self.group = group;
        self.graph.group(group);
    }

    /// A convolution alone.
    pub fn conv(&mut self, x: NodeId, conv: Conv) -> NodeId {
        self.op(Op::Conv(conv), &[x])
    }

    /// A convolution with batch normalisation.
    pub fn conv_bn(&mut self, x: NodeId, conv: Conv) -> NodeId {
        let name = self.name("conv");
        self.normalised(&name, x, conv)
    }

    /// A convolution with batch normalisation and an activation.
    pub fn conv_bn_act(&mut self, x: NodeId, conv: Conv, function: ActivationKind) -> NodeId {
        let name = self.name("conv");
        let y = self.normalised(&name, x, conv);
        self.push(format!("{name}.act"), Op::Activation { function }, &[y])
    }

    /// A dense convolution of stride 1 with batch normalisation and a rectifier.
    pub fn conv_bn_relu(&mut self, x: NodeId, kernel: usize, channels: usize) -> NodeId {
        self.conv_bn_act(x, Conv::new(kernel, channels), ActivationKind::Relu)
    }

    /// An activation.
    pub fn activation(&mut self, x: NodeId, function: ActivationKind) -> NodeId {
        self.op(Op::Activation { function }, &[x])
    }

    /// The bilinear resize of `x` to the height and width of `like`.
    pub fn resize_to(&mut self, x: NodeId, like: NodeId) -> NodeId {
        self.op(Op::ResizeTo, &[x, like])
    }

    /// The mean over height and width.
    pub fn global_average_pool(&mut self, x: NodeId) -> NodeId {
        self.op(Op::GlobalAveragePool, &[x])
    }

    /// The sum of maps of one shape.
    pub fn add(&mut self, maps: &[NodeId]) -> NodeId {
        self.op(Op::Add, maps)
    }

    /// The channels of maps of one height and width, one after the other.
    pub fn concat(&mut self, maps: &[NodeId]) -> NodeId {
        self.op(Op::Concat, maps)
    }

    /// Any operation.
    pub fn op(&mut self, op: Op, inputs: &[NodeId]) -> NodeId {
        let name = self.name(match op {
            Op::Input { .. } => "input",
            Op::Conv(_) => "conv",
            Op::BatchNorm => "bn",
            Op::Activation { .. } => "act",
            Op::ResizeTo => "resize",
            Op::GlobalAveragePool => "pool",
            Op::Add => "add",
            Op::Concat => "concat",
            Op::Identity => "identity",
            Op::Zero => "zero",
        });
        self.push(name, op, inputs)
    }

    /// The result of the network, a convolution of `x` to as many channels as the task wants.
    ///
    /// # Errors
    /// When the network has a head already.
    pub fn head(&mut self, x: NodeId) -> Result<()> {
        if self.has_head {
            return Err(Error::Graph {
                node: "head".into(),
                message: "a network has one; further outputs are auxiliary heads".into(),
            });
        }
        self.has_head = true;
        self.output("head".into(), "main", Role::Main, Group::Decoder, x);
        Ok(())
    }

    /// A further result of `x`, in training only; the outputs are called `aux0`, `aux1`, …
    pub fn auxiliary_head(&mut self, x: NodeId) {
        let count = self.counts.entry("aux".into()).or_default();
        let name = format!("aux{count}");
        *count += 1;
        self.output(
            format!("{name}.head"),
            &name,
            Role::Auxiliary,
            Group::Auxiliary,
            x,
        );
    }

    fn normalised(&mut self, name: &str, x: NodeId, conv: Conv) -> NodeId {
        let y = self.push(format!("{name}.conv"), Op::Conv(conv), &[x]);
        self.push(format!("{name}.bn"), Op::BatchNorm, &[y])
    }

    fn output(&mut self, node: String, name: &str, role: Role, group: Group, x: NodeId) {
        let outside = self.group;
        self.enter(group);
        let conv = Conv::new(1, self.io.output_channels).with_bias();
        let y = self.push(node, Op::Conv(conv), &[x]);
        self.graph.output(name, role, y);
        self.enter(outside);
    }

    /// The next name of this stem in this scope.
    fn name(&mut self, stem: &str) -> String {
        let stem = format!("{}{stem}", self.scope);
        let count = self.counts.entry(stem.clone()).or_default();
        let name = format!("{stem}{count}");
        *count += 1;
        name
    }

    fn push(&mut self, name: String, op: Op, inputs: &[NodeId]) -> NodeId {
        let of = |&x: &NodeId| self.channels(x);
        let channels = match &op {
            Op::Input { channels } => *channels,
            Op::Conv(conv) => conv.out_channels,
            Op::Concat => inputs.iter().map(of).fold(0, usize::saturating_add),
            Op::BatchNorm
            | Op::Activation { .. }
            | Op::ResizeTo
            | Op::GlobalAveragePool
            | Op::Add
            | Op::Identity
            | Op::Zero => inputs.first().map_or(0, of),
        };
        self.channels.push(channels);
        self.graph.add(name, op, inputs)
    }
}
