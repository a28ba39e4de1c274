//! The hand-written kernels of `nasfw-kernels` as custom operations on dfdx's tape.
//!
//! A backward closure *takes* the gradient of its output, since nothing else reads it, and *adds*
//! to the gradients of its inputs, since others may have: see `gradients.rs`.

mod gradients;
mod loss;
mod map;
mod slice;

use std::sync::Arc;

use dfdx::prelude::{Cache, Cpu, Gradients, Tape, TensorFromVec};
use nasfw_kernels as k;

use super::{Activation, Affine, BatchStatistics, Conv, Flat, Kernels, Map, Scalar, device_result};
use crate::error::Result;
use gradients::MapGradients;
use slice::elements;

/// Takes the gradient of `$of` (a tensor or ghost) as an owned `Vec<f32>`.
macro_rules! take_gradient {
    ($gradients:expr, $of:expr) => {
        std::mem::take(&mut **$gradients.get_or_alloc_mut($of)?)
    };
}
use nasfw_sdk::Size;
use take_gradient;

/// The CPU's kernels: SIMD chosen at run time, work split over the present rayon pool, the same
/// result whatever its number of threads.
#[derive(Clone, Debug)]
pub struct CpuKernels {
    device: Cpu,
    gradients: MapGradients,
}

impl Default for CpuKernels {
    fn default() -> Self {
        let device = Cpu::default();
        // Buffers come from our own `Vec`s, so a cache of dropped ones would only grow; and a
        // buffer that gave its `Vec` away must not be cached as an empty allocation.
        device.disable_cache();
        let gradients = MapGradients::default();
        Self { device, gradients }
    }
}

impl CpuKernels {
    fn map(&self, shape: k::MapShape, values: Vec<f32>) -> Result<Map<Cpu>> {
        let dims = (shape.batch, shape.height, shape.width, shape.channels);
        device_result(self.device.try_tensor_from_vec(values, dims))
    }

    fn flat(&self, values: Vec<f32>) -> Result<Flat<Cpu>> {
        let length = values.len();
        device_result(self.device.try_tensor_from_vec(values, (length,)))
    }
}

impl Kernels for CpuKernels {
    type Device = Cpu;
    type PreparedConv = Arc<k::PreparedConv>;

    fn device(&self) -> &Cpu {
        &self.device
    }

    fn conv<T: Tape<f32, Cpu>>(
        &self,
        conv: &Conv,
        x: &Map<Cpu>,
        weight: &Flat<Cpu>,
        bias: Option<&Flat<Cpu>>,
        needs_input_gradient: bool,
        tape: &mut T,
    ) -> Result<Map<Cpu>> {
        self.convolve(conv, x, weight, bias, needs_input_gradient, tape)
    }

    fn batch_norm<T: Tape<f32, Cpu>>(
        &self,
        x: &Map<Cpu>,
        affine: Affine<'_, Cpu>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<(Map<Cpu>, BatchStatistics<Cpu>)> {
        self.normalise(x, affine, activation, tape)
    }

    fn conv_norm<T: Tape<f32, Cpu>>(
        &self,
        conv: &Conv,
        x: &Map<Cpu>,
        weight: &Flat<Cpu>,
        affine: Affine<'_, Cpu>,
        activation: Activation,
        needs_input_gradient: bool,
        tape: &mut T,
    ) -> Result<(Map<Cpu>, BatchStatistics<Cpu>)> {
        self.convolve_normalise(
            conv,
            x,
            weight,
            affine,
            activation,
            needs_input_gradient,
            tape,
        )
    }

