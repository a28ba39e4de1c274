//! Training: normalisation by the batch's own statistics.

use dfdx::prelude::OwnedTape;
use nasfw_sdk::graph::NodeId;

use super::compile::{ConvStep, Kind, NormStep};
use super::{Network, Outputs};
use crate::error::Result;
use crate::kernels::{BatchStatistics, DeviceOf, Kernels, Map, device_result, map_shape};

/// Weight of the new batch in running statistics.
const RUNNING_MOMENTUM: f64 = 0.1;

/// Statistics collected in a training pass: index, number of pixels, values.
type Seen<K> = Vec<(usize, usize, BatchStatistics<DeviceOf<K>>)>;

impl<K: Kernels> Network<K> {
    /// Runs in training mode: normalisation by the batch's statistics, which also update the
    /// running ones. The backward pass is recorded on `tape`.
    ///
    /// # Errors
    /// When the device fails, for example for want of memory.
    ///
    /// # Panics
    /// If the number of inputs or their channels differ from the graph's.
    pub fn forward_train(
        &mut self,
        inputs: &[Map<K::Device>],
        tape: &mut OwnedTape<f32, K::Device>,
    ) -> Result<Outputs<K>> {
        self.prepared.clear();
        let mut seen = Vec::new();
        let mut values = self.values(inputs);
        for step in &self.plan.steps {
            let value = match &step.kind {
                Kind::Conv(conv) => {
                    let (x, learns) = (values.read(step)[0], step.needs_input_gradient);
                    self.train_conv(conv, x, learns, &mut seen, tape)?
                }
                Kind::Norm(norm) => {
                    let x = values.read(step)[0];
                    self.train_norm(norm, x, &mut seen, tape)?
                }
                Kind::Plain(plain) => self.run_plain(plain, step, inputs, &values, tape)?,
            };
            values.put(step, value);
        }
        for (at, pixels, batch) in seen {
            self.update_statistics(at, pixels, &batch)?;
        }
        Ok(values.outputs(&self.plan.outputs))
    }

    /// Runs a convolution with what is fused into it. `learns` is true if its input needs a
    /// gradient.
    fn train_conv(
        &self,
        step: &ConvStep,
        x: &Map<K::Device>,
        learns: bool,
        seen: &mut Seen<K>,
        tape: &mut OwnedTape<f32, K::Device>,
    ) -> Result<Map<K::Device>> {
        let (kernels, conv) = (&self.kernels, &step.conv);
        let spec = super::conv_of(conv, map_shape(x));
        let weight = self.parameter(step.node, 0);
        let Some(norm) = step.norm else {
            let bias = conv.bias.then(|| self.parameter(step.node, 1));
            return kernels.conv(&spec, x, weight, bias, learns, tape);
        };
        let (affine, act) = (self.affine(norm), step.activation);
        let (z, batch) = kernels.conv_norm(&spec, x, weight, affine, act, learns, tape)?;
        self.note_statistics(norm, &z, batch, seen);
        Ok(z)
    }

    fn train_norm(
        &self,
        step: &NormStep,
        x: &Map<K::Device>,
        seen: &mut Seen<K>,
        tape: &mut OwnedTape<f32, K::Device>,
    ) -> Result<Map<K::Device>> {
        let affine = self.affine(step.node);
        let (z, batch) = (self.kernels).batch_norm(x, affine, step.activation, tape)?;
        self.note_statistics(step.node, &z, batch, seen);
        Ok(z)
    }

    /// Notes the statistics of a normalised map for the end of the pass.
    fn note_statistics(
        &self,
        norm: NodeId,
        normalised: &Map<K::Device>,
        batch: BatchStatistics<K::Device>,
        seen: &mut Seen<K>,
    ) {
        seen.push((self.places[norm].1, map_shape(normalised).pixels(), batch));
    }

    /// Updates the running statistics with one batch's, using the unbiased variance.
    fn update_statistics(
        &mut self,
        at: usize,
        pixels: usize,
        batch: &BatchStatistics<K::Device>,
    ) -> Result<()> {
        let running = &mut self.parameters.statistics[at];
        let unbiased = pixels as f64 / (pixels.max(2) - 1) as f64;
        let (old, new) = (1.0 - RUNNING_MOMENTUM, RUNNING_MOMENTUM);
        device_result(running.mean.try_axpy(old, &batch.mean, new))?;
        device_result(
            running
                .variance
                .try_axpy(old, &batch.variance, new * unbiased),
        )
    }
}
