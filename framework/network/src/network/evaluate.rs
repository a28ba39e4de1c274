//! Evaluation: normalisation by running statistics, folded into the preceding convolutions.

use std::cell::RefCell;

use dfdx::prelude::NoneTape;
use nasfw_sdk::graph::NodeId;

use super::compile::{Kind, Step};
use super::{Network, Outputs};
use crate::error::{Error, Result};
use crate::kernels::{Affine, Flat, Kernels, Map, MapShape, NORM_EPSILON, device, map_shape};

/// A network's convolutions as evaluation runs them, per step: made on first use, and remade when
/// the maps change size.
#[derive(Clone, Debug)]
pub(super) struct Frozen<K: Kernels>(RefCell<Vec<Option<Made<K>>>>);

/// A convolution, and the map size it was made for.
type Made<K> = (MapShape, <K as Kernels>::Frozen);

impl<K: Kernels> Default for Frozen<K> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Kernels> Frozen<K> {
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
        let mut steps = self.plan.steps.iter().enumerate();
        while let Some((at, step)) = steps.next() {
            let value = match &step.kind {
                Kind::Conv { .. } => {
                    let x = values.read(step)[0];
                    let first = self.frozen(at, step, map_shape(x))?;
                    let second = if step.is_expansion {
                        steps.next()
                    } else {
                        None
                    };
                    if let Some((next, second)) = second {
                        let between = self.kernels.frozen_output(&first);
                        let frozen = self.frozen(next, second, between)?;
                        let value = self.kernels.frozen_pair(&first, &frozen, x)?;
                        values.free(&step.frees);
                        values.put(second, value);
                        continue;
                    }
                    self.kernels.frozen_conv(&first, x)?
                }
                Kind::Norm { node, activation } => {
                    let x = values.read(step)[0];
                    let [scale, shift] = self.fixed(*node)?;
                    (self.kernels).scale_shift(x, &scale, &shift, *activation, &mut NoneTape)?
                }
                _ => self.plain(step, inputs, &values, &mut NoneTape)?,
            };
            values.put(step, value);
        }
        Ok(values.outputs(&self.plan.outputs))
    }

    /// The convolution of step `at` for maps of `shape`.
    fn frozen(&self, at: usize, step: &Step, shape: MapShape) -> Result<K::Frozen> {
        let mut all = self.frozen.0.borrow_mut();
        all.resize(self.plan.steps.len(), None);
        if let Some((made_for, frozen)) = &all[at]
            && *made_for == shape
        {
            return Ok(frozen.clone());
        }
        let Kind::Conv {
            node,
            conv,
            norm,
            activation,
        } = &step.kind
        else {
            return Err(Error::Device("a step that is not a convolution".into()));
        };
        let weight = self.parameter(*node, 0);
        let (scale, shift) = match norm {
            Some(norm) => {
                let [scale, shift] = self.fixed(*norm)?;
                (Some(scale), Some(shift))
            }
            None => (None, conv.bias.then(|| self.parameter(*node, 1).clone())),
        };
        let spec = super::conv_of(conv, shape);
        let (scale, shift) = (scale.as_ref(), shift.as_ref());
        let frozen = (self.kernels).freeze(&spec, weight, scale, shift, *activation)?;
        all[at] = Some((shape, frozen.clone()));
        Ok(frozen)
    }

    /// Scale and shift of a normalisation, from its running statistics.
    fn fixed(&self, norm: NodeId) -> Result<[Flat<K::Device>; 2]> {
        use dfdx::prelude::*;
        let statistics = &self.parameters.statistics[self.places[norm].1];
        let Affine { gamma, beta } = self.affine(norm);
        let deviation =
            device(device(statistics.variance.clone().try_add(NORM_EPSILON))?.try_sqrt())?;
        let scale = device(gamma.clone().try_div(deviation))?;
        let moved = device(statistics.mean.clone().try_mul(scale.clone()))?;
        Ok([scale, device(beta.clone().try_sub(moved))?])
    }
}
