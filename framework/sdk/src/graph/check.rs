//! The rules of a graph, and the shape of every node that follows from them.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use super::{Conv, Graph, Node, NodeId, Op, Output, Role};
use crate::error::{Error, Result};

/// Maximum number of nodes of a graph.
pub const MAX_NODES: usize = 20_000;
/// Maximum number of channels of a value.
pub const MAX_CHANNELS: usize = 65_536;
const MAX_KERNEL: usize = 31;
const MAX_STRIDE: usize = 1 << 16;
const MAX_DILATION: usize = 1024;

/// Height and width of a value, relative to an input.
///
/// Strided convolutions with "same" padding divide and round up, and rounding up composes:
/// `ceil(ceil(h / a) / b) = ceil(h / ab)`. So one total stride describes a value exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// `ceil(size of the input / stride)`.
    Of {
        /// The input node.
        input: NodeId,
        /// The product of strides on the way.
        stride: usize,
    },
    /// One pixel, after pooling.
    Pixel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) channels: usize,
    pub(super) resolution: Resolution,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} channels ", self.channels)?;
        match self.resolution {
            Resolution::Of { input, stride } => write!(f, "at 1/{stride} of node {input}'s size"),
            Resolution::Pixel => f.write_str("of a single pixel"),
        }
    }
}

/// Checks nodes and outputs and makes the graph.
pub(super) fn graph(nodes: Vec<Node>, outputs: Vec<Output>) -> Result<Graph> {
    if nodes.len() > MAX_NODES {
        return Err(broken(
            "graph",
            format!("{} nodes; at most {MAX_NODES}", nodes.len()),
        ));
    }
    let mut names = BTreeSet::new();
    let mut shapes: Vec<Shape> = Vec::with_capacity(nodes.len());
    for (id, node) in nodes.iter().enumerate() {
        if node.name.is_empty() || node.name.len() > 256 || !names.insert(node.name.as_str()) {
            return Err(broken(
                &node.name,
                "names must be unique and 1 to 256 bytes long",
            ));
        }
        if let Some(&late) = node.inputs.iter().find(|&&i| i >= id) {
            return Err(broken(
                &node.name,
                format!("reads node {late}, which is not before it"),
            ));
        }
        let inputs: Vec<Shape> = node.inputs.iter().map(|&i| shapes[i]).collect();
        shapes.push(shape(id, node, &inputs)?);
    }
    let mut names = BTreeSet::new();
    for output in &outputs {
        if output.node >= nodes.len() || !names.insert(output.name.as_str()) {
            return Err(broken(
                &output.name,
                "an output needs a unique name and an existing node",
            ));
        }
    }
    match outputs.iter().filter(|o| o.role == Role::Main).count() {
        1 => Ok(Graph {
            nodes,
            outputs,
            shapes,
        }),
        n => Err(broken(
            "outputs",
            format!("{n} main outputs; exactly one is needed"),
        )),
    }
}

/// The number of inputs that an operation takes.
fn arity(op: &Op) -> RangeInclusive<usize> {
    match op {
        Op::Input { .. } => 0..=0,
        Op::ResizeTo => 2..=2,
        Op::Add | Op::Concat => 1..=MAX_NODES,
        Op::Conv(_)
        | Op::BatchNorm
        | Op::Activation { .. }
        | Op::GlobalAveragePool
        | Op::Identity
        | Op::Zero => 1..=1,
    }
}

fn shape(id: NodeId, node: &Node, inputs: &[Shape]) -> Result<Shape> {
    let fail = |message: String| Err(broken(&node.name, message));
    let wanted = arity(&node.op);
    if !wanted.contains(&inputs.len()) {
        return fail(format!("{} inputs; it takes {wanted:?}", inputs.len()));
    }
    let made = match &node.op {
        Op::Input { channels } => Shape {
            channels: *channels,
            resolution: Resolution::Of {
                input: id,
                stride: 1,
            },
        },
        Op::Conv(conv) => match conv_shape(conv, inputs[0]) {
            Ok(shape) => shape,
            Err(message) => return fail(message),
        },
        Op::GlobalAveragePool => Shape {
            channels: inputs[0].channels,
            resolution: Resolution::Pixel,
        },
        Op::ResizeTo => Shape {
            channels: inputs[0].channels,
            resolution: inputs[1].resolution,
        },
        Op::Add => match inputs.iter().find(|&&s| s != inputs[0]) {
            Some(other) => {
                return fail(format!(
                    "adds {} and {other}; resize or project one of them first",
                    inputs[0]
                ));
            }
            None => inputs[0],
        },
        Op::Concat => {
            if let Some(other) = inputs.iter().find(|s| s.resolution != inputs[0].resolution) {
                return fail(format!(
                    "concatenates {} and {other}; resize one of them first",
                    inputs[0]
                ));
            }
            Shape {
                channels: inputs.iter().map(|s| s.channels).sum(),
                ..inputs[0]
            }
        }
        Op::BatchNorm | Op::Activation { .. } | Op::Identity | Op::Zero => inputs[0],
    };
    if made.channels == 0 || made.channels > MAX_CHANNELS {
        return fail(format!(
            "{} channels; 1 to {MAX_CHANNELS} are allowed",
            made.channels
        ));
    }
    Ok(made)
}

/// The shape of a convolution's result, or what is wrong with it.
fn conv_shape(c: &Conv, input: Shape) -> Result<Shape, String> {
    let is_in_range = c.kernel % 2 == 1
        && (1..=MAX_KERNEL).contains(&c.kernel)
        && (1..=MAX_STRIDE).contains(&c.stride)
        && (1..=MAX_DILATION).contains(&c.dilation)
        && (1..=MAX_CHANNELS).contains(&c.groups);
    if !is_in_range {
        return Err(format!(
            "kernel {}, stride {}, dilation {}, {} groups; the kernel must be odd and at most \
             {MAX_KERNEL}, the others at least 1 and at most {MAX_STRIDE}, {MAX_DILATION} and {MAX_CHANNELS}",
            c.kernel, c.stride, c.dilation, c.groups
        ));
    }
    if !input.channels.is_multiple_of(c.groups) || !c.out_channels.is_multiple_of(c.groups) {
        return Err(format!(
            "{} groups do not divide {} input and {} output channels",
            c.groups, input.channels, c.out_channels
        ));
    }
    let resolution = match input.resolution {
        Resolution::Pixel => Resolution::Pixel,
        Resolution::Of { input, stride } => {
            let stride = stride * c.stride;
            if stride > MAX_STRIDE {
                return Err(format!("total stride {stride}; at most {MAX_STRIDE}"));
            }
            Resolution::Of { input, stride }
        }
    };
    Ok(Shape {
        channels: c.out_channels,
        resolution,
    })
}

fn broken(node: &str, message: impl Into<String>) -> Error {
    Error::Graph {
        node: node.into(),
        message: message.into(),
    }
}
