//! Adam and SGD per part of the network, with clipping by each part's gradient norm.

use dfdx::optim::{AdamConfig, Momentum, SgdConfig, WeightDecay};
use dfdx::prelude::{Device, Gradients, Storage};
use nasfw_sdk::Optimiser;
use nasfw_sdk::graph::Group;

use crate::error::Result;
use crate::network::Network;
use crate::network::kernels::{DeviceOf, Flat, Kernels, device};

type Values<D> = <D as Storage<f32>>::Vec;
type Buffer<K> = Values<DeviceOf<K>>;

/// Turns gradients into changed weights. Only parameters an output depends on are touched.
#[derive(Debug)]
pub struct Learner<K: Kernels> {
    parts: Vec<Part<K>>,
    clip_norm: f32,
}

/// Parameters that share an optimiser and are clipped together.
#[derive(Debug)]
struct Part<K: Kernels> {
    optimiser: Optimiser,
    parameters: Vec<usize>,
    /// First and second moments; SGD uses the first as its velocity.
    moments: Vec<(Buffer<K>, Buffer<K>)>,
    steps: i32,
}

impl<K: Kernels> Learner<K> {
    /// Fresh optimiser state for a network: `encoder` for its encoder, `decoder` for the rest.
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
                let fresh = || device(Storage::<f32>::try_alloc_len(on, lengths[at]));
                moments.push((fresh()?, fresh()?));
            }
            if !parameters.is_empty() {
                parts.push(Part {
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

    /// One step down the gradient, at `lr_factor` times the learning rates.
    ///
    /// # Errors
    /// When the device fails.
    pub fn step(
        &mut self,
        network: &mut Network<K>,
        gradients: &mut Gradients<f32, DeviceOf<K>>,
        lr_factor: f64,
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
            let optimiser = scaled(part.optimiser, lr_factor);
            let mut own = part.parameters.iter().zip(&mut part.moments).peekable();
            for (at, parameter) in network.parameters_mut().iter_mut().enumerate() {
                let Some((_, moments)) = own.next_if(|(index, _)| **index == at) else {
                    continue;
                };
                let gradient = device(gradients.get_or_alloc_mut(&parameter.value))?;
                let value = &mut parameter.value;
                device(update(optimiser, part.steps, value, moments, gradient))?;
            }
        }
        Ok(())
    }
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
