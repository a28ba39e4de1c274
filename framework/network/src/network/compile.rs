//! From a graph to a list of fused steps.
//!
//! Compiling omits everything that no output depends on, identities and sums with zero, and fuses
//! convolution, normalisation and activation into one step where nothing else reads the values
//! between. None of it changes an output or a gradient.

use nasfw_sdk::graph::{ActivationKind, Conv, Graph, NodeId, Op};

use crate::kernels::Activation;

/// A fused step. Values are named after the node that they belong to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) inputs: Vec<NodeId>,
    pub(super) output: NodeId,
    /// True if anything trainable lies before the first input.
    pub(super) needs_input_gradient: bool,
    /// True if this is a 1x1 convolution and the next step, the only reader of its value, a
    /// depthwise one: evaluation fuses them.
    pub(super) is_expansion: bool,
    /// Values that nothing reads after this step.
    pub(super) frees: Vec<NodeId>,
}

impl Step {
    /// Its convolution, if it is one.
    pub(super) fn conv(&self) -> Option<&ConvStep> {
        match &self.kind {
            Kind::Conv(conv) => Some(conv),
            Kind::Norm(_) | Kind::Plain(_) => None,
        }
    }
}

/// The operation of a step.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Conv(ConvStep),
    Norm(NormStep),
    Plain(PlainStep),
}

/// A convolution with what is fused into it; nodes with parameters are named by id.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ConvStep {
    pub(super) node: NodeId,
    pub(super) conv: Conv,
    pub(super) norm: Option<NodeId>,
    pub(super) activation: Activation,
}

/// A normalisation that follows no convolution, with the activation after it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NormStep {
    pub(super) node: NodeId,
    pub(super) activation: Activation,
}

/// An operation without parameters, the same in training and evaluation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PlainStep {
    Input(usize),
    /// Zeros of the shape of the node that it replaces.
    Zero,
    Activation(Activation),
    Resize,
    GlobalAverage,
    Add,
    Concat,
}

/// The steps of a graph, and the value of each output.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) outputs: Vec<NodeId>,
}

pub(super) fn compile(graph: &Graph) -> Plan {
    let simplified = Simplified::new(graph);
    let mut steps = simplified.steps(graph);
    let outputs: Vec<NodeId> = graph
        .outputs()
        .iter()
        .map(|o| simplified.alias[o.node])
        .collect();
    free_early(&mut steps, &outputs);
    Plan { steps, outputs }
}

/// The operation of a step, and the nodes after its first one that it covers, in order.
struct Fused {
    kind: Kind,
    absorbed: Vec<NodeId>,
}

/// The simplified form of each node's value.
struct Simplified {
    /// The node with the same value.
    alias: Vec<NodeId>,
    /// True if the value is zero everywhere, whatever the parameters.
    is_zero: Vec<bool>,
    /// Inputs after aliasing, with zero operands of sums left out.
    inputs: Vec<Vec<NodeId>>,
    /// Number of simplified nodes or outputs that read it.
    readers: Vec<usize>,
    is_read: Vec<bool>,
}

impl Simplified {
    fn new(graph: &Graph) -> Self {
        let nodes = graph.nodes();
        let mut alias: Vec<NodeId> = (0..nodes.len()).collect();
        let mut is_zero = vec![false; nodes.len()];
        let mut inputs: Vec<Vec<NodeId>> = Vec::with_capacity(nodes.len());
        for (id, node) in nodes.iter().enumerate() {
            let mut from: Vec<NodeId> = node.inputs.iter().map(|&i| alias[i]).collect();
            let all_zero = !from.is_empty() && from.iter().all(|&i| is_zero[i]);
            match &node.op {
                Op::Zero => is_zero[id] = true,
                Op::Identity => alias[id] = from[0],
                Op::Add => {
                    from.retain(|&i| !is_zero[i]);
                    is_zero[id] = all_zero;
                    if let [only] = from[..] {
                        alias[id] = only;
                    }
                }
                Op::Concat => {
                    is_zero[id] = all_zero;
                    if let [only] = from[..] {
                        alias[id] = only;
                    }
                }
                Op::ResizeTo => {
                    // Only the size of the second input matters, and it is known.
                    from.truncate(1);
                    is_zero[id] = is_zero[from[0]];
                    if graph.resolution(from[0]) == graph.resolution(id) {
                        alias[id] = from[0];
                    }
                }
                Op::Conv(conv) => is_zero[id] = all_zero && !conv.bias,
                Op::GlobalAveragePool | Op::Activation { .. } => is_zero[id] = all_zero,
                // A normalised zero is the learned shift, which gets a gradient.
                Op::BatchNorm | Op::Input { .. } => {}
            }
            if is_zero[id] {
                alias[id] = id;
                from.clear();
            }
            inputs.push(from);
        }
        let mut is_read = vec![false; nodes.len()];
        let mut readers = vec![0; nodes.len()];
        for output in graph.outputs() {
            is_read[alias[output.node]] = true;
            readers[alias[output.node]] += 1;
        }
        for id in (0..nodes.len()).rev() {
            if is_read[id] && alias[id] == id {
                for &input in &inputs[id] {
                    is_read[input] = true;
                    readers[input] += 1;
                }
            }
        }
        Self {
            alias,
            is_zero,
            inputs,
            readers,
            is_read,
        }
    }

