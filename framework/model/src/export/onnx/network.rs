//! Graph and weights → nodes.

use nasfw_sdk::graph::{ActivationKind, Conv, Graph, NodeId, Op};

use super::builder::{Builder, int, ints, scalar, text};
use super::fold::{self, ScaleShift};
use super::proto::element;
use super::{Normalise, Options};
use crate::error::Result;
use crate::model::Model;
use nasfw_network::Weights;

/// Names of input and outputs.
pub(super) struct Names {
    pub(super) input: String,
    pub(super) outputs: Vec<String>,
}

/// Writes all nodes that the outputs depend on.
pub(super) fn write(b: &mut Builder, model: &Model, options: &Options) -> Result<Names> {
    let graph = &model.description().graph;
    // Reserved first, so that no node takes these names.
    let input = b.name("image");
    let outputs: Vec<String> = graph.outputs().iter().map(|o| b.name(&o.name)).collect();
    let image = match options.normalise {
        Normalise::Outside => input.clone(),
        Normalise::Inside => normalised(b, &input, model),
    };
    let mut writer = Writer {
        b,
        graph,
        weights: model.weights(),
        folded: folded(graph),
        values: vec![String::new(); graph.nodes().len()],
        is_zero: vec![false; graph.nodes().len()],
    };
    let read = graph.reachable();
    for id in (0..graph.nodes().len()).filter(|&id| read[id]) {
        writer.node(id, &image)?;
    }
    let values = writer.values;
    for (output, name) in graph.outputs().iter().zip(&outputs) {
        b.node_to("Identity", name, &[&values[output.node]], Vec::new());
    }
    Ok(Names { input, outputs })
}

/// `(pixel / 255 - mean) / std` of bytes, channels first.
fn normalised(b: &mut Builder, input: &str, model: &Model) -> String {
    let norm = model.description().normalisation;
    let scale: Vec<f32> = norm.std.iter().map(|s| 1.0 / (255.0 * s)).collect();
    let shift: Vec<f32> = (norm.mean.iter().zip(norm.std))
        .map(|(m, s)| -m / s)
        .collect();
    let to = int("to", i64::from(element::FLOAT));
    let floats = b.node("Cast", "image:floats", &[input], vec![to]);
    let first = ints("perm", &[0, 3, 1, 2]);
    let first = b.node("Transpose", "image:channels_first", &[&floats], vec![first]);
    scale_shift(b, "image:normalised", &first, &scale, &shift)
}

fn scale_shift(b: &mut Builder, name: &str, x: &str, scale: &[f32], shift: &[f32]) -> String {
    let dims = [1, scale.len(), 1, 1];
    let scale = b.floats(&format!("{name}:scale"), &dims, scale);
    let shift = b.floats(&format!("{name}:shift"), &dims, shift);
    let scaled = b.node("Mul", &format!("{name}:scaled"), &[x, &scale], Vec::new());
    b.node("Add", name, &[&scaled, &shift], Vec::new())
}

/// Maps every convolution whose only reader is a normalisation to that normalisation.
fn folded(graph: &Graph) -> Vec<Option<NodeId>> {
    let nodes = graph.nodes();
    let read = graph.reachable();
    let mut readers = vec![Vec::new(); nodes.len()];
    for id in (0..nodes.len()).filter(|&id| read[id]) {
        for &input in &nodes[id].inputs {
            readers[input].push(id);
        }
    }
    let is_output = |id: NodeId| graph.outputs().iter().any(|o| o.node == id);
    (0..nodes.len())
        .map(|id| match (&nodes[id].op, readers[id].as_slice()) {
            (Op::Conv(_), &[next]) if matches!(nodes[next].op, Op::BatchNorm) => {
                (!is_output(id)).then_some(next)
            }
            _ => None,
        })
        .collect()
}

struct Writer<'a> {
    b: &'a mut Builder,
    graph: &'a Graph,
    weights: &'a Weights,
    folded: Vec<Option<NodeId>>,
    /// Name of each node's value; nodes without work of their own share one.
    values: Vec<String>,
    /// True for values that are zero everywhere, whatever the image.
    is_zero: Vec<bool>,
}

