//! Networks: a graph compiled into fused steps on a dfdx device.
//!
//! | file | holds |
//! |---|---|
//! | `compile.rs` | graph → steps: what is left out, what is joined |
//! | `parameters.rs` | learned values and running statistics, with their initialisation |
//! | `weights.rs` | the same on the host, by name |
//! | `kernels/` | the operations: a trait, a composed and a hand-written implementation |

mod compile;
pub mod kernels;
mod parameters;
mod safetensors;
mod weights;

use dfdx::prelude::{NoneTape, OwnedTape, Tape, ZerosTensor};
use dfdx::shapes::HasShape;
use nasfw_sdk::Rng;
use nasfw_sdk::graph::{Graph, NodeId};

pub use parameters::{Parameter, Parameters, RunningStatistics};
pub use weights::{Array, Weights};

use crate::error::Result;
use compile::{Kind, Plan, Step};
use kernels::{
    Affine, BatchStatistics, Conv, DeviceOf, Flat, Kernels, Map, MapShape, NORM_EPSILON, device,
    map_shape,
};

/// Share of the new batch in running statistics.
const RUNNING_MOMENTUM: f64 = 0.1;

/// The values of all outputs of a network, in the graph's order.
pub type Outputs<K> = Vec<Map<DeviceOf<K>>>;

/// A graph that can be run and trained.
#[derive(Clone, Debug)]
pub struct Network<K: Kernels> {
    kernels: K,
    graph: Graph,
    plan: Plan,
    /// Per node: index of its first parameter and of its statistics.
    places: Vec<(usize, usize)>,
    parameters: Parameters<K::Device>,
}

