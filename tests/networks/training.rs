//! Training steps follow their optimisers and averages.

use nasfw_data::{DataConfig, GeneratorConfig, Transform, open};
use nasfw_network::Network;
use nasfw_network::fit::{Batches, Fit, ImageSet, Objective, Optimisers, Rates, fit};
use nasfw_network::kernels::CpuKernels;
use nasfw_sdk::registry::TaskEntry;
use nasfw_sdk::{Decay, IoChannels, Optimiser, Seed, TargetScale};

use super::small_space;

const ARCH0: &str = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";

/// Trains a small network on generated scenes; returns the first and the last epoch's loss and
/// the weights' bytes.
fn train(task: &str, optimiser: Optimiser, epochs: usize) -> (f64, f64, Vec<u8>) {
    let space = small_space();
    let entry = TaskEntry::find(task).unwrap();
    let task = (entry.build)(&(entry.defaults)()).unwrap();
    let generator = GeneratorConfig {
        train: 24,
        val: 4,
        side_px: 32,
        seed: 1,
    };
    let config = DataConfig {
        generator,
        ..DataConfig::default()
    };
    let source = open(&config, task.labels()).unwrap();
    let io = IoChannels::rgb(task.output_channels(&source.info).unwrap());
    let graph = space.decode(&space.parse(ARCH0).unwrap(), &io).unwrap();
    let seed = Seed(2);
    let mut network =
        Network::new(CpuKernels::default(), &graph, &mut seed.stream("init")).unwrap();
    let indices: Vec<usize> = (0..source.train.len()).collect();
    let images = ImageSet {
        dataset: &*source.train,
        indices: &indices,
        info: &source.info,
        transform: &Transform::new(32, 32),
        ignore: 255,
        batch: 8,
        seed,
    };
    assert_eq!(images.steps(), 3);
    let objective = Objective {
        loss: task.loss(),
        own: None,
        auxiliary: 0.15,
        distillation: 0.0,
        targets: TargetScale::Output,
        crop_px: 32,
    };
    let mut optimisers = Optimisers::new(&network, optimiser, optimiser, 3.0).unwrap();
    let mut losses = Vec::new();
    let how = Fit {
        epochs,
        rates: Rates::Decay(Decay::Constant),
        objective,
        polyak: 0.9,
    };
    let last = fit(&mut network, &mut optimisers, &images, &how, &mut |tick| {
        losses.push(f64::from(tick.loss));
        Ok::<(), nasfw_network::Error>(())
    })
    .unwrap();
    let first = losses[..3].iter().sum::<f64>() / 3.0;
    (
        first,
        last,
        network.parameters().weights().to_safetensors().unwrap(),
    )
}

#[test]
fn every_task_and_optimiser_lowers_the_loss() {
    let adam = Optimiser::Adam {
        lr: 3e-3,
        weight_decay: 1e-5,
    };
    let sgd = Optimiser::Sgd {
        lr: 0.05,
        momentum: 0.9,
        weight_decay: 1e-5,
    };
    for task in ["segm", "depth", "pose"] {
        for optimiser in [adam, sgd] {
            let (first, last, _) = train(task, optimiser, 12);
            assert!(
                last < 0.9 * first,
                "{task} with {optimiser:?}: {first} to {last}"
            );
        }
    }
}

#[test]
fn one_thread_and_two_give_the_same_weights() {
    let adam = Optimiser::Adam {
        lr: 3e-3,
        weight_decay: 1e-5,
    };
    let in_pool = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| train("segm", adam, 2).2)
    };
    let one = in_pool(1);
    assert!(one == in_pool(2), "two threads");
    assert!(one == in_pool(3), "three threads");
}
