//! The cell as graph nodes.

use nasfw_sdk::GraphBuilder;
use nasfw_sdk::graph::{NodeId, Op};

use super::decisions::node_name;
use super::genotype::Cell;

impl Cell {
    /// Adds one copy of the cell on `x` of `channels` channels and returns its output, of the same
    /// shape. Nodes are named by their number: `{name}.op1…`, `{name}.sum4` and so on.
    pub(super) fn build(
        &self,
        graph: &mut GraphBuilder,
        name: &str,
        channels: usize,
        repeats: usize,
        x: NodeId,
    ) -> NodeId {
        let called = |node: usize| format!("{name}.{}", node_name(node));
        let first = self.op.build(graph, &called(1), channels, repeats, x);
        let mut nodes = vec![x, first];
        for layer in &self.layers {
            let results = [0, 1].map(|side| {
                // Layer i adds its nodes in order, so the next number is the present length.
                let (op, from) = (layer.ops[side], nodes[layer.positions[side]]);
                op.build(graph, &called(nodes.len() + side), channels, repeats, from)
            });
            nodes.extend(results);
            nodes.push(graph.add(called(nodes.len()), Op::Add, &results));
        }
        let collected: Vec<NodeId> = self.collected().into_iter().map(|n| nodes[n]).collect();
        match collected[..] {
            [only] => only,
            _ => graph.add(format!("{name}.out"), Op::Add, &collected),
        }
    }
}
