//! Adam and SGD per part of the network, with clipping by each part's gradient norm.

use dfdx::optim::{AdamConfig, Momentum, SgdConfig, WeightDecay};
use dfdx::prelude::{Backward, Device, Gradients, Storage, SumTo, Trace, TryMul};
use dfdx::shapes::Axis;
use nasfw_sdk::Optimiser;
use nasfw_sdk::graph::Group;

use super::rates::Factors;
use super::state::same_shape;
use crate::error::Result;
use crate::kernels::{DeviceOf, Flat, Kernels, device_result};
use crate::network::Network;
use crate::weights::{Array, Weights};

type Values<D> = <D as Storage<f32>>::Vec;
type Buffer<K> = Values<DeviceOf<K>>;

/// Turns gradients into weight updates. Only parameters that an output depends on are touched.
#[derive(Debug)]
pub struct Optimisers<K: Kernels> {
    parts: Vec<Part<K>>,
    clip_norm: f32,
}

/// Parameters that share an optimiser and are clipped together.
#[derive(Debug)]
struct Part<K: Kernels> {
    is_encoder: bool,
    optimiser: Optimiser,
    parameters: Vec<usize>,
    /// First and second moments; SGD uses the first as its velocity.
    moments: Vec<(Buffer<K>, Buffer<K>)>,
    steps: i32,
}

impl<K: Kernels> Optimisers<K> {
    /// Creates the optimiser state for a network: `encoder` for its encoder, `decoder` for the
    /// rest.
    ///
    /// # Errors
    /// When the device has no memory for it.
    pub fn new(
        network: &Network<K>,
        encoder: Optimiser,
        decoder: Optimiser,
        clip_norm: f64,
    ) -> Result<Self> {
        let mut parts = Vec::new();
        for (is_encoder, optimiser) in [(true, encoder), (false, decoder)] {
            let live = network
                .parameters()
                .iter()
                .enumerate()
                .filter(|(_, p)| p.is_live);
            let parameters: Vec<usize> = live
                .filter(|(_, p)| (p.group == Group::Encoder) == is_encoder)
                .map(|(at, _)| at)
                .collect();
            let on = network.kernels().device();
            let mut moments = Vec::with_capacity(parameters.len());
            let lengths: Vec<usize> = network
                .parameters()
                .iter()
                .map(|p| p.shape.iter().product())
                .collect();
            for &at in &parameters {
                let fresh = || device_result(Storage::<f32>::try_alloc_len(on, lengths[at]));
                moments.push((fresh()?, fresh()?));
            }
            if !parameters.is_empty() {
                parts.push(Part {
                    is_encoder,
                    optimiser,
                    parameters,
                    moments,
                    steps: 0,
                });
            }
        }
        Ok(Self {
            parts,
            clip_norm: clip_norm as f32,
        })
    }

    /// Takes one step down the gradient, with the learning rates multiplied by `factors`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn step(
        &mut self,
        network: &mut Network<K>,
        gradients: &mut Gradients<f32, DeviceOf<K>>,
        factors: Factors,
    ) -> Result<()> {
        let kernels = network.kernels().clone();
        for part in &mut self.parts {
            if self.clip_norm > 0.0 {
                let parameters: Vec<&Flat<DeviceOf<K>>> = {
                    let all: Vec<_> = network.parameters().iter().collect();
                    part.parameters.iter().map(|&at| &all[at].value).collect()
                };
                kernels.clip_gradients(gradients, &parameters, self.clip_norm)?;
            }
            part.steps += 1;
            let factor = if part.is_encoder {
                factors.encoder
            } else {
                factors.decoder
            };
            let optimiser = scaled(part.optimiser, factor);
            let mut own = part.parameters.iter().zip(&mut part.moments).peekable();
            for (at, parameter) in network.parameters_mut().iter_mut().enumerate() {
                let Some((_, moments)) = own.next_if(|(index, _)| **index == at) else {
                    continue;
                };
                let gradient = device_result(gradients.get_or_alloc_mut(&parameter.value))?;
                let value = &mut parameter.value;
                device_result(update(optimiser, part.steps, value, moments, gradient))?;
            }
        }
        Ok(())
    }
}

const FIRST: &str = "first/";
const SECOND: &str = "second/";

impl<K: Kernels> Optimisers<K> {
    /// Steps taken by the encoder's optimiser and by the other one, 0 where there is nothing to
    /// learn.
    pub(super) fn steps(&self) -> [i32; 2] {
        [true, false].map(|is_encoder| {
            let part = self.parts.iter().find(|p| p.is_encoder == is_encoder);
            part.map_or(0, |p| p.steps)
        })
    }

