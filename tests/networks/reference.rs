//! A graph run node by node on composed kernels: nothing omitted, nothing fused.

use std::collections::BTreeMap;

use dfdx::prelude::{Cpu, OwnedTape, TensorFromVec, ZerosTensor};
use nasfw_network::Weights;
use nasfw_network::kernels::{Activation, Affine, Composed, Conv, Flat, Kernels, Map, map_shape};
use nasfw_sdk::Size;
use nasfw_sdk::graph::{ActivationKind, Graph, Op};

/// The values of all nodes in training mode, and the parameters they were computed with.
pub(super) struct Reference {
    pub(super) values: Vec<Map<Cpu>>,
    pub(super) parameters: BTreeMap<String, Flat<Cpu>>,
}

pub(super) fn run(
    kernels: &Composed<Cpu>,
    graph: &Graph,
    weights: &Weights,
    inputs: &[Map<Cpu>],
    tape: &mut OwnedTape<f32, Cpu>,
) -> Reference {
    let mut parameters = BTreeMap::new();
    let mut parameter = |name: String| -> Flat<Cpu> {
        let values = weights.get(&name).unwrap().values.clone();
        let length = values.len();
        let tensor: Flat<Cpu> = kernels.device().tensor_from_vec(values, (length,));
        parameters.insert(name, tensor.clone());
        tensor
    };
    let mut values: Vec<Map<Cpu>> = Vec::new();
    let mut inputs = inputs.iter();
    for node in graph.nodes() {
        let from: Vec<&Map<Cpu>> = node.inputs.iter().map(|&i| &values[i]).collect();
        let value = match &node.op {
            Op::Input { .. } => inputs.next().unwrap().clone(),
            Op::Zero => {
                let s = map_shape(from[0]);
                kernels
                    .device()
                    .zeros_like(&(s.batch, s.height, s.width, s.channels))
            }
            Op::Identity => from[0].clone(),
            Op::Conv(c) => {
                let conv = Conv {
                    input: map_shape(from[0]),
                    out_channels: c.out_channels,
                    kernel: c.kernel,
                    stride: c.stride,
                    dilation: c.dilation,
                    groups: c.groups,
                };
                let weight = parameter(format!("{}.weight", node.name));
                let bias = c.bias.then(|| parameter(format!("{}.bias", node.name)));
                kernels
                    .conv(&conv, from[0], &weight, bias.as_ref(), true, tape)
                    .unwrap()
            }
            Op::BatchNorm => {
                let gamma = parameter(format!("{}.weight", node.name));
                let beta = parameter(format!("{}.bias", node.name));
                let affine = Affine {
                    gamma: &gamma,
                    beta: &beta,
                };
                kernels
                    .batch_norm(from[0], affine, Activation::Identity, tape)
                    .unwrap()
                    .0
            }
            Op::Activation { function } => {
                let activation = match function {
                    ActivationKind::Relu => Activation::Relu,
                    ActivationKind::Relu6 => Activation::Relu6,
                };
                kernels.activation(from[0], activation, tape).unwrap()
            }
            Op::ResizeTo => {
                let like = map_shape(from[1]);
                kernels
                    .resize(from[0], Size::new(like.width, like.height), tape)
                    .unwrap()
            }
            Op::GlobalAveragePool => kernels.global_average(from[0], tape).unwrap(),
            Op::Add => kernels.add(&from, tape).unwrap(),
            Op::Concat => kernels.concat(&from, tape).unwrap(),
        };
        values.push(value);
    }
    Reference { values, parameters }
}
