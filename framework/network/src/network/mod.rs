//! Networks: graphs compiled into fused steps on a dfdx device.
//!
//! | file | holds |
//! |---|---|
//! | `compile.rs` | graph → steps: pruning and fusion |
//! | `train.rs`, `evaluate.rs` | running the steps in the two modes |
//! | `values.rs` | the maps between steps, and the steps common to both modes |
//! | `parameters.rs` | learned values and running statistics, with their initialisation |

mod compile;
mod evaluate;
mod parameters;
mod train;
mod values;

use nasfw_sdk::Rng;
use nasfw_sdk::graph::{self, Graph, NodeId, Role};

pub use parameters::{Parameter, Parameters, RunningStatistics};

use crate::error::Result;
use crate::kernels::{Affine, Conv, DeviceOf, Flat, Kernels, Map, MapShape};
use compile::{ConvStep, Kind, NormStep, Plan};
use evaluate::PreparedConvs;

/// The values of all outputs of a network, in the graph's order.
pub type Outputs<K> = Vec<Map<DeviceOf<K>>>;

/// A compiled graph that can be run and trained.
#[derive(Clone, Debug)]
pub struct Network<K: Kernels> {
    kernels: K,
    graph: Graph,
    plan: Plan,
    /// Per node: index of its first parameter and of its statistics.
    places: Vec<(usize, usize)>,
    parameters: Parameters<K::Device>,
    prepared: PreparedConvs<K>,
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
                Kind::Conv(ConvStep { node, norm, .. }) => (Some(node), norm),
                Kind::Norm(NormStep { node, .. }) => (None, Some(node)),
                Kind::Plain(_) => (None, None),
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
            prepared: PreparedConvs::default(),
        })
    }

    /// The graph it was compiled from.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Index of the main output.
    pub fn main_output(&self) -> usize {
        let mut outputs = self.graph.outputs().iter();
        outputs.position(|o| o.role == Role::Main).unwrap_or(0)
    }

    /// The kernels it runs on.
    pub fn kernels(&self) -> &K {
        &self.kernels
    }

    /// Learned values and running statistics.
    pub fn parameters(&self) -> &Parameters<K::Device> {
        &self.parameters
    }

    /// The same, for changing them.
    pub fn parameters_mut(&mut self) -> &mut Parameters<K::Device> {
        self.prepared.clear();
        &mut self.parameters
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
}

/// The shape of a graph's convolution on maps of a given size.
fn conv_of(conv: &graph::Conv, input: MapShape) -> Conv {
    Conv {
        input,
        out_channels: conv.out_channels,
        kernel: conv.kernel,
        stride: conv.stride,
        dilation: conv.dilation,
        groups: conv.groups,
    }
}
