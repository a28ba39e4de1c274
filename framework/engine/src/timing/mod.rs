//! Single steps and inferences for timing, with everything that another framework needs to repeat
//! them.
//!
//! Inputs, labels and weights are random: the duration of a step does not depend on them.

mod infer;
mod step;

use crate::error::Result;
pub use infer::Inference;
use nasfw_device::{Device, on_device};
use nasfw_network::Result as NetworkResult;
pub use step::DecoderStep;

use nasfw_sdk::graph::Graph;
use nasfw_sdk::{Rng, Seed, Size};
use rand::RngExt;

use nasfw_network::kernels::{MapShape, map_shape};
use nasfw_network::{Array, Weights};

/// A step or inference as data: running `graph` with `weights` on `inputs` must give `outputs`, and
/// for a training step `gradients`.
#[derive(Debug)]
pub struct Reference {
    /// The graph.
    pub graph: Graph,
    /// Parameters and running statistics before it.
    pub weights: Weights,
    /// `input0`, `input1`, … `(batch, height, width, channels)`; for a step also `labels` `(batch,
    /// height, width)`, class indices as floats.
    pub inputs: Weights,
    /// `output0`, … in the graph's order; for a step also `loss`.
    pub outputs: Weights,
    /// For a training step, the gradient of every parameter that an output depends on, before
    /// clipping.
    pub gradients: Weights,
}

/// A piece of work to time.
pub trait Timed {
    /// Runs once, to completion: no work is left in flight on the device.
    ///
    /// # Errors
    /// When the device fails.
    fn run(&mut self) -> NetworkResult<()>;

    /// Runs once and records everything, for another framework to compare.
    ///
    /// # Errors
    /// When the device fails.
    fn reference(&mut self) -> NetworkResult<Reference>;
}

/// Calls [`DecoderStep::new`] on the device called `on`.
///
/// # Errors
/// When there is no such device, or it fails.
pub fn step(
    on: Device,
    graph: &Graph,
    batch: usize,
    crop_px: usize,
    seed: Seed,
) -> Result<Box<dyn Timed>> {
    on_device!(on, |kernels| {
        boxed(DecoderStep::new(kernels, graph, batch, crop_px, seed))
    })
}

/// Calls [`Inference::new`] on the device called `on`.
///
/// # Errors
/// When there is no such device, or it fails.
pub fn infer(
    on: Device,
    graph: &Graph,
    batch: usize,
    size: Size,
    seed: Seed,
) -> Result<Box<dyn Timed>> {
    on_device!(on, |kernels| {
        boxed(Inference::new(kernels, graph, batch, size, seed))
    })
}

fn boxed(timed: NetworkResult<impl Timed + 'static>) -> Result<Box<dyn Timed>> {
    Ok(Box::new(timed?))
}

/// Random values of a map, from −1 to 1.
fn random_values(shape: MapShape, rng: &mut Rng) -> Vec<f32> {
    (0..shape.len())
        .map(|_| rng.random_range(-1.0..1.0))
        .collect()
}

fn named<D: dfdx::prelude::Device<f32>>(
    stem: &str,
    maps: &[nasfw_network::kernels::Map<D>],
) -> Weights {
    let mut all = Weights::default();
    for (at, map) in maps.iter().enumerate() {
        let s = map_shape(map);
        let shape = vec![s.batch, s.height, s.width, s.channels];
        let values = map.as_vec();
        all.insert(&format!("{stem}{at}"), Array { shape, values });
    }
    all
}