    /// Puts the moments into `arrays`, named after the parameters of `network`.
    pub(super) fn save(&self, network: &Network<K>, arrays: &mut Weights) -> Result<()> {
        let parameters: Vec<_> = network.parameters().iter().collect();
        for part in &self.parts {
            for (&at, (first, second)) in part.parameters.iter().zip(&part.moments) {
                let parameter = parameters[at];
                let mut put = |prefix: &str, moment: &Buffer<K>| -> Result<()> {
                    let array = Array {
                        shape: parameter.shape.clone(),
                        values: to_host(moment, &parameter.value)?,
                    };
                    arrays.insert(&format!("{prefix}{}", parameter.name), array);
                    Ok(())
                };
                put(FIRST, first)?;
                if part.has_second() {
                    put(SECOND, second)?;
                }
            }
        }
        Ok(())
    }

    /// Restores the moments from `arrays` after `steps`.
    pub(super) fn load(
        &mut self,
        network: &Network<K>,
        arrays: &Weights,
        steps: [i32; 2],
    ) -> Result<()> {
        let parameters: Vec<_> = network.parameters().iter().collect();
        let on = network.kernels().device();
        for part in &mut self.parts {
            let has_second = part.has_second();
            for (&at, (first, second)) in part.parameters.iter().zip(&mut part.moments) {
                let parameter = parameters[at];
                let get = |prefix: &str| {
                    let name = format!("{prefix}{}", parameter.name);
                    let array = same_shape(arrays, &name, &parameter.shape)?;
                    from_host(on, array.values.clone())
                };
                *first = get(FIRST)?;
                if has_second {
                    *second = get(SECOND)?;
                }
            }
            part.steps = steps[usize::from(!part.is_encoder)];
        }
        Ok(())
    }
}

impl<K: Kernels> Part<K> {
    fn has_second(&self) -> bool {
        matches!(self.optimiser, Optimiser::Adam { .. })
    }
}

/// Reads a buffer that is as long as `like`. dfdx reads buffers as gradients only.
fn to_host<D: Device<f32>>(buffer: &Values<D>, like: &Flat<D>) -> Result<Vec<f32>> {
    let mut gradients = Gradients::leaky();
    *device_result(gradients.get_or_alloc_mut(like))? = buffer.clone();
    Ok(gradients.get(like).as_vec())
}

/// Writes values to a new buffer. dfdx makes buffers as gradients only: that of Σ x v by x is v.
fn from_host<D: Device<f32>>(on: &D, values: Vec<f32>) -> Result<Values<D>> {
    let length = values.len();
    let x: Flat<D> = device_result(on.try_zeros_like(&(length,)))?;
    let v = device_result(on.try_tensor_from_vec(values, (length,)))?;
    let product = device_result(x.leaky_trace().try_mul(v))?;
    let sum = device_result(product.try_sum::<(), Axis<0>>())?;
    let mut gradients = device_result(sum.try_backward())?;
    Ok(device_result(gradients.get_or_alloc_mut(&x))?.clone())
}

fn scaled(optimiser: Optimiser, factor: f64) -> Optimiser {
    match optimiser {
        Optimiser::Adam { lr, weight_decay } => Optimiser::Adam {
            lr: lr * factor,
            weight_decay,
        },
        Optimiser::Sgd {
            lr,
            momentum,
            weight_decay,
        } => Optimiser::Sgd {
            lr: lr * factor,
            momentum,
            weight_decay,
        },
    }
}

fn update<D: Device<f32>>(
    optimiser: Optimiser,
    step: i32,
    value: &mut Flat<D>,
    moments: &mut (Values<D>, Values<D>),
    gradient: &Values<D>,
) -> std::result::Result<(), D::Err> {
    let decay = |weight: f64| (weight > 0.0).then_some(WeightDecay::L2(weight));
    match optimiser {
        Optimiser::Adam { lr, weight_decay } => {
            let config = AdamConfig {
                lr,
                betas: [0.9, 0.999],
                eps: 1e-8,
                weight_decay: decay(weight_decay),
            };
            config.try_update(step, value, &mut moments.0, &mut moments.1, gradient)
        }
        Optimiser::Sgd {
            lr,
            momentum,
            weight_decay,
        } => {
            let config = SgdConfig {
                lr,
                momentum: (momentum > 0.0).then_some(Momentum::Classic(momentum)),
                weight_decay: decay(weight_decay),
            };
            config.try_update(value, &mut moments.0, gradient)
        }
    }
}
