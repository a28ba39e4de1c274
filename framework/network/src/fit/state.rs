//! The state of a training, and its transfer across an interruption.

use dfdx::prelude::TensorFromVec;
use serde::{Deserialize, Serialize};

use super::average::Polyak;
use super::optimise::Optimisers;
use crate::error::{Error, Result};
use crate::kernels::{Kernels, device_result};
use crate::network::Network;
use crate::weights::{Array, Weights};

/// A position in a training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Epochs done.
    pub epoch: usize,
    /// Completed steps of the next epoch.
    pub step: usize,
}

/// The state that the next step of a training depends on, besides its batches and settings.
#[derive(Debug)]
pub struct TrainState<'a, K: Kernels> {
    pub(super) network: &'a mut Network<K>,
    pub(super) optimisers: &'a mut Optimisers<K>,
    pub(super) average: Option<Polyak<K>>,
    pub(super) position: Position,
}

/// The state of a training that pauses, besides its network and optimisers.
#[derive(Debug)]
pub struct Paused<K: Kernels> {
    average: Option<Polyak<K>>,
    position: Position,
}

/// A [`TrainState`] on the host.
///
/// Arrays are called `weights/NODE.weight` and so on (learned values and running statistics),
/// `first/…` and `second/…` (moments of the optimisers) and `average/…` (Polyak's).
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The position.
    pub position: Position,
    /// Steps of the encoder's optimiser, and of the other one.
    pub optimiser_steps: [i32; 2],
    /// The arrays.
    pub arrays: Weights,
}

const WEIGHTS: &str = "weights/";
const AVERAGE: &str = "average/";

impl<K: Kernels> Paused<K> {
    /// Before the first step of a training of `network`; the Polyak average has decay `polyak`, 0
    /// for none.
    pub fn start(network: &Network<K>, polyak: f64) -> Self {
        Self {
            average: (polyak > 0.0).then(|| Polyak::new(network, polyak)),
            position: Position::default(),
        }
    }
}

impl<'a, K: Kernels> TrainState<'a, K> {
    /// The initial state of a training; the Polyak average has decay `polyak`, 0 for none.
    pub fn new(
        network: &'a mut Network<K>,
        optimisers: &'a mut Optimisers<K>,
        polyak: f64,
    ) -> Self {
        let start = Paused::start(network, polyak);
        Self::resume(network, optimisers, start)
    }

    /// The state of a training that continues from where it paused, with the network and optimisers
    /// that it had then.
    pub fn resume(
        network: &'a mut Network<K>,
        optimisers: &'a mut Optimisers<K>,
        Paused { average, position }: Paused<K>,
    ) -> Self {
        Self {
            network,
            optimisers,
            average,
            position,
        }
    }

    /// Releases network and optimisers until the training continues.
    pub fn pause(self) -> Paused<K> {
        Paused {
            average: self.average,
            position: self.position,
        }
    }

    /// The network that is trained.
    pub fn network(&self) -> &Network<K> {
        self.network
    }

    /// The current position.
    pub fn position(&self) -> Position {
        self.position
    }

    /// A copy on the host.
    ///
    /// # Errors
    /// When the device fails.
    pub fn save(&self) -> Result<Checkpoint> {
        let mut arrays = self.network.parameters().weights().prefixed(WEIGHTS);
        if let Some(average) = &self.average {
            let names = self.network.parameters().iter();
            for (parameter, value) in names.zip(average.values()) {
                let array = Array {
                    shape: parameter.shape.clone(),
                    values: value.as_vec(),
                };
                arrays.insert(&format!("{AVERAGE}{}", parameter.name), array);
            }
        }
        self.optimisers.save(self.network, &mut arrays)?;
        Ok(Checkpoint {
            position: self.position,
            optimiser_steps: self.optimisers.steps(),
            arrays,
        })
    }

    /// Restores the saved state of an earlier call of the same training.
    ///
    /// # Errors
    /// Names the array that is missing or has another shape.
    pub fn load(&mut self, saved: &Checkpoint) -> Result<()> {
        let present = self.network.parameters().weights();
        let weights = saved.arrays.without_prefix(WEIGHTS);
        for (name, array) in present.iter() {
            same_shape(&weights, name, &array.shape)?;
        }
        self.network.parameters_mut().load(&weights)?;
        let on = self.network.kernels().device().clone();
        if let Some(average) = &mut self.average {
            let averages = saved.arrays.without_prefix(AVERAGE);
            let parameters = self.network.parameters().iter();
            for (parameter, value) in parameters.zip(average.values_mut()) {
                let array = same_shape(&averages, &parameter.name, &parameter.shape)?;
                let (values, length) = (array.values.clone(), array.values.len());
                *value = device_result(on.try_tensor_from_vec(values, (length,)))?;
            }
        }
        (self.optimisers).load(self.network, &saved.arrays, saved.optimiser_steps)?;
        self.position = saved.position;
        Ok(())
    }
}

/// The array `name`, which must exist with this shape.
pub(super) fn same_shape<'w>(
    weights: &'w Weights,
    name: &str,
    shape: &[usize],
) -> Result<&'w Array> {
    match weights.get(name) {
        Some(array) if array.shape == shape => Ok(array),
        Some(array) => Err(Error::Weights(format!(
            "{name} has shape {:?}, the network needs {shape:?}",
            array.shape
        ))),
        None => Err(Error::Weights(format!("{name} is missing"))),
    }
}
