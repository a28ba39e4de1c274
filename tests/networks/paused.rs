//! A training that pauses is the training that does not.

use nasfw_data::Transform;
use nasfw_network::fit::{
    Batches, Checkpoint, Fit, ImageSet, Objective, Optimisers, Paused, PreparedSet, Rates, Steps,
    TrainState, evaluate, fit_on,
};
use nasfw_network::kernels::CpuKernels;
use nasfw_network::{Error, Network};
use nasfw_sdk::{Decay, Metrics, Optimiser, Seed, TargetScale};

use super::training::on_scenes;

const EPOCHS: usize = 4;

/// Trains for [`EPOCHS`] epochs with pauses after `pauses`, in which the network is evaluated.
/// Returns the last metrics and the state at the end.
fn train(pauses: &[usize], polyak: f64) -> (Metrics, Checkpoint) {
    let (task, source, graph) = on_scenes("depth", 16);
    let seed = Seed(2);
    let mut rng = seed.stream("init");
    let mut network = Network::new(CpuKernels::default(), &graph, &mut rng).unwrap();
    let indices: Vec<usize> = (0..source.train.len()).collect();
    let transform = Transform::new(32, 32);
    let images = ImageSet {
        dataset: &*source.train,
        indices: &indices,
        info: &source.info,
        transform: &transform,
        ignore: 255,
        batch: 8,
        seed,
    };
    let val = PreparedSet::new(&*source.val, &[0, 1, 2, 3], &source.info, &transform, 255).unwrap();
    let sgd = Optimiser::Sgd {
        lr: 0.05,
        momentum: 0.9,
        weight_decay: 1e-5,
    };
    let adam = Optimiser::Adam {
        lr: 3e-3,
        weight_decay: 1e-5,
    };
    let mut optimisers = Optimisers::new(&network, sgd, adam, 3.0).unwrap();
    let mut paused = Paused::start(&network, polyak);
    let mut metrics = Metrics::default();
    let mut done = Vec::new();
    for &until in pauses.iter().chain(&[EPOCHS]) {
        let how = Fit {
            epochs: EPOCHS,
            until,
            rates: Rates::Decay(Decay::Linear),
            objective: Objective {
                loss: task.loss(),
                custom: None,
                auxiliary: 0.15,
                distillation: 0.0,
                targets: TargetScale::Output,
                crop_px: 32,
            },
            polyak,
        };
        let mut state = TrainState::resume(&mut network, &mut optimisers, paused);
        let mut tick = |report: nasfw_network::fit::StepReport| {
            done.push(report.done);
            Ok::<(), Error>(())
        };
        fit_on(&mut state, &images, &how, &mut Steps(&mut tick)).unwrap();
        paused = state.pause();
        metrics = evaluate(&network, &*task, &source.info, 32, val.batches(8)).unwrap();
    }
    assert_eq!(done, (1..=EPOCHS * images.steps()).collect::<Vec<_>>());
    let end = TrainState::resume(&mut network, &mut optimisers, paused);
    (metrics, end.save().unwrap())
}

/// Weights, running statistics, moments, averages and metrics, to the bit.
#[test]
fn pauses_change_nothing() {
    for polyak in [0.0, 0.5] {
        let whole = train(&[], polyak);
        for pauses in [&[1][..], &[1, 2], &[1, 2, 3], &[2]] {
            assert!(
                train(pauses, polyak) == whole,
                "{pauses:?}, polyak {polyak}"
            );
        }
    }
    assert!(train(&[], 0.0) != train(&[], 0.5));
}
