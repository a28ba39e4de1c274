//! Training: normalisation by the batch's own statistics.

use dfdx::prelude::OwnedTape;

use super::compile::{Kind, Step};
use super::{Network, Outputs};
use crate::error::{Error, Result};
use crate::kernels::{BatchStatistics, DeviceOf, Kernels, Map, device, map_shape};

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
        self.frozen.clear();
        let mut seen = Vec::new();
        let mut values = self.values(inputs);
        for step in &self.plan.steps {
            let value = match step.kind {
                Kind::Conv { .. } | Kind::Norm { .. } => {
                    self.learned(step, values.read(step)[0], &mut seen, tape)?
                }
                _ => self.plain(step, inputs, &values, tape)?,
            };
            values.put(step, value);
        }
        for (at, pixels, batch) in seen {
            self.take_in(at, pixels, &batch)?;
        }
        Ok(values.outputs(&self.plan.outputs))
    }

    /// A step with parameters.
    fn learned(
        &self,
        step: &Step,
        x: &Map<K::Device>,
        seen: &mut Seen<K>,
        tape: &mut OwnedTape<f32, K::Device>,
    ) -> Result<Map<K::Device>> {
        let (kernels, learns) = (&self.kernels, step.needs_input_gradient);
        let (norm, (z, batch)) = match &step.kind {
            Kind::Conv {
                node,
                conv,
                norm,
                activation,
            } => {
                let spec = super::conv_of(conv, map_shape(x));
                let weight = self.parameter(*node, 0);
                let Some(norm) = norm else {
                    let bias = conv.bias.then(|| self.parameter(*node, 1));
                    return kernels.conv(&spec, x, weight, bias, learns, tape);
                };
                let (affine, act) = (self.affine(*norm), *activation);
                let found = kernels.conv_norm(&spec, x, weight, affine, act, learns, tape)?;
                (norm, found)
            }
            Kind::Norm { node, activation } => {
                let found = kernels.batch_norm(x, self.affine(*node), *activation, tape)?;
                (node, found)
            }
            _ => return Err(Error::Device("a step without parameters".into())),
        };
        seen.push((self.places[*norm].1, map_shape(&z).pixels(), batch));
        Ok(z)
    }

    /// Updates the running statistics with one batch's, using the unbiased variance.
    fn take_in(
        &mut self,
        at: usize,
        pixels: usize,
        batch: &BatchStatistics<K::Device>,
    ) -> Result<()> {
        let running = &mut self.parameters.statistics[at];
        let unbiased = pixels as f64 / (pixels.max(2) - 1) as f64;
        let (old, new) = (1.0 - RUNNING_MOMENTUM, RUNNING_MOMENTUM);
        device(running.mean.try_axpy(old, &batch.mean, new))?;
        device(
            running
                .variance
                .try_axpy(old, &batch.variance, new * unbiased),
        )
    }
}