impl Writer<'_> {
    fn node(&mut self, id: NodeId, image: &str) -> Result<()> {
        let node = &self.graph.nodes()[id];
        let from: Vec<String> = node
            .inputs
            .iter()
            .map(|&i| self.values[i].clone())
            .collect();
        let first = from.first().map_or("", String::as_str);
        let name = node.name.as_str();
        self.values[id] = match &node.op {
            // A model has exactly one input.
            Op::Input { .. } => image.to_owned(),
            Op::Conv(conv) => self.convolution(id, conv, first)?,
            Op::BatchNorm if self.folded[node.inputs[0]] == Some(id) => first.to_owned(),
            Op::BatchNorm => {
                let ScaleShift { scale, shift } = fold::normalisation(self.weights, name)?;
                let single = |values: Vec<f64>| -> Vec<f32> {
                    values.into_iter().map(|v| v as f32).collect()
                };
                scale_shift(self.b, name, first, &single(scale), &single(shift))
            }
            Op::Activation { function } => match function {
                ActivationKind::Relu => self.b.node("Relu", name, &[first], Vec::new()),
                ActivationKind::Relu6 => {
                    let low = self.b.floats(&format!("{name}:low"), &[], &[0.0]);
                    let high = self.b.floats(&format!("{name}:high"), &[], &[6.0]);
                    let inputs = [first, low.as_str(), high.as_str()];
                    self.b.node("Clip", name, &inputs, Vec::new())
                }
            },
            Op::ResizeTo => self.resize(id, &from),
            Op::GlobalAveragePool => self.b.node("GlobalAveragePool", name, &[first], Vec::new()),
            Op::Add => self.sum(id),
            Op::Concat => {
                let inputs: Vec<&str> = from.iter().map(String::as_str).collect();
                self.b.node("Concat", name, &inputs, vec![int("axis", 1)])
            }
            Op::Identity => {
                self.is_zero[id] = self.is_zero[node.inputs[0]];
                first.to_owned()
            }
            Op::Zero => {
                self.is_zero[id] = true;
                let shape = self
                    .b
                    .node("Shape", &format!("{name}:shape"), &[first], Vec::new());
                let zero = vec![scalar("value", 0.0)];
                self.b.node("ConstantOfShape", name, &[&shape], zero)
            }
        };
        Ok(())
    }

    fn convolution(&mut self, id: NodeId, conv: &Conv, x: &str) -> Result<String> {
        let name = &self.graph.nodes()[id].name;
        let norm = match self.folded[id] {
            Some(norm) => {
                let norm = &self.graph.nodes()[norm].name;
                Some(fold::normalisation(self.weights, norm)?)
            }
            None => None,
        };
        let (weight, bias) = fold::convolution(self.weights, name, conv, norm.as_ref())?;
        let side = conv.kernel;
        let ins = weight.len() / (side * side * conv.out_channels);
        let dims = [conv.out_channels, ins, side, side];
        let mut inputs = vec![x.to_owned()];
        inputs.push(self.b.floats(&format!("{name}.weight"), &dims, &weight));
        if let Some(bias) = bias {
            let dims = [conv.out_channels];
            inputs.push(self.b.floats(&format!("{name}.bias"), &dims, &bias));
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let attributes = vec![
            ints("kernel_shape", &[side, side]),
            ints("strides", &[conv.stride, conv.stride]),
            ints("dilations", &[conv.dilation, conv.dilation]),
            ints("pads", &[conv.dilation * (side - 1) / 2; 4]),
            int("group", conv.groups as i64),
        ];
        Ok(self.b.node("Conv", name, &inputs, attributes))
    }

    /// Resizes the first input to the second one's height and width.
    fn resize(&mut self, id: NodeId, from: &[String]) -> String {
        let node = &self.graph.nodes()[id];
        if self.graph.resolution(node.inputs[0]) == self.graph.resolution(id) {
            self.is_zero[id] = self.is_zero[node.inputs[0]];
            return from[0].clone();
        }
        let (b, name) = (&mut *self.b, node.name.as_str());
        let kept = vec![int("start", 0), int("end", 2)];
        let kept = b.node("Shape", &format!("{name}:kept"), &[&from[0]], kept);
        let taken = vec![int("start", 2), int("end", 4)];
        let taken = b.node("Shape", &format!("{name}:taken"), &[&from[1]], taken);
        let axis = vec![int("axis", 0)];
        let sizes = b.node("Concat", &format!("{name}:sizes"), &[&kept, &taken], axis);
        let attributes = vec![
            text("mode", "linear"),
            text("coordinate_transformation_mode", "half_pixel"),
        ];
        // Neither a region nor scales: two empty names.
        b.node("Resize", name, &[&from[0], "", "", &sizes], attributes)
    }

    /// A sum, in the order of the inputs, without those that are zero.
    fn sum(&mut self, id: NodeId) -> String {
        let node = &self.graph.nodes()[id];
        let inputs = node.inputs.iter();
        let terms: Vec<NodeId> = inputs.copied().filter(|&i| !self.is_zero[i]).collect();
        let Some((&first, rest)) = terms.split_first() else {
            self.is_zero[id] = true;
            return self.values[node.inputs[0]].clone();
        };
        let mut sum = self.values[first].clone();
        for &term in rest {
            sum = self
                .b
                .node("Add", &node.name, &[&sum, &self.values[term]], Vec::new());
        }
        sum
    }
}
