//! The decisions of the encoder-decoder space, in sampling order.

use nasfw_sdk::{Decision, Result, Schema};

use super::genotype::ENCODER_MAPS;
use super::operation::Operation;

/// The wiring of `blocks` blocks, then a cell of `layers` layers.
///
/// All operations share one kind, so a controller may share one head among them. No other decisions
/// share a kind: map 4 has another meaning for block 1 than for block 2.
pub(super) fn schema(blocks: usize, layers: usize) -> Result<Schema> {
    let mut decisions = Vec::new();
    for block in 0..blocks {
        for input in 0..2 {
            let label = format!("block{block}.input{input}");
            let maps = (0..ENCODER_MAPS + block).map(map_name);
            decisions.push(Decision::new(label, "", maps));
        }
    }
    decisions.push(operation("cell.op".into()));
    for layer in 1..=layers {
        for input in 0..2 {
            let label = format!("layer{layer}.position{input}");
            let nodes = (0..3 * layer - 1).map(node_name);
            decisions.push(Decision::new(label, "", nodes));
        }
        for input in 0..2 {
            decisions.push(operation(format!("layer{layer}.op{input}")));
        }
    }
    Schema::new(decisions)
}

/// The name of the decoder's map number `map`.
pub(super) fn map_name(map: usize) -> String {
    match map.checked_sub(ENCODER_MAPS) {
        Some(block) => format!("block{block}"),
        None => format!("encoder{map}"),
    }
}

/// The name of node number `node` of a cell, which its graph nodes have, too.
pub(super) fn node_name(node: usize) -> String {
    match node {
        0 => "x".into(),
        1 => "op1".into(),
        n if n % 3 == 1 => format!("sum{n}"),
        n => format!("op{n}"),
    }
}

fn operation(label: String) -> Decision {
    Decision::new(label, "op", Operation::NAMES)
}
