//! The maps between the steps of a pass.

use dfdx::prelude::{Tape, ZerosTensor};
use dfdx::shapes::HasShape;
use nasfw_sdk::Size;
use nasfw_sdk::graph::NodeId;

use super::compile::{PlainStep, Step};
use super::{Network, Outputs};
use crate::error::Result;
use crate::kernels::{Kernels, Map, MapShape, device_result, map_shape};

/// The values of a pass by node, kept as long as something is going to read them.
pub(super) struct PassValues<K: Kernels> {
    maps: Vec<Option<Map<K::Device>>>,
    /// The size of each node's value.
    sizes: Vec<Size>,
    batch: usize,
}

impl<K: Kernels> PassValues<K> {
    /// The inputs of `step`.
    pub(super) fn read(&self, step: &Step) -> Vec<&Map<K::Device>> {
        let inputs = step.inputs.iter();
        let from: Vec<_> = inputs.filter_map(|&i| self.maps[i].as_ref()).collect();
        assert_eq!(
            from.len(),
            step.inputs.len(),
            "inputs come before their readers"
        );
        from
    }

    /// Stores the result of `step`, and drops the values that it was the last to read.
    pub(super) fn put(&mut self, step: &Step, value: Map<K::Device>) {
        self.maps[step.output] = Some(value);
        self.free(&step.frees);
    }

    pub(super) fn free(&mut self, nodes: &[NodeId]) {
        for &node in nodes {
            self.maps[node] = None;
        }
    }

    pub(super) fn outputs(&self, nodes: &[NodeId]) -> Outputs<K> {
        let outputs = nodes.iter();
        outputs.filter_map(|&o| self.maps[o].clone()).collect()
    }
}

impl<K: Kernels> Network<K> {
    /// Starts with the sizes only, for a pass over `inputs`.
    pub(super) fn values(&self, inputs: &[Map<K::Device>]) -> PassValues<K> {
        let sizes = inputs.iter().map(|x| Size::new(x.shape().2, x.shape().1));
        let sizes: Vec<Size> = sizes.collect();
        PassValues {
            maps: vec![None; self.graph.nodes().len()],
            sizes: self.graph.sizes(&sizes),
            batch: inputs.first().map_or(0, |x| x.shape().0),
        }
    }

    /// Runs a step without parameters.
    pub(super) fn run_plain<T: Tape<f32, K::Device>>(
        &self,
        plain: &PlainStep,
        step: &Step,
        inputs: &[Map<K::Device>],
        values: &PassValues<K>,
        tape: &mut T,
    ) -> Result<Map<K::Device>> {
        let (kernels, from) = (&self.kernels, values.read(step));
        let size = values.sizes[step.output];
        match plain {
            PlainStep::Input(at) => Ok(inputs[*at].clone()),
            PlainStep::Zero => {
                let channels = self.graph.channels(step.output);
                let dims = (values.batch, size.height, size.width, channels);
                device_result(kernels.device().try_zeros_like(&dims))
            }
            PlainStep::Activation(activation) => kernels.activation(from[0], *activation, tape),
            PlainStep::Resize => {
                let MapShape { height, width, .. } = map_shape(from[0]);
                if Size::new(width, height) == size {
                    Ok(from[0].clone())
                } else {
                    kernels.resize(from[0], size, tape)
                }
            }
            PlainStep::GlobalAverage => kernels.global_average(from[0], tape),
            PlainStep::Concat => kernels.concat(&from, tape),
            PlainStep::Add => kernels.add(&from, tape),
        }
    }
}
