//! A network's learned values and running statistics.

use dfdx::prelude::Device;
use nasfw_sdk::Rng;
use nasfw_sdk::graph::{Graph, Group, Op};
use rand_distr::{Distribution, Normal};

use crate::error::{Error, Result};
use crate::kernels::{Flat, device_result};
use crate::weights::{Array, Weights};

/// One learned array in its flat form.
#[derive(Clone, Debug)]
pub struct Parameter<D: Device<f32>> {
    /// Node name with `.weight` or `.bias`.
    pub name: String,
    /// The part of the network it belongs to.
    pub group: Group,
    /// Its shape: `(kernel, kernel, in / groups, out)` for convolutions, `(channels)` otherwise.
    pub shape: Vec<usize>,
    /// Its values.
    pub value: Flat<D>,
    /// True if an output depends on it, so that training gives it a gradient.
    pub is_live: bool,
    init: Init,
}

/// Running statistics of one batch normalisation.
#[derive(Clone, Debug)]
pub struct RunningStatistics<D: Device<f32>> {
    /// Node name.
    pub name: String,
    /// Running mean.
    pub mean: Flat<D>,
    /// Running variance (unbiased).
    pub variance: Flat<D>,
}

/// Initialisation of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Init {
    /// Normal with standard deviation `sqrt(2 / fan_in)` (He et al. 2015, eq. 10).
    He {
        fan_in: usize,
    },
    Constant(f32),
}

/// All parameters and running statistics of a graph, in node order, used or not.
#[derive(Clone, Debug)]
pub struct Parameters<D: Device<f32>> {
    pub(super) all: Vec<Parameter<D>>,
    pub(super) statistics: Vec<RunningStatistics<D>>,
}

impl<D: Device<f32>> Parameters<D> {
    /// Parameters at zero for every node of `graph`; call [`initialise`](Self::initialise) next.
    /// Also returns, per node, the index of its first parameter and of its statistics.
    pub(super) fn new(on: &D, graph: &Graph) -> Result<(Self, Vec<(usize, usize)>)> {
        let mut made = Self {
            all: Vec::new(),
            statistics: Vec::new(),
        };
        let mut places = Vec::with_capacity(graph.nodes().len());
        for node in graph.nodes() {
            places.push((made.all.len(), made.statistics.len()));
            let channels = node.inputs.first().map_or(0, |&i| graph.channels(i));
            let mut add = |suffix: &str, shape: Vec<usize>, init: Init| -> Result<()> {
                let length = shape.iter().product::<usize>();
                made.all.push(Parameter {
                    name: format!("{}.{suffix}", node.name),
                    group: node.group,
                    shape,
                    value: zeros(on, length)?,
                    is_live: false,
                    init,
                });
                Ok(())
            };
            match &node.op {
                Op::Conv(c) => {
                    let per_group = channels / c.groups;
                    let fan_in = c.kernel * c.kernel * per_group;
                    let shape = vec![c.kernel, c.kernel, per_group, c.out_channels];
                    add("weight", shape, Init::He { fan_in })?;
                    if c.bias {
                        add("bias", vec![c.out_channels], Init::Constant(0.0))?;
                    }
                }
                Op::BatchNorm => {
                    add("weight", vec![channels], Init::Constant(1.0))?;
                    add("bias", vec![channels], Init::Constant(0.0))?;
                    made.statistics.push(RunningStatistics {
                        name: node.name.clone(),
                        mean: zeros(on, channels)?,
                        variance: from_vec(on, vec![1.0; channels])?,
                    });
                }
                Op::Input { .. }
                | Op::Activation { .. }
                | Op::ResizeTo
                | Op::GlobalAveragePool
                | Op::Add
                | Op::Concat
                | Op::Identity
                | Op::Zero => {}
            }
        }
        Ok((made, places))
    }

    /// Draws initial values for all parameters and resets running statistics.
    pub fn initialise(&mut self, rng: &mut Rng) -> Result<()> {
        for parameter in &mut self.all {
            let length = parameter.shape.iter().product();
            let values = match parameter.init {
                Init::Constant(value) => vec![value; length],
                Init::He { fan_in } => {
                    let deviation = (2.0 / fan_in.max(1) as f32).sqrt();
                    let normal = Normal::new(0.0, deviation)
                        .map_err(|e| Error::Device(format!("{}: {e}", parameter.name)))?;
                    (0..length).map(|_| normal.sample(rng)).collect()
                }
            };
            parameter.value = from_vec(parameter.value.device(), values)?;
        }
        for statistics in &mut self.statistics {
            let channels = statistics.mean.shape_len();
            let on = statistics.mean.device().clone();
            statistics.mean = zeros(&on, channels)?;
            statistics.variance = from_vec(&on, vec![1.0; channels])?;
        }
        Ok(())
    }

    /// The parameters in node order.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter<D>> {
        self.all.iter()
    }

    /// The parameters in node order, to be changed in place.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Parameter<D>> {
        self.all.iter_mut()
    }

    /// Number of learned values.
    pub fn count(&self) -> usize {
        self.all
            .iter()
            .map(|p| p.shape.iter().product::<usize>())
            .sum()
    }

    /// Copies all parameters and running statistics to the host, by name.
    pub fn weights(&self) -> Weights {
        let mut weights = Weights::default();
        for p in &self.all {
            weights.insert(
                &p.name,
                Array {
                    shape: p.shape.clone(),
                    values: p.value.as_vec(),
                },
            );
        }
        for s in &self.statistics {
            let shape = vec![s.mean.shape_len()];
            let mean = Array {
                shape: shape.clone(),
                values: s.mean.as_vec(),
            };
            weights.insert(&format!("{}.running_mean", s.name), mean);
            let variance = Array {
                shape,
                values: s.variance.as_vec(),
            };
            weights.insert(&format!("{}.running_var", s.name), variance);
        }
        weights
    }

    /// Takes every value whose name in `weights` is one of this network's, and leaves the others;
    /// returns the number of arrays taken.
    ///
    /// # Errors
    /// When an array of that name has another shape.
    pub fn load(&mut self, weights: &Weights) -> Result<usize> {
        let mut taken = 0;
        let mut put = |name: &str, shape: &[usize], target: &mut Flat<D>| -> Result<()> {
            if let Some(array) = weights.get(name) {
                if array.shape != shape {
                    return Err(Error::Weights(format!(
                        "weights {name}: shape {:?}, but the network has {shape:?}; use weights of the same width and space",
                        array.shape
                    )));
                }
                *target = from_vec(target.device(), array.values.clone())?;
                taken += 1;
            }
            Ok(())
        };
        for p in &mut self.all {
            put(&p.name, &p.shape, &mut p.value)?;
        }
        for s in &mut self.statistics {
            let shape = [s.mean.shape_len()];
            put(&format!("{}.running_mean", s.name), &shape, &mut s.mean)?;
            put(&format!("{}.running_var", s.name), &shape, &mut s.variance)?;
        }
        Ok(taken)
    }
}

fn zeros<D: Device<f32>>(on: &D, length: usize) -> Result<Flat<D>> {
    device_result(on.try_zeros_like(&(length,)))
}

fn from_vec<D: Device<f32>>(on: &D, values: Vec<f32>) -> Result<Flat<D>> {
    let length = values.len();
    device_result(on.try_tensor_from_vec(values, (length,)))
}

trait ShapeLen {
    fn shape_len(&self) -> usize;
}

impl<D: Device<f32>> ShapeLen for Flat<D> {
    fn shape_len(&self) -> usize {
        use dfdx::shapes::HasShape;
        self.shape().0
    }
}
