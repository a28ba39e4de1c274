//! One image through a deployed network.

use nasfw_sdk::graph::Graph;
use nasfw_sdk::{Seed, Size};

use super::{Reference, Timed, named, random_values};
use nasfw_network::Result;
use nasfw_network::kernels::{DeviceOf, Kernels, Map, MapShape, device_result};
use nasfw_network::{Network, Weights};

/// A whole network in evaluation mode with a random image.
#[derive(Debug)]
pub struct Inference<K: Kernels> {
    network: Network<K>,
    image: Map<DeviceOf<K>>,
}

impl<K: Kernels> Inference<K> {
    /// Takes `graph` without its auxiliary outputs, for `batch` images of `(height, width)` pixels.
    ///
    /// # Errors
    /// When the device fails.
    pub fn new(kernels: K, graph: &Graph, batch: usize, size: Size, seed: Seed) -> Result<Self> {
        use dfdx::prelude::TensorFromVec;
        let mut rng = seed.stream("timing/infer");
        let deployed = graph.without_auxiliary();
        let network = Network::new(kernels, &deployed, &mut rng)?;
        let shape = MapShape::new(batch, size.height, size.width, 3);
        let values = random_values(shape, &mut rng);
        let dims = (batch, size.height, size.width, 3);
        let image = device_result(network.kernels().device().try_tensor_from_vec(values, dims))?;
        Ok(Self { network, image })
    }

    /// Runs one forward pass.
    ///
    /// # Errors
    /// When the device fails.
    pub fn run(&self) -> Result<Vec<Map<DeviceOf<K>>>> {
        self.network.forward_eval(std::slice::from_ref(&self.image))
    }
}

impl<K: Kernels> Timed for Inference<K> {
    fn run(&mut self) -> Result<()> {
        let kernels = self.network.kernels().clone();
        kernels.guard(|| {
            Self::run(self)?;
            kernels.wait()
        })
    }

    fn reference(&mut self) -> Result<Reference> {
        Ok(Reference {
            graph: self.network.graph().clone(),
            weights: self.network.parameters().weights(),
            inputs: named("input", std::slice::from_ref(&self.image)),
            outputs: named("output", &Self::run(self)?),
            gradients: Weights::default(),
        })
    }
}
