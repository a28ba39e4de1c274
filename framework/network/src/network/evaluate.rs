//! Evaluation: normalisation by running statistics, folded into the preceding convolutions.

use std::cell::RefCell;

use dfdx::prelude::NoneTape;
use nasfw_sdk::graph::NodeId;

use super::compile::{ConvStep, Kind};
use super::{Network, Outputs};
use crate::error::Result;
use crate::kernels::{
    Affine, Flat, Kernels, Map, MapShape, NORM_EPSILON, device_result, map_shape,
};

/// A network's convolutions as evaluation runs them, per step: made on first use, and remade when
/// the maps change size.
#[derive(Clone, Debug)]
pub(super) struct PreparedConvs<K: Kernels>(RefCell<Vec<Option<Made<K>>>>);

/// A convolution, and the map size it was made for.
type Made<K> = (MapShape, <K as Kernels>::PreparedConv);

impl<K: Kernels> Default for PreparedConvs<K> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Kernels> PreparedConvs<K> {
    /// Invalidates everything; call it when weights or statistics change.
    pub(super) fn clear(&mut self) {
        self.0.get_mut().clear();
    }
}

impl<K: Kernels> Network<K> {
    /// Runs in evaluation mode: normalisation by running statistics, nothing recorded.
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Panics
    /// As [`forward_train`](Self::forward_train).
    pub fn forward_eval(&self, inputs: &[Map<K::Device>]) -> Result<Outputs<K>> {
        let mut values = self.values(inputs);
        let mut steps = self.plan.steps.iter().enumerate().peekable();
        while let Some((at, step)) = steps.next() {
            let value = match &step.kind {
                Kind::Conv(conv) => {
                    let x = values.read(step)[0];
                    let first = self.prepared(at, conv, map_shape(x))?;
                    if step.is_expansion
                        && let Some((next, second)) =
                            steps.next_if(|(_, next)| next.conv().is_some())
                        && let Some(conv) = second.conv()
                    {
                        let between = self.kernels.prepared_output(&first);
                        let prepared = self.prepared(next, conv, between)?;
                        let value = self.kernels.prepared_pair(&first, &prepared, x)?;
                        values.free(&step.frees);
                        values.put(second, value);
                        continue;
                    }
                    self.kernels.prepared_conv(&first, x)?
                }
                Kind::Norm(norm) => {
                    let x = values.read(step)[0];
                    let [scale, shift] = self.fixed(norm.node)?;
                    let activation = norm.activation;
                    (self.kernels).scale_shift(x, &scale, &shift, activation, &mut NoneTape)?
                }
                Kind::Plain(plain) => {
                    self.run_plain(plain, step, inputs, &values, &mut NoneTape)?
                }
            };
            values.put(step, value);
        }
        Ok(values.outputs(&self.plan.outputs))
    }

    /// The convolution of step `at`, prepared for maps of `shape`.
    fn prepared(&self, at: usize, step: &ConvStep, shape: MapShape) -> Result<K::PreparedConv> {
        let mut all = self.prepared.0.borrow_mut();
        all.resize(self.plan.steps.len(), None);
        if let Some((made_for, prepared)) = &all[at]
            && *made_for == shape
        {
            return Ok(prepared.clone());
        }
        let weight = self.parameter(step.node, 0);
        let (scale, shift) = match step.norm {
            Some(norm) => {
                let [scale, shift] = self.fixed(norm)?;
                (Some(scale), Some(shift))
            }
            None => {
                let bias = (step.conv.bias).then(|| self.parameter(step.node, 1).clone());
                (None, bias)
            }
        };
        let spec = super::conv_of(&step.conv, shape);
        let (scale, shift) = (scale.as_ref(), shift.as_ref());
        let prepared = (self.kernels).prepare(&spec, weight, scale, shift, step.activation)?;
        all[at] = Some((shape, prepared.clone()));
        Ok(prepared)
    }

    /// Scale and shift of a normalisation, from its running statistics.
    fn fixed(&self, norm: NodeId) -> Result<[Flat<K::Device>; 2]> {
        use dfdx::prelude::*;
        let statistics = &self.parameters.statistics[self.places[norm].1];
        let Affine { gamma, beta } = self.affine(norm);
        let deviation = device_result(
            device_result(statistics.variance.clone().try_add(NORM_EPSILON))?.try_sqrt(),
        )?;
        let scale = device_result(gamma.clone().try_div(deviation))?;
        let moved = device_result(statistics.mean.clone().try_mul(scale.clone()))?;
        Ok([scale, device_result(beta.clone().try_sub(moved))?])
    }
}
