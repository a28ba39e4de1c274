//! Times one decoder training step (forward, losses, backward, clipping, Adam) of the published
//! architectures: width 48, 21 classes, batch 8, features of a 256 x 256 crop.
//!
//! `cargo bench --bench step`; threads through `RAYON_NUM_THREADS`.
#![allow(clippy::print_stdout, reason = "a benchmark shows its result")]

use std::sync::Arc;
use std::time::Instant;

use nasfw_engine::network::Network;
use nasfw_engine::network::kernels::{CpuKernels, MapShape};
use nasfw_engine::train::{FeatureSet, Fit, Learner, Objective, StoredBatches, fit};
use nasfw_plugins as _;
use nasfw_sdk::registry::SpaceEntry;
use nasfw_sdk::{Decay, Io, Label, Loss, Optimiser, Seed, TargetScale};
use rand::RngExt;

const ARCHITECTURES: [(&str, &str); 3] = [
    (
        "arch0",
        "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]",
    ),
    (
        "arch1",
        "[[2,[1,0,3,6],[0,1,2,8],[2,0,6,1]],[[2,3],[3,1],[4,4]]]",
    ),
    (
        "arch2",
        "[[5,[0,0,4,1],[3,2,0,1],[5,6,5,0]],[[1,3],[4,3],[2,2]]]",
    ),
];
const BATCH: usize = 8;
const CROP_PX: usize = 256;
const RUNS: usize = 7;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let entry = SpaceEntry::of_plugin("segm")?;
    let space = (entry.build)(&(entry.defaults)())?;
    let mut rng = Seed(1).stream("bench");
    for (name, genotype) in ARCHITECTURES {
        let graph = space
            .decode(&space.parse(genotype)?, &Io::rgb(21))?
            .after_encoder()?;
        let mut network = Network::new(CpuKernels::default(), &graph, &mut rng)?;
        let mut set = FeatureSet::default();
        for (at, (id, _)) in graph.inputs().enumerate() {
            let side = CROP_PX / (4 << at);
            let one = MapShape::new(1, side, side, graph.channels(id));
            let values = (0..BATCH * one.len())
                .map(|_| rng.random_range(-1.0..1.0))
                .collect();
            set.maps.push((one, values));
        }
        let side = CROP_PX / 4;
        for _ in 0..BATCH {
            let values = (0..side * side).map(|_| rng.random_range(0..21)).collect();
            set.labels.push(Arc::new(Label::Classes {
                width: side,
                height: side,
                values,
            }));
        }
        let adam = Optimiser::Adam {
            lr: 3e-3,
            weight_decay: 1e-5,
        };
        let mut learner = Learner::new(&network, adam, adam, 3.0)?;
        let how = Fit {
            epochs: 1,
            decay: Decay::Constant,
            objective: Objective {
                loss: Loss::CrossEntropy { ignore: 255 },
                auxiliary: 0.15,
                distillation: 0.0,
                targets: TargetScale::Quarter,
                crop_px: CROP_PX,
            },
            polyak: 0.0,
        };
        let batches = StoredBatches {
            set: &set,
            batch: BATCH,
            seed: Seed(1),
        };
        let mut times = Vec::new();
        for run in 0..=RUNS {
            let start = Instant::now();
            fit(&mut network, &mut learner, &batches, &how, &mut |_| Ok(()))?;
            // The first run warms caches and the allocator up.
            if run > 0 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
        times.sort_by(f64::total_cmp);
        println!(
            "{name}: median {:.3} s, least {:.3} s, most {:.3} s of {RUNS} steps",
            times[RUNS / 2],
            times[0],
            times[RUNS - 1]
        );
    }
    Ok(())
}
