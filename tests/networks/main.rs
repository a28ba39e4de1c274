//! Networks built from the built-in search space: every architecture builds, counts and trains, and
//! compiling changes neither outputs nor gradients.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod builds;
mod gradients;
mod reference;
mod training;

use dfdx::prelude::{Cpu, TensorFromVec};
use nasfw_engine::network::kernels::Map;
use nasfw_plugins as _;
use nasfw_sdk::registry::SpaceEntry;
use nasfw_sdk::{Rng, SearchSpace};
use rand::RngExt;

/// The built-in space at a small width, so that a thousand networks train in seconds.
fn small_space() -> Box<dyn SearchSpace> {
    space(serde_json::json!({
        "width": 8, "repeats": 1, "encoder": { "width": 0.1, "expand_first": true },
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
