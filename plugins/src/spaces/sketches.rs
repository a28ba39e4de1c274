//! Diagrams of cell and wiring.

use nasfw_sdk::Sketch;
use nasfw_sdk::sketch::SketchBox;

use super::genotype::{Cell, ENCODER_MAPS, Genotype};

/// The cell: one box per node, with its operation.
pub(super) fn cell(cell: &Cell) -> Sketch {
    let collected = cell.collected();
    let mut boxes = Vec::new();
    let mut edges = Vec::new();
    let mut push = |label: &str, is_output: bool, inputs: &[usize]| {
        let at = boxes.len();
        edges.extend(inputs.iter().map(|&from| (from, at)));
        boxes.push(SketchBox {
            name: at.to_string(),
            label: label.to_owned(),
            is_output,
        });
        at
    };
    push("input", false, &[]);
    push(cell.op.name(), collected.contains(&1), &[0]);
    for layer in &cell.layers {
        let [left, right] =
            [0, 1].map(|side| push(layer.ops[side].name(), false, &[layer.positions[side]]));
        let sum = right + 1;
        push("sum", collected.contains(&sum), &[left, right]);
    }
    let at = push("output: sum", true, &collected);
    boxes[at].name = String::new();
    Sketch {
        title: "cell".into(),
        boxes,
        edges,
    }
}

/// The wiring: one box per map, with its total stride.
pub(super) fn wiring(genotype: &Genotype) -> Sketch {
    let ends = genotype.loose_ends();
    let mut strides = vec![4, 8, 16, 32];
    let mut boxes = Vec::new();
    let mut edges = Vec::new();
    for (map, stride) in strides.iter().enumerate() {
        boxes.push(SketchBox {
            name: map.to_string(),
            label: format!("encoder, 1/{stride}"),
            is_output: false,
        });
    }
    for (block, inputs) in genotype.wiring.iter().enumerate() {
        let map = ENCODER_MAPS + block;
        let stride = inputs.iter().map(|&i| strides[i]).min().unwrap_or(1);
        strides.push(stride);
        edges.extend(inputs.iter().map(|&from| (from, map)));
        boxes.push(SketchBox {
            name: map.to_string(),
            label: format!("block {block}, 1/{stride}"),
            is_output: ends.contains(&map),
        });
    }
    let head = boxes.len();
    edges.extend(ends.iter().map(|&from| (from, head)));
    let stride = ends.iter().map(|&end| strides[end]).min().unwrap_or(1);
    boxes.push(SketchBox {
        name: String::new(),
        label: format!("head, 1/{stride}"),
        is_output: true,
    });
    Sketch {
        title: "wiring".into(),
        boxes,
        edges,
    }
}
