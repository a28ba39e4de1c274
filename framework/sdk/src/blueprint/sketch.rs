//! The sketch of a network: what lies behind its encoder.

use crate::graph::{Conv, Graph, Group, Op};
use crate::sketch::{Sketch, SketchBox};

/// More boxes than this are no sketch.
const MAX: usize = 60;

/// A box for each operation of the decoder, without what follows a convolution; `None` for a network
/// that is too large.
pub(super) fn sketch(graph: &Graph) -> Option<Sketch> {
    let mut sketch = Sketch {
        title: "decoder".into(),
        ..Sketch::default()
    };
    // The box that holds a node, or its convolution.
    let mut boxes: Vec<Option<usize>> = Vec::new();
    for node in graph.nodes() {
        let sources: Vec<usize> = node.inputs.iter().filter_map(|&i| boxes[i]).collect();
        let place = match &node.op {
            _ if node.group != Group::Decoder => None,
            Op::BatchNorm | Op::Activation { .. } if !sources.is_empty() => Some(sources[0]),
            op => {
                let at = sketch.boxes.len();
                for from in sources {
                    if !sketch.edges.contains(&(from, at)) {
                        sketch.edges.push((from, at));
                    }
                }
                sketch.boxes.push(SketchBox {
                    name: node.name.strip_suffix(".conv").unwrap_or(&node.name).into(),
                    label: label(op),
                    is_output: false,
                });
                Some(at)
            }
        };
        boxes.push(place);
    }
    let output = boxes[graph.main().node]?;
    sketch.boxes[output].is_output = true;
    (sketch.boxes.len() <= MAX).then_some(sketch)
}

fn label(op: &Op) -> String {
    match op {
        Op::Conv(conv) => convolution(conv),
        Op::Input { .. } => "input".into(),
        Op::BatchNorm => "normalisation".into(),
        Op::Activation { .. } => "activation".into(),
        Op::ResizeTo => "resize".into(),
        Op::GlobalAveragePool => "global average".into(),
        Op::Add => "add".into(),
        Op::Concat => "concatenate".into(),
        Op::Identity => "identity".into(),
        Op::Zero => "zero".into(),
    }
}

/// E.g. `conv 3x3, 16, dilation 2`.
fn convolution(conv: &Conv) -> String {
    let kernel = conv.kernel;
    let mut text = format!("conv {kernel}x{kernel}, {}", conv.out_channels);
    for (name, value) in [
        ("stride", conv.stride),
        ("dilation", conv.dilation),
        ("groups", conv.groups),
    ] {
        if value != 1 {
            text.push_str(&format!(", {name} {value}"));
        }
    }
    text
}
