//! Single steps and inferences to be timed, and everything another framework needs to repeat them.
//!
//! Inputs, labels and weights are random: how long a step takes does not depend on them.

mod infer;
mod step;

use crate::device::on_device;
use crate::error::Result;
pub use infer::Inference;
pub use step::DecoderStep;

use nasfw_sdk::graph::Graph;
use nasfw_sdk::{Rng, Seed, Size};
use rand::RngExt;

use crate::network::kernels::{MapShape, map_shape};
use crate::network::{Array, Weights};

/// A step or inference as data: who runs `graph` with `weights` on `inputs` must get `outputs`,
/// and of a training step `gradients`.
#[derive(Debug)]
pub struct Reference {
    /// What was run.
    pub graph: Graph,
    /// Parameters and running statistics before it.
    pub weights: Weights,
    /// `input0`, `input1`, … `(batch, height, width, channels)`; of a step also `labels`
    /// `(batch, height, width)`, class indices as floats.
    pub inputs: Weights,
    /// `output0`, … in the graph's order; of a step also `loss`.
    pub outputs: Weights,
    /// Of a training step the gradient of every parameter an output depends on, before clipping.
    pub gradients: Weights,
}

/// Something to be timed.
pub trait Timed {
    /// Does it once, to the end: nothing of it is still under way on the device.
    ///
    /// # Errors
    /// When the device fails.
    fn run(&mut self) -> Result<()>;

    /// Does it once, for another framework to compare.
    ///
    /// # Errors
    /// When the device fails.
    fn reference(&mut self) -> Result<Reference>;
}

/// [`DecoderStep::new`] on the device called `on`.
///
/// # Errors
/// When there is no such device, or it fails.
pub fn step(
    on: &str,
    graph: &Graph,
    batch: usize,
    crop_px: usize,
    seed: Seed,
) -> Result<Box<dyn Timed>> {
    on_device!(on, |kernels| {
        boxed(DecoderStep::new(kernels, graph, batch, crop_px, seed))
    })
}

/// [`Inference::new`] on the device called `on`.
///
/// # Errors
/// When there is no such device, or it fails.
pub fn infer(
    on: &str,
    graph: &Graph,
    batch: usize,
    size: Size,
    seed: Seed,
) -> Result<Box<dyn Timed>> {
    on_device!(on, |kernels| {
        boxed(Inference::new(kernels, graph, batch, size, seed))
    })
}

fn boxed(timed: Result<impl Timed + 'static>) -> Result<Box<dyn Timed>> {
    timed.map(|timed| Box::new(timed) as Box<dyn Timed>)
}

/// Random values of a map, from −1 to 1.
fn random_values(shape: MapShape, rng: &mut Rng) -> Vec<f32> {
    (0..shape.len())
        .map(|_| rng.random_range(-1.0..1.0))
        .collect()
}

fn named<D: dfdx::prelude::Device<f32>>(
    stem: &str,
    maps: &[crate::network::kernels::Map<D>],
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
