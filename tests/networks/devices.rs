//! The same work on two devices: losses, gradients, trainings and their scores.
//!
//! Devices are compared with the CPU's kernels. Without another device, the composed kernels take its
//! place; they share all code but the operations.

use nasfw_engine::timing::{DecoderStep, Reference, Timed};
use nasfw_network::kernels::{Composed, CpuKernels, Kernels};
use nasfw_sdk::graph::Graph;
use nasfw_sdk::testing::random_choices;
use nasfw_sdk::{IoChannels, Optimiser, Seed};

use super::small_space;
use super::training::train;

/// Classes of the networks.
const CLASSES: usize = 5;

/// Whole networks of the small space, drawn from a fixed seed.
fn graphs(count: usize) -> Vec<(String, Graph)> {
    let space = small_space();
    let mut rng = Seed(11).stream("devices");
    let mut draw = || {
        let choices = random_choices(space.schema(), &mut rng);
        let graph = space.decode(&choices, &IoChannels::rgb(CLASSES)).unwrap();
        (space.genotype(&choices).unwrap(), graph)
    };
    (0..count).map(|_| draw()).collect()
}

/// Would catch an operation that differs, a gradient that is lost or counted twice, an optimiser,
/// clipping or statistics that differ, and errors that appear only from the second step on.
fn agree<A: Kernels, B: Kernels>(expected: &A, tested: &B, networks: usize, steps: usize) {
    for (genotype, graph) in graphs(networks) {
        let batch = (2, 64, Seed(12));
        let mut one = step(expected, &graph, batch);
        let mut other = step(tested, &graph, batch);
        compare(
            &genotype,
            &one.reference().unwrap(),
            &other.reference().unwrap(),
        );
        for at in 0..steps {
            let (wanted, got) = (one.run().unwrap(), other.run().unwrap());
            // Rounding errors grow from step to step: values near an activation's bound fall on
            // either side of it, and Adam turns the sign of a small gradient into a full step.
            let share = match at {
                0 => 1e-5,
                1..=3 => 5e-3,
                _ => 0.1,
            };
            let tolerance = wanted.abs() * share;
            assert!(
                (wanted - got).abs() <= tolerance,
                "{genotype}: the loss of step {at} is {got}, not {wanted}"
            );
        }
    }
}

fn step<K: Kernels>(
    kernels: &K,
    graph: &Graph,
    (batch, crop_px, seed): (usize, usize, Seed),
) -> DecoderStep<K> {
    DecoderStep::new(kernels.clone(), graph, batch, crop_px, seed).unwrap()
}

fn compare(genotype: &str, expected: &Reference, got: &Reference) {
    let norm = |values: &[f32]| values.iter().map(|v| v * v).sum::<f32>().sqrt();
    for (what, expected, got, tolerance) in [
        ("output", &expected.outputs, &got.outputs, 1e-3),
        ("gradient", &expected.gradients, &got.gradients, 1e-2),
    ] {
        assert_eq!(expected.len(), got.len(), "{genotype}: {what}s");
        for ((name, expected), (_, got)) in expected.iter().zip(got.iter()) {
            assert_eq!(expected.shape, got.shape, "{genotype}: {what} {name}");
            let pairs = expected.values.iter().zip(&got.values);
            let errors: Vec<f32> = pairs.map(|(a, b)| a - b).collect();
            let (error, size) = (norm(&errors), norm(&expected.values));
            assert!(
                error <= tolerance * size + 1e-5,
                "{genotype}: {what} {name} is off by {error} of {size}"
            );
        }
    }
}

#[test]
fn composed_kernels_train_as_the_cpu_does() {
    let composed = Composed::<dfdx::prelude::Cpu>::default();
    agree(&CpuKernels::default(), &composed, 3, 5);
}

#[test]
fn a_training_on_composed_kernels_scores_as_on_the_cpu() {
    let composed = Composed::<dfdx::prelude::Cpu>::default();
    let adam = Optimiser::Adam {
        lr: 3e-3,
        weight_decay: 1e-5,
    };
    for task in ["segm", "depth", "pose"] {
        let cpu = train(CpuKernels::default(), task, adam, 2);
        let it = train(composed.clone(), task, adam, 2);
        for (ours, wanted) in [(it.first, cpu.first), (it.last, cpu.last)] {
            assert!(
                (ours - wanted).abs() <= 0.05 * wanted,
                "{task}: {ours}, {wanted}"
            );
        }
        let (here, there) = (
            it.evaluated_on(composed.clone()),
            it.evaluated_on(CpuKernels::default()),
        );
        // One pixel on the edge of two classes may fall to either side.
        for ((name, here), (_, there)) in here.iter().zip(there.iter()) {
            assert!(
                (here - there).abs() <= 0.02 * there.abs().max(1.0),
                "{task} {name}: {here}, {there}"
            );
        }
    }
}

#[cfg(feature = "cuda")]
#[test]
#[ignore = "needs a CUDA device; docs/gpu.md says how to run it"]
fn gpu_trains_as_the_cpu_does() {
    match nasfw_device::open_cuda(0) {
        Ok(gpu) => agree(&CpuKernels::default(), &gpu, 10, 20),
        Err(e) => panic!("{e}"),
    }
}
