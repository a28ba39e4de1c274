//! Sub-graphs.

use super::{Graph, Group, NodeId, Op, Output, Role, check};
use crate::error::Result;

impl Graph {
    /// The deployed network: without auxiliary outputs and the nodes of their group.
    pub fn without_auxiliary(&self) -> Graph {
        let keep = |id: NodeId| self.nodes[id].group != Group::Auxiliary;
        self.filtered(keep, |o| o.role == Role::Main)
    }

    /// For each node, true if an output depends on it.
    pub fn reachable(&self) -> Vec<bool> {
        let mut read = vec![false; self.nodes.len()];
        for output in &self.outputs {
            read[output.node] = true;
        }
        for id in (0..self.nodes.len()).rev() {
            if read[id] {
                for &input in &self.nodes[id].inputs {
                    read[input] = true;
                }
            }
        }
        read
    }

    /// Encoder nodes read by nodes of other groups, in order: a search computes their values once.
    pub fn encoder_outputs(&self) -> Vec<NodeId> {
        let is_encoder = |id: NodeId| self.nodes[id].group == Group::Encoder;
        let mut outputs: Vec<NodeId> = (self.nodes.iter())
            .filter(|n| n.group != Group::Encoder)
            .flat_map(|n| n.inputs.iter().copied())
            .filter(|&i| is_encoder(i) && !matches!(self.nodes[i].op, Op::Input { .. }))
            .collect();
        outputs.sort_unstable();
        outputs.dedup();
        outputs
    }

    /// The encoder alone, its outputs named after their nodes (the last one is *main*, the others
    /// auxiliary). `None` without encoder nodes.
    ///
    /// # Errors
    /// Never for a graph whose encoder reads inputs and encoder nodes only.
    pub fn encoder(&self) -> Result<Option<Graph>> {
        let outputs = self.encoder_outputs();
        let Some(&last) = outputs.last() else {
            return Ok(None);
        };
        let nodes: Vec<_> = self.nodes[..=last].to_vec();
        let mut map = vec![None; nodes.len()];
        let mut kept = Vec::new();
        for (id, mut node) in nodes.into_iter().enumerate() {
            if node.group == Group::Encoder || matches!(node.op, Op::Input { .. }) {
                node.inputs = node.inputs.iter().filter_map(|&i| map[i]).collect();
                map[id] = Some(kept.len());
                kept.push(node);
            }
        }
        let outputs = (outputs.iter())
            .filter_map(|&id| {
                let role = if id == last {
                    Role::Main
                } else {
                    Role::Auxiliary
                };
                Some(Output {
                    name: self.nodes[id].name.clone(),
                    role,
                    node: map[id]?,
                })
            })
            .collect();
        check::graph(kept, outputs).map(Some)
    }

    /// The graph with the encoder replaced by one input per encoder output, named after it. Without
    /// encoder nodes, the graph itself.
    ///
    /// # Errors
    /// When a node mixes resolutions that the cut makes unrelated (one that adds maps of two
    /// encoder outputs without resizing them).
    pub fn after_encoder(&self) -> Result<Graph> {
        let outputs = self.encoder_outputs();
        if outputs.is_empty() {
            return Ok(self.clone());
        }
        let mut map = vec![None; self.nodes.len()];
        let mut kept = Vec::new();
        for (id, node) in self.nodes.iter().enumerate() {
            let mut node = node.clone();
            let is_input = matches!(node.op, Op::Input { .. });
            let is_read_after =
                || (self.nodes.iter()).any(|n| n.group != Group::Encoder && n.inputs.contains(&id));
            if outputs.contains(&id) {
                node.op = Op::Input {
                    channels: self.channels(id),
                };
                node.inputs.clear();
            } else if is_input && !is_read_after() || !is_input && node.group == Group::Encoder {
                continue;
            } else {
                node.inputs = node.inputs.iter().filter_map(|&i| map[i]).collect();
            }
            map[id] = Some(kept.len());
            kept.push(node);
        }
        let outputs = (self.outputs.iter())
            .filter_map(|o| {
                Some(Output {
                    node: map[o.node]?,
                    ..o.clone()
                })
            })
            .collect();
        check::graph(kept, outputs)
    }

    fn filtered(
        &self,
        keep: impl Fn(NodeId) -> bool,
        keep_output: impl Fn(&Output) -> bool,
    ) -> Graph {
        let mut map = vec![None; self.nodes.len()];
        let mut nodes = Vec::new();
        let mut shapes = Vec::new();
        for id in 0..self.nodes.len() {
            let mut node = self.nodes[id].clone();
            let inputs: Option<Vec<NodeId>> = node.inputs.iter().map(|&i| map[i]).collect();
            if let (true, Some(inputs)) = (keep(id), inputs) {
                node.inputs = inputs;
                map[id] = Some(nodes.len());
                nodes.push(node);
                shapes.push(self.shapes[id]);
            }
        }
        // Resolutions refer to input nodes, whose index may have changed.
        for shape in &mut shapes {
            if let check::Resolution::Of { input, .. } = &mut shape.resolution {
                *input = map[*input].unwrap_or(0);
            }
        }
        let outputs = (self.outputs.iter())
            .filter(|o| keep_output(o))
            .filter_map(|o| {
                Some(Output {
                    node: map[o.node]?,
                    ..o.clone()
                })
            })
            .collect();
        Graph {
            nodes,
            outputs,
            shapes,
        }
    }
}
