//! The values of a network: what its outputs depend on, without what changes nothing.

use std::collections::{BTreeMap, HashMap};

use super::{ActivationKind, Conv, Graph, Group, NodeId, Op, Resolution};

/// Index of a value; operands come before their readers.
pub(super) type ValueId = usize;

/// Resolution relative to an input, by the input's position; `None` for a single pixel.
pub(super) type Grid = Option<(usize, usize)>;

/// The operation that makes a value. Parameters belong to a node, so two convolutions alike are two
/// values; whatever has no parameters is one value, however often a graph computes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Made {
    Input {
        position: usize,
        channels: usize,
    },
    Zero {
        channels: usize,
        grid: Grid,
    },
    Conv {
        conv: Conv,
        group: Group,
        node: NodeId,
    },
    BatchNorm {
        group: Group,
        node: NodeId,
    },
    Activation(ActivationKind),
    GlobalAveragePool,
    /// To the grid; which map of that size a graph names does not matter.
    Resize(Grid),
    Sum,
    Concat,
}

/// An operand of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Operand {
    pub(super) value: ValueId,
    /// In a sum, how often it is added; in a concatenation, its position; otherwise 0.
    pub(super) place: u64,
}

/// A value with its operands, in order of values in a sum and of positions elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Value {
    pub(super) made: Made,
    pub(super) operands: Vec<Operand>,
}

/// The values that the outputs of a graph depend on.
///
/// Left out are identities, concatenations of one map, resizes to the present size, summands that
/// are zero whatever the parameters, and what only those read. A sum of sums is one sum. Outputs
/// and gradients are those of the graph, but for the rounding of sums.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) list: Vec<Value>,
    /// The value of each output of the graph, in its order.
    pub(super) outputs: Vec<ValueId>,
}

impl Values {
    pub(super) fn of(graph: &Graph) -> Self {
        let mut all = Interner::default();
        let positions: BTreeMap<NodeId, usize> = (graph.inputs().enumerate())
            .map(|(position, (id, _))| (id, position))
            .collect();
        let grid = |id: NodeId| match graph.resolution(id) {
            Resolution::Pixel => None,
            Resolution::Of { input, stride } => {
                Some((positions.get(&input).copied().unwrap_or(0), stride))
            }
        };
        let mut of_node: Vec<ValueId> = Vec::with_capacity(graph.nodes().len());
        for (id, node) in graph.nodes().iter().enumerate() {
            let from: Vec<ValueId> = node.inputs.iter().map(|&i| of_node[i]).collect();
            let all_zero = !from.is_empty() && from.iter().all(|&v| all.is_zero(v));
            let is_zero = match &node.op {
                Op::Zero => true,
                Op::Conv(conv) => all_zero && !conv.bias,
                // A normalised zero is the learned shift.
                Op::BatchNorm => false,
                _ => all_zero,
            };
            let group = node.group;
            let value = match &node.op {
                _ if is_zero => {
                    let (channels, grid) = (graph.channels(id), grid(id));
                    all.add(Made::Zero { channels, grid }, &[])
                }
                &Op::Input { channels } => {
                    let position = positions.get(&id).copied().unwrap_or(0);
                    all.add(Made::Input { position, channels }, &[])
                }
                &Op::Conv(conv) => {
                    let node = id;
                    all.add(Made::Conv { conv, group, node }, &from)
                }
                Op::BatchNorm => all.add(Made::BatchNorm { group, node: id }, &from),
                &Op::Activation { function } => all.add(Made::Activation(function), &from),
                Op::GlobalAveragePool => all.add(Made::GlobalAveragePool, &from),
                Op::ResizeTo if grid(node.inputs[0]) == grid(id) => from[0],
                Op::ResizeTo => all.add(Made::Resize(grid(id)), &from[..1]),
                Op::Add => all.sum(&from),
                Op::Concat if from.len() > 1 => all.add(Made::Concat, &from),
                Op::Concat | Op::Identity | Op::Zero => from[0],
            };
            of_node.push(value);
        }
        let outputs = graph.outputs().iter().map(|o| of_node[o.node]).collect();
        read(all.list, outputs)
    }
}

/// Leaves out what no output depends on.
fn read(list: Vec<Value>, outputs: Vec<ValueId>) -> Values {
    let mut is_read = vec![false; list.len()];
    for &output in &outputs {
        is_read[output] = true;
    }
    for id in (0..list.len()).rev() {
        if is_read[id] {
            for operand in &list[id].operands {
                is_read[operand.value] = true;
            }
        }
    }
    let mut present = vec![0; list.len()];
    let mut kept: Vec<Value> = Vec::new();
    for (id, mut value) in list.into_iter().enumerate().filter(|(id, _)| is_read[*id]) {
        for operand in &mut value.operands {
            operand.value = present[operand.value];
        }
        present[id] = kept.len();
        kept.push(value);
    }
    Values {
        list: kept,
        outputs: outputs.into_iter().map(|id| present[id]).collect(),
    }
}

/// Gives equal values one index.
#[derive(Default)]
struct Interner {
    list: Vec<Value>,
    known: HashMap<Value, ValueId>,
}

impl Interner {
    fn is_zero(&self, id: ValueId) -> bool {
        matches!(self.list[id].made, Made::Zero { .. })
    }

    /// Adds a value whose operands are in order.
    fn add(&mut self, made: Made, from: &[ValueId]) -> ValueId {
        let is_list = made == Made::Concat;
        let place = |at| if is_list { at } else { 0 };
        let operands = (from.iter().zip(0..))
            .map(|(&value, at)| Operand {
                value,
                place: place(at),
            })
            .collect();
        self.intern(Value { made, operands })
    }

    /// Adds a sum, of which at least one summand is not zero.
    fn sum(&mut self, from: &[ValueId]) -> ValueId {
        let mut times: BTreeMap<ValueId, u64> = BTreeMap::new();
        for &id in from.iter().filter(|&&id| !self.is_zero(id)) {
            let value = &self.list[id];
            let alone = [Operand {
                value: id,
                place: 1,
            }];
            let terms = match value.made {
                Made::Sum => &value.operands[..],
                _ => &alone,
            };
            for term in terms {
                let count = times.entry(term.value).or_default();
                // Sixty-four sums of a map with itself, one after another, would overflow.
                *count = count.saturating_add(term.place);
            }
        }
        let operands: Vec<Operand> = (times.into_iter())
            .map(|(value, place)| Operand { value, place })
            .collect();
        match operands[..] {
            [Operand { value, place: 1 }] => value,
            _ => self.intern(Value {
                made: Made::Sum,
                operands,
            }),
        }
    }

    fn intern(&mut self, value: Value) -> ValueId {
        let next = self.list.len();
        let id = *self.known.entry(value.clone()).or_insert(next);
        if id == next {
            self.list.push(value);
        }
        id
    }
}