    fn scale_shift<T: Tape<f32, Cpu>>(
        &self,
        x: &Map<Cpu>,
        scale: &Flat<Cpu>,
        shift: &Flat<Cpu>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<Map<Cpu>> {
        self.scale_and_shift(x, scale, shift, activation, tape)
    }

    fn prepare(
        &self,
        conv: &Conv,
        weight: &Flat<Cpu>,
        scale: Option<&Flat<Cpu>>,
        shift: Option<&Flat<Cpu>>,
        activation: Activation,
    ) -> Result<Self::PreparedConv> {
        let shift = shift.map(elements);
        let conv = match scale.map(elements) {
            None => k::PreparedConv::new(conv, elements(weight), shift, activation),
            Some(scale) => {
                let rows = elements(weight).chunks_exact(scale.len().max(1));
                let scaled = rows.flat_map(|row| row.iter().zip(scale).map(|(w, s)| w * s));
                let weight: Vec<f32> = scaled.collect();
                k::PreparedConv::new(conv, &weight, shift, activation)
            }
        };
        Ok(Arc::new(conv))
    }

    fn prepared_output(&self, conv: &Self::PreparedConv) -> k::MapShape {
        conv.conv().output()
    }

    fn prepared_conv(&self, conv: &Self::PreparedConv, x: &Map<Cpu>) -> Result<Map<Cpu>> {
        let output = conv.conv().output();
        let mut y = k::UninitBuf::new(output.len());
        conv.run(elements(x), &mut y);
        self.map(output, y.into_vec())
    }

    fn prepared_pair(
        &self,
        first: &Self::PreparedConv,
        second: &Self::PreparedConv,
        x: &Map<Cpu>,
    ) -> Result<Map<Cpu>> {
        if !second.streams_after(first) {
            return self.prepared_conv(second, &self.prepared_conv(first, x)?);
        }
        let output = second.conv().output();
        let mut y = k::UninitBuf::new(output.len());
        second.run_expanded(first, elements(x), &mut y);
        self.map(output, y.into_vec())
    }

    fn activation<T: Tape<f32, Cpu>>(
        &self,
        x: &Map<Cpu>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<Map<Cpu>> {
        self.activate(x, activation, tape)
    }

    fn resize<T: Tape<f32, Cpu>>(
        &self,
        x: &Map<Cpu>,
        size: Size,
        tape: &mut T,
    ) -> Result<Map<Cpu>> {
        self.resize_bilinear(x, size, tape)
    }

    fn global_average<T: Tape<f32, Cpu>>(&self, x: &Map<Cpu>, tape: &mut T) -> Result<Map<Cpu>> {
        self.pool(x, tape)
    }

    fn add<T: Tape<f32, Cpu>>(&self, xs: &[&Map<Cpu>], tape: &mut T) -> Result<Map<Cpu>> {
        self.sum(xs, tape)
    }

    fn concat<T: Tape<f32, Cpu>>(&self, xs: &[&Map<Cpu>], tape: &mut T) -> Result<Map<Cpu>> {
        self.concatenate(xs, tape)
    }

    fn cross_entropy<T: Tape<f32, Cpu>>(
        &self,
        logits: &Map<Cpu>,
        labels: &[u8],
        ignore: u8,
        tape: &mut T,
    ) -> Result<Scalar<Cpu>> {
        let classes = super::map_shape(logits).channels;
        super::check_labels(labels, super::map_shape(logits), ignore)?;
        self.loss(logits, tape, |x, gradient| {
            k::cross_entropy(x, classes, labels, ignore, gradient.map(|g| (g, 1.0)))
        })
    }

    fn berhu<T: Tape<f32, Cpu>>(
        &self,
        depth: &Map<Cpu>,
        truth: &Map<Cpu>,
        tape: &mut T,
    ) -> Result<Scalar<Cpu>> {
        let truth = elements(truth);
        self.loss(depth, tape, |x, gradient| {
            k::berhu(x, truth, gradient.map(|g| (g, 1.0)))
        })
    }

    fn squared_error<T: Tape<f32, Cpu>>(
        &self,
        x: &Map<Cpu>,
        truth: &Map<Cpu>,
        mask: Option<&Map<Cpu>>,
        tape: &mut T,
    ) -> Result<Scalar<Cpu>> {
        let (truth, mask) = (elements(truth), mask.map(elements));
        self.loss(x, tape, |x, gradient| {
            k::squared_error(x, truth, mask, gradient.map(|g| (g, 1.0)))
        })
    }

    fn clip_gradients(
        &self,
        gradients: &mut Gradients<f32, Cpu>,
        parameters: &[&Flat<Cpu>],
        max_norm: f32,
    ) -> Result<Scalar<Cpu>> {
        let mut squares = 0.0;
        for parameter in parameters {
            let gradient = device_result(gradients.get_or_alloc_mut(*parameter))?;
            squares += gradient
                .iter()
                .map(|&g| f64::from(g) * f64::from(g))
                .sum::<f64>();
        }
        let norm = squares.sqrt();
        // PyTorch's small constant, so that clipped steps are comparable.
        let factor = (f64::from(max_norm) / (norm + 1e-6)) as f32;
        if factor < 1.0 {
            for parameter in parameters {
                let gradient = device_result(gradients.get_or_alloc_mut(*parameter))?;
                gradient.iter_mut().for_each(|g| *g *= factor);
            }
        }
        device_result(self.device.try_tensor_from_vec(vec![norm as f32], ()))
    }
}
