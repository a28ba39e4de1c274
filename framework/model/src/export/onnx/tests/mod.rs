//! Checks exported files against our own evaluation, by a plain interpreter of the operators.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod interpret;

use dfdx::prelude::TensorFromVec;
use nasfw_sdk::graph::{ActivationKind, Conv, Graph, GraphBuilder, Op, Role};
use nasfw_sdk::{Seed, Size};
use prost::Message;
use rand::RngExt;

use self::interpret::{Value, run};
use super::*;
use crate::model::tests::model_of;
use nasfw_network::kernels::{CpuKernels, Kernels, map_shape};
use nasfw_network::{Network, Weights};

/// Every operation, in each of the situations that the writer distinguishes.
fn every_operation() -> Graph {
    let relu = ActivationKind::Relu;
    let mut b = GraphBuilder::new();
    // A node with a name that the writer also uses.
    let x = b.input("main", 3);
    let stem = b.conv_bn(
        "stem",
        Conv::new(3, 8).stride(2),
        Some(ActivationKind::Relu6),
        x,
    );
    let deep = b.conv_bn("deep", Conv::depthwise(5, 8).stride(2), Some(relu), stem);
    let deep = b.conv_bn("wide", Conv::new(3, 8).dilation(3), None, deep);
    // Read twice, so that the normalisation cannot be folded.
    let raw = b.conv("raw", Conv::new(1, 8).with_bias(), deep);
    let norm = b.add("norm", Op::BatchNorm, &[raw]);
    let act = b.add("act", Op::Activation { function: relu }, &[norm]);
    // With a bias and folded.
    let biased = b.conv(
        "biased",
        Conv {
            groups: 2,
            ..Conv::new(3, 8).with_bias()
        },
        act,
    );
    let biased = b.add("biased.bn", Op::BatchNorm, &[biased]);
    let zero = b.add("zero", Op::Zero, &[biased]);
    let same = b.add("same", Op::Identity, &[zero]);
    let none = b.add("none", Op::Add, &[same, zero]);
    let sum = b.add("sum", Op::Add, &[none, raw, biased, act]);
    let up = b.add("up", Op::ResizeTo, &[sum, stem]);
    let kept = b.add("kept", Op::ResizeTo, &[up, stem]);
    let mean = b.add("mean", Op::GlobalAveragePool, &[sum]);
    let mean = b.conv("mean.conv", Conv::new(1, 4), mean);
    let spread = b.add("spread", Op::ResizeTo, &[mean, stem]);
    let empty = b.add("empty", Op::Zero, &[stem]);
    let all = b.add("all", Op::Concat, &[kept, spread, empty]);
    let head = b.conv("head", Conv::new(3, 5).with_bias(), all);
    let down = b.add("down", Op::ResizeTo, &[head, deep]);
    b.output("main", Role::Main, down);
    b.output("aux", Role::Auxiliary, head);
    b.finish().unwrap()
}

/// Random weights, with statistics that differ from those of a fresh network.
fn shifted(graph: &Graph) -> Weights {
    let mut rng = Seed(5).stream("weights");
    let network = Network::new(CpuKernels::default(), graph, &mut rng).unwrap();
    let mut weights = network.parameters().weights();
    for (name, array) in network.parameters().weights().iter() {
        let mut array = array.clone();
        for value in &mut array.values {
            match name.rsplit('.').next() {
                Some("running_var") => *value = rng.random_range(0.5..2.0),
                Some("running_mean" | "bias") => *value = rng.random_range(-0.5..0.5),
                _ if array.shape.len() == 1 => *value = rng.random_range(0.5..1.5),
                _ => {}
            }
        }
        weights.insert(name, array);
    }
    weights
}

/// The largest difference relative to the largest value, of all outputs.
fn difference(
    model: &Model,
    options: &Options,
    (batch, height, width): (usize, usize, usize),
) -> f32 {
    let mut rng = Seed(6).stream("image");
    let pixels: Vec<u8> = (0..batch * height * width * 3)
        .map(|_| rng.random())
        .collect();
    let norm = model.description().normalisation;
    let image: Vec<f32> = (pixels.iter().enumerate())
        .map(|(i, &p)| (f32::from(p) / 255.0 - norm.mean[i % 3]) / norm.std[i % 3])
        .collect();
    let network = model.network(CpuKernels::default()).unwrap();
    let on = network.kernels().device();
    let map = on.tensor_from_vec(image.clone(), (batch, height, width, 3));
    let ours = network.forward_eval(&[map]).unwrap();

    let bytes = to_onnx(model, options).unwrap();
    let file = proto::Model::decode(bytes.as_slice()).unwrap();
    let dims = vec![batch, height, width, 3];
    let input = match options.normalise {
        Normalise::Inside => Value::floats(dims, pixels.iter().map(|&p| f32::from(p)).collect()),
        Normalise::Outside => Value::floats(dims, image).transposed(&[0, 3, 1, 2]),
    };
    let theirs = run(file.graph.as_ref().unwrap(), input);
    assert_eq!(ours.len(), theirs.len());
    let mut worst = 0.0_f32;
    for (ours, theirs) in ours.iter().zip(theirs) {
        let theirs = theirs.transposed(&[0, 2, 3, 1]);
        let shape = map_shape(ours);
        let dims = [shape.batch, shape.height, shape.width, shape.channels];
        assert_eq!(theirs.dims, dims);
        let ours = ours.as_vec();
        let range = ours.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
        assert!(range > 0.1, "the outputs are almost constant");
        let apart = ours.iter().zip(&theirs.values).map(|(a, b)| (a - b).abs());
        worst = worst.max(apart.fold(0.0, f32::max) / range);
    }
    worst
}

#[test]
fn every_operation_computes_what_evaluation_does() {
    let graph = every_operation();
    let model = model_of(graph.clone(), shifted(&graph));
    for normalise in [Normalise::Inside, Normalise::Outside] {
        for size in [(2, 16, 24), (1, 17, 13), (1, 1, 3)] {
            let options = Options {
                normalise,
                size: None,
            };
            let apart = difference(&model, &options, size);
            assert!(apart < 1e-4, "{normalise:?} {size:?}: {apart}");
        }
    }
}

#[test]
fn a_fixed_size_stands_in_inputs_and_outputs() {
    let graph = every_operation().without_auxiliary();
    let model = model_of(graph.clone(), shifted(&graph));
    let options = Options {
        size: Some(Size::new(13, 17)),
        normalise: Normalise::Outside,
    };
    assert!(difference(&model, &options, (1, 17, 13)) < 1e-4);
    let bytes = to_onnx(&model, &options).unwrap();
    assert_eq!(bytes, to_onnx(&model, &options).unwrap());
    let file = proto::Model::decode(bytes.as_slice()).unwrap();
    let graph = file.graph.unwrap();
    assert_eq!(
        interpret::extents(&graph.inputs[0]),
        ["batch", "3", "17", "13"]
    );
    assert_eq!(
        interpret::extents(&graph.outputs[0]),
        ["batch", "5", "5", "4"]
    );
    assert_eq!(graph.outputs.len(), 1);
    let ops: Vec<&str> = graph.nodes.iter().map(|n| n.op_type.as_str()).collect();
    assert!(!ops.contains(&"BatchNormalization"));
    let metadata: Vec<(&str, &str)> = (file.metadata.iter())
        .map(|e| (e.key.as_str(), e.value.as_str()))
        .collect();
    assert!(metadata.contains(&("output_stride", "4")), "{metadata:?}");
    assert!(metadata.contains(&("normalise", "out")), "{metadata:?}");
}