    fn steps(&self, graph: &Graph) -> Vec<Step> {
        let nodes = graph.nodes();
        let only_reader = self.only_readers();
        let mut learns = vec![false; nodes.len()];
        let mut is_done = vec![false; nodes.len()];
        let mut steps = Vec::new();
        for id in 0..nodes.len() {
            if !self.is_read[id] || self.alias[id] != id || is_done[id] {
                continue;
            }
            let from = &self.inputs[id];
            let needs_input_gradient = from.first().is_some_and(|&i| learns[i]);
            let Fused { kind, absorbed } = self.fuse(graph, id, &only_reader);
            absorbed.iter().for_each(|&node| is_done[node] = true);
            let output = absorbed.last().copied().unwrap_or(id);
            let has_parameters = !matches!(kind, Kind::Plain(_));
            learns[output] = has_parameters || from.iter().any(|&i| learns[i]);
            steps.push(Step {
                kind,
                inputs: from.clone(),
                output,
                needs_input_gradient,
                is_expansion: false,
                frees: Vec::new(),
            });
        }
        for at in 1..steps.len() {
            steps[at - 1].is_expansion = is_expansion(graph, &steps[at - 1], &steps[at])
                && only_reader[steps[at - 1].output].is_some();
        }
        steps
    }

    /// The step that begins with node `id`.
    fn fuse(&self, graph: &Graph, id: NodeId, only_reader: &[Option<NodeId>]) -> Fused {
        let nodes = graph.nodes();
        let mut absorbed = Vec::new();
        let mut follow = |wanted: fn(&Op) -> bool| -> Option<NodeId> {
            let last = absorbed.last().copied().unwrap_or(id);
            let next = only_reader[last].filter(|&n| wanted(&nodes[n].op))?;
            absorbed.push(next);
            Some(next)
        };
        let is_activation: fn(&Op) -> bool = |op| matches!(op, Op::Activation { .. });
        let kind = match &nodes[id].op {
            _ if self.is_zero[id] => Kind::Plain(PlainStep::Zero),
            Op::Conv(conv) => {
                // A bias before a normalisation would need a step of its own.
                let norm = if conv.bias {
                    None
                } else {
                    follow(|op| matches!(op, Op::BatchNorm))
                };
                let act = norm.and_then(|_| follow(is_activation));
                Kind::Conv(ConvStep {
                    node: id,
                    conv: *conv,
                    norm,
                    activation: activation(nodes, act),
                })
            }
            Op::BatchNorm => Kind::Norm(NormStep {
                node: id,
                activation: activation(nodes, follow(is_activation)),
            }),
            Op::Input { .. } => {
                let at = graph.inputs().position(|(input, _)| input == id);
                Kind::Plain(PlainStep::Input(at.unwrap_or(0)))
            }
            Op::Activation { .. } => {
                Kind::Plain(PlainStep::Activation(activation(nodes, Some(id))))
            }
            Op::ResizeTo => Kind::Plain(PlainStep::Resize),
            Op::GlobalAveragePool => Kind::Plain(PlainStep::GlobalAverage),
            Op::Concat => Kind::Plain(PlainStep::Concat),
            Op::Add | Op::Identity | Op::Zero => Kind::Plain(PlainStep::Add),
        };
        Fused { kind, absorbed }
    }

    /// The only node that reads a value, if it has exactly one reader in total.
    fn only_readers(&self) -> Vec<Option<NodeId>> {
        let mut only = vec![None; self.readers.len()];
        for id in (0..self.readers.len()).filter(|&id| self.is_read[id] && self.alias[id] == id) {
            for &input in &self.inputs[id] {
                only[input] = (self.readers[input] == 1).then_some(id);
            }
        }
        only
    }
}

fn is_expansion(graph: &Graph, step: &Step, next: &Step) -> bool {
    let (Some(first), Some(second)) = (step.conv(), next.conv()) else {
        return false;
    };
    let (first, second) = (&first.conv, &second.conv);
    let channels = graph.channels(step.output);
    let is_pointwise = first.kernel == 1 && first.stride == 1 && first.groups == 1;
    let is_depthwise = second.groups == channels && second.out_channels == channels;
    is_pointwise && is_depthwise && next.inputs == [step.output]
}

fn activation(nodes: &[nasfw_sdk::graph::Node], id: Option<NodeId>) -> Activation {
    match id.map(|id| &nodes[id].op) {
        Some(Op::Activation { function }) => match function {
            ActivationKind::Relu => Activation::Relu,
            ActivationKind::Relu6 => Activation::Relu6,
        },
        _ => Activation::Identity,
    }
}

/// Records for each step the values that it is the last to read.
fn free_early(steps: &mut [Step], outputs: &[NodeId]) {
    let mut seen: std::collections::BTreeSet<NodeId> = outputs.iter().copied().collect();
    for step in steps.iter_mut().rev() {
        for &input in &step.inputs {
            if seen.insert(input) {
                step.frees.push(input);
            }
        }
    }
}
