//! Training steps follow their optimisers and averages.

use nasfw_data::{DataConfig, GeneratorConfig, Source, Transform, open};
use nasfw_network::Network;
use nasfw_network::fit::{
    Batches, EvalRegion, EvalSet, Fit, ImageSet, Objective, Optimisers, Rates, fit,
};
use nasfw_network::kernels::{CpuKernels, Kernels};
use nasfw_sdk::graph::Graph;
use nasfw_sdk::registry::TaskEntry;
use nasfw_sdk::{Decay, IoChannels, Metrics, Optimiser, Seed, TargetScale, Task};

use super::small_space;

const ARCH0: &str = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";

/// A small network after its training.
pub(super) struct Trained<K: Kernels> {
    /// Mean loss of the first epoch.
    pub(super) first: f64,
    /// Mean loss of the last epoch.
    pub(super) last: f64,
    network: Network<K>,
    task: Box<dyn Task>,
    source: Source,
}

impl<K: Kernels> Trained<K> {
    /// The metrics of the same weights with other kernels, on images that were not trained on.
    pub(super) fn evaluated_on<L: Kernels>(&self, kernels: L) -> Metrics {
        let mut rng = Seed(3).stream("other");
        let mut network = Network::new(kernels, self.network.graph(), &mut rng).unwrap();
        let weights = self.network.parameters().weights();
        network.parameters_mut().load(&weights).unwrap();
        let part = EvalSet {
            dataset: &*self.source.val,
            info: &self.source.info,
            transform: &Transform::new(32, 32),
            ignore: 255,
            batch: 3,
            region: EvalRegion::Whole,
        };
        let tick = &mut |_| Ok::<(), nasfw_network::Error>(());
        part.evaluate(&network, &*self.task, tick).unwrap()
    }
}

/// A task, generated scenes for it, `train` of them to train on, and a small network.
pub(super) fn on_scenes(task: &str, train: usize) -> (Box<dyn Task>, Source, Graph) {
    let space = small_space();
    let entry = TaskEntry::find(task).unwrap();
    let task = (entry.build)(&(entry.defaults)()).unwrap();
    let generator = GeneratorConfig {
        train,
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
    (task, source, graph)
}

/// Trains a small network on generated scenes.
pub(super) fn train<K: Kernels>(
    kernels: K,
    task: &str,
    optimiser: Optimiser,
    epochs: usize,
) -> Trained<K> {
    let (task, source, graph) = on_scenes(task, 24);
    let seed = Seed(2);
    let mut network = Network::new(kernels, &graph, &mut seed.stream("init")).unwrap();
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
        custom: None,
        auxiliary: 0.15,
        distillation: 0.0,
        targets: TargetScale::Output,
        crop_px: 32,
    };
    let mut optimisers = Optimisers::new(&network, optimiser, optimiser, 3.0).unwrap();
    let mut losses = Vec::new();
    let how = Fit {
        epochs,
        until: epochs,
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
    Trained {
        first,
        last,
        network,
        task,
        source,
    }
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
            let it = train(CpuKernels::default(), task, optimiser, 12);
            assert!(
                it.last < 0.9 * it.first,
                "{task} with {optimiser:?}: {} to {}",
                it.first,
                it.last
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
        let it = pool.install(|| train(CpuKernels::default(), "segm", adam, 2));
        it.network.parameters().weights().to_safetensors().unwrap()
    };
    let one = in_pool(1);
    assert!(one == in_pool(2), "two threads");
    assert!(one == in_pool(3), "three threads");
}
