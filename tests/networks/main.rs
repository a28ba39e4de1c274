//! Networks of the built-in search space: every architecture builds, has the counted parameters and
//! trains, and compiling changes neither outputs nor gradients.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod builds;
mod custom_loss;
mod devices;
mod evaluation;
mod gradients;
mod paused;
mod reference;
mod training;

use dfdx::prelude::{Cpu, OwnedTape, PutTape, SplitTape, TensorFromVec, TryAdd, TryMul};
use nasfw_network::kernels::{Kernels, Map, Scalar, map_shape};
use nasfw_plugins as _;
use nasfw_sdk::registry::SpaceEntry;
use nasfw_sdk::{Rng, SearchSpace, Seed};
use rand::RngExt;

/// The built-in space at a small width, so that a thousand networks train in seconds.
fn small_space() -> Box<dyn SearchSpace> {
    space(serde_json::json!({
        "width": 8, "repeats": 1, "encoder": { "width": 0.1, "variant": "mobilenet-v2" },
    }))
}

fn space(settings: serde_json::Value) -> Box<dyn SearchSpace> {
    let entry = SpaceEntry::of_plugin("segm").unwrap();
    let mut all = (entry.defaults)();
    for (key, value) in settings.as_object().unwrap() {
        all[key] = value.clone();
    }
    (entry.build)(&all).unwrap()
}

/// A map of values in (-1, 1).
fn random_map(device: &Cpu, dims: (usize, usize, usize, usize), rng: &mut Rng) -> Map<Cpu> {
    let length = dims.0 * dims.1 * dims.2 * dims.3;
    let values: Vec<f32> = (0..length).map(|_| rng.random_range(-1.0..1.0)).collect();
    device.tensor_from_vec(values, dims)
}

/// Sum over outputs of the squared distance to fixed random maps.
fn loss<K: Kernels<Device = Cpu>>(
    kernels: &K,
    outputs: &[&Map<Cpu>],
    tape: &mut OwnedTape<f32, Cpu>,
) -> Scalar<Cpu> {
    let mut rng = Seed(5).stream("targets");
    let mut sum: Option<Scalar<Cpu>> = None;
    for output in outputs {
        let s = map_shape(output);
        let target = random_map(
            kernels.device(),
            (s.batch, s.height, s.width, s.channels),
            &mut rng,
        );
        let term = kernels.squared_error(output, &target, None, tape).unwrap();
        let joined = match sum {
            None => term.put_tape(std::mem::take(tape)).try_mul(1.0).unwrap(),
            Some(sum) => sum.put_tape(std::mem::take(tape)).try_add(term).unwrap(),
        };
        let (value, rest) = joined.split_tape();
        *tape = rest;
        sum = Some(value);
    }
    sum.unwrap()
}