impl<K: Kernels> Network<K> {
    /// Compiles `graph` and draws initial weights from `rng`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn new(kernels: K, graph: &Graph, rng: &mut Rng) -> Result<Self> {
        let (mut parameters, places) = Parameters::new(kernels.device(), graph)?;
        let plan = compile::compile(graph);
        for step in &plan.steps {
            let (conv, norm) = match step.kind {
                Kind::Conv { node, norm, .. } => (Some(node), norm),
                Kind::Norm { node, .. } => (None, Some(node)),
                _ => (None, None),
            };
            for node in [conv, norm].into_iter().flatten() {
                let end = places.get(node + 1).map_or(parameters.all.len(), |p| p.0);
                parameters.all[places[node].0..end]
                    .iter_mut()
                    .for_each(|p| p.is_live = true);
            }
        }
        parameters.initialise(rng)?;
        Ok(Self {
            kernels,
            graph: graph.clone(),
            plan,
            places,
            parameters,
        })
    }

    /// The graph it was compiled from.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The kernels it runs on.
    pub fn kernels(&self) -> &K {
        &self.kernels
    }

    /// Learned values and running statistics.
    pub fn parameters(&self) -> &Parameters<K::Device> {
        &self.parameters
    }

    /// The same, to be changed.
    pub fn parameters_mut(&mut self) -> &mut Parameters<K::Device> {
        &mut self.parameters
    }

    /// Runs in training mode: normalisation by the batch's statistics, which the running ones
    /// take in. The backward pass is recorded on `tape`.
    ///
    /// # Errors
    /// When the device fails, for example for want of memory.
    ///
    /// # Panics
    /// If the inputs are not as many, or not of the channels, that the graph has.
    pub fn forward_train(
        &mut self,
        inputs: &[Map<K::Device>],
        tape: &mut OwnedTape<f32, K::Device>,
    ) -> Result<Outputs<K>> {
        let mut seen = Vec::new();
        let outputs = self.run(inputs, Some(&mut seen), tape)?;
        for (at, pixels, batch) in seen {
            self.take_in(at, pixels, &batch)?;
        }
        Ok(outputs)
    }

    /// Runs in evaluation mode: normalisation by the running statistics, nothing recorded.
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Panics
    /// As [`forward_train`](Self::forward_train).
    pub fn forward_eval(&self, inputs: &[Map<K::Device>]) -> Result<Outputs<K>> {
        self.run(inputs, None, &mut NoneTape)
    }

    fn run<T: Tape<f32, K::Device>>(
        &self,
        inputs: &[Map<K::Device>],
        mut seen: Option<&mut Seen<K>>,
        tape: &mut T,
    ) -> Result<Outputs<K>> {
        let sizes: Vec<(usize, usize)> =
            inputs.iter().map(|x| (x.shape().1, x.shape().2)).collect();
        let sizes = self.graph.sizes(&sizes);
        let batch = inputs.first().map_or(0, |x| x.shape().0);
        let mut values: Vec<Option<Map<K::Device>>> = vec![None; self.graph.nodes().len()];
        for step in &self.plan.steps {
            let from: Vec<&Map<K::Device>> = step
                .inputs
                .iter()
                .filter_map(|&i| values[i].as_ref())
                .collect();
            assert_eq!(
                from.len(),
                step.inputs.len(),
                "inputs come before their readers"
            );
            let value = match &step.kind {
                Kind::Input(at) => inputs[*at].clone(),
                Kind::Zero => {
                    let (height, width) = sizes[step.output];
                    let dims = (batch, height, width, self.graph.channels(step.output));
                    device(self.kernels.device().try_zeros_like(&dims))?
                }
                _ => self.step(step, &from, sizes[step.output], seen.as_deref_mut(), tape)?,
            };
            values[step.output] = Some(value);
            for &done in &step.frees {
                values[done] = None;
            }
        }
        Ok(self
            .plan
            .outputs
            .iter()
            .filter_map(|&o| values[o].clone())
            .collect())
    }

    fn step<T: Tape<f32, K::Device>>(
        &self,
        step: &Step,
        from: &[&Map<K::Device>],
        size: (usize, usize),
        seen: Option<&mut Seen<K>>,
        tape: &mut T,
    ) -> Result<Map<K::Device>> {
        let (kernels, x) = (&self.kernels, from[0]);
        match &step.kind {
            Kind::Conv {
                node,
                conv,
                norm,
                activation,
            } => {
                let shape = map_shape(x);
                let spec = Conv {
                    input: shape,
                    out_channels: conv.out_channels,
                    kernel: conv.kernel,
                    stride: conv.stride,
                    dilation: conv.dilation,
                    groups: conv.groups,
                };
                let weight = self.parameter(*node, 0);
                let learns = step.needs_input_gradient;
                let bias = conv.bias.then(|| self.parameter(*node, 1));
                match (norm, seen) {
                    (None, _) => kernels.conv(&spec, x, weight, bias, learns, tape),
                    (Some(norm), Some(seen)) => {
                        let affine = self.affine(*norm);
                        let (z, batch) = kernels.conv_norm(
                            &spec,
                            x,
                            weight,
                            affine,
                            *activation,
                            learns,
                            tape,
                        )?;
                        seen.push((self.places[*norm].1, spec.output().pixels(), batch));
                        Ok(z)
                    }
                    (Some(norm), None) => {
                        let [scale, shift] = self.fixed(*norm)?;
                        kernels.conv_scale_shift(&spec, x, weight, &scale, &shift, *activation)
                    }
                }
            }
            Kind::Norm { node, activation } => match seen {
                Some(seen) => {
                    let affine = self.affine(*node);
                    let (z, batch) = kernels.batch_norm(x, affine, *activation, tape)?;
                    seen.push((self.places[*node].1, map_shape(x).pixels(), batch));
                    Ok(z)
                }
                None => {
                    let [scale, shift] = self.fixed(*node)?;
                    kernels.scale_shift(x, &scale, &shift, *activation, tape)
                }
            },
            Kind::Activation(activation) => kernels.activation(x, *activation, tape),
            Kind::Resize => {
                let MapShape { height, width, .. } = map_shape(x);
                match (height, width) == size {
                    true => Ok(x.clone()),
                    false => kernels.resize(x, size, tape),
                }
            }
            Kind::GlobalAverage => kernels.global_average(x, tape),
            Kind::Concat => kernels.concat(from, tape),
            Kind::Add | Kind::Input(_) | Kind::Zero => kernels.add(from, tape),
        }
    }

    fn parameter(&self, node: NodeId, at: usize) -> &Flat<K::Device> {
        &self.parameters.all[self.places[node].0 + at].value
    }

    fn affine(&self, norm: NodeId) -> Affine<'_, K::Device> {
        Affine {
            gamma: self.parameter(norm, 0),
            beta: self.parameter(norm, 1),
        }
    }

    /// Scale and shift of a normalisation by its running statistics.
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

    /// Takes one batch's statistics into the running ones, with the unbiased variance.
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

/// Statistics seen in a training pass: index, number of pixels, values.
type Seen<K> = Vec<(usize, usize, BatchStatistics<DeviceOf<K>>)>;
