//! The cost of a network, computed from the graph alone.

use serde::{Deserialize, Serialize};

use super::{Graph, Group, NodeId, Op, Resolution};
use crate::size::Size;

/// Cost of the deployed network (no auxiliary heads) at one input size and batch 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Learned parameters without auxiliary heads.
    pub params: usize,
    /// Learned parameters with auxiliary heads.
    pub params_with_aux: usize,
    /// Multiply-adds of all convolutions, including those that no output depends on.
    pub macs: u64,
    /// Maximum bytes of 32-bit maps alive at once when nodes run in order; normalisation,
    /// activation and identity reuse their input's memory when no other node reads it.
    pub peak_activation_bytes: u64,
    /// Total stride of the main output; 0 when it is a single pixel.
    pub output_stride: usize,
}

impl Graph {
    /// Learned parameters of the nodes of `group`.
    pub fn parameters_of(&self, group: Group) -> usize {
        let ids = (0..self.nodes.len()).filter(|&id| self.nodes[id].group == group);
        ids.map(|id| self.parameters_at(id)).sum()
    }

    /// All learned parameters.
    pub fn parameters(&self) -> usize {
        (0..self.nodes.len()).map(|id| self.parameters_at(id)).sum()
    }

    /// Computes the cost at an input size.
    pub fn cost(&self, input: Size) -> Cost {
        let deployed = self.without_auxiliary();
        let sizes = deployed.sizes(&vec![input; deployed.inputs().count()]);
        let macs = (deployed.nodes.iter().enumerate())
            .filter_map(|(id, node)| match &node.op {
                Op::Conv(conv) => {
                    let weights = conv.weights(deployed.channels(node.inputs[0])) as u64;
                    Some(weights.saturating_mul(area(sizes[id])))
                }
                // As in the literature, only convolutions count.
                Op::Input { .. }
                | Op::BatchNorm
                | Op::Activation { .. }
                | Op::ResizeTo
                | Op::GlobalAveragePool
                | Op::Add
                | Op::Concat
                | Op::Identity
                | Op::Zero => None,
            })
            .fold(0, u64::saturating_add);
        Cost {
            params: deployed.parameters(),
            params_with_aux: self.parameters(),
            macs,
            peak_activation_bytes: deployed.peak_activation_bytes(&sizes),
            output_stride: match deployed.resolution(deployed.main().node) {
                Resolution::Of { stride, .. } => stride,
                Resolution::Pixel => 0,
            },
        }
    }

    fn parameters_at(&self, id: NodeId) -> usize {
        let node = &self.nodes[id];
        node.op
            .parameters(node.inputs.first().map_or(0, |&i| self.channels(i)))
    }

    fn peak_activation_bytes(&self, sizes: &[Size]) -> u64 {
        let read = self.reachable();
        let mut last_use: Vec<NodeId> = (0..self.nodes.len()).collect();
        for (id, node) in self.nodes.iter().enumerate().filter(|(id, _)| read[*id]) {
            for &input in &node.inputs {
                last_use[input] = id;
            }
        }
        for output in &self.outputs {
            last_use[output.node] = self.nodes.len();
        }
        let bytes = |id: NodeId| area(sizes[id]).saturating_mul(4 * self.channels(id) as u64);
        let (mut alive, mut peak) = (0_u64, 0_u64);
        for (id, node) in self.nodes.iter().enumerate().filter(|(id, _)| read[*id]) {
            let in_place = matches!(
                node.op,
                Op::BatchNorm | Op::Activation { .. } | Op::Identity
            ) && last_use[node.inputs[0]] == id;
            alive = alive.saturating_add(if in_place { 0 } else { bytes(id) });
            peak = peak.max(alive);
            let mut done: Vec<NodeId> = node
                .inputs
                .iter()
                .copied()
                .filter(|&i| last_use[i] == id)
                .collect();
            done.sort_unstable();
            done.dedup();
            if !in_place {
                for i in done {
                    alive = alive.saturating_sub(bytes(i));
                }
            }
        }
        peak
    }
}

/// Pixels of a map. Input sizes come from users: overflow saturates.
fn area(size: Size) -> u64 {
    (size.height as u64).saturating_mul(size.width as u64)
}
