//! Polyak averaging of weights.

use crate::error::Result;
use crate::kernels::{DeviceOf, Flat, Kernels, device_result};
use crate::network::Network;

/// A running average of a network's parameters: `average ← d · average + (1 − d) · weights`.
#[derive(Debug)]
pub(super) struct Polyak<K: Kernels> {
    average: Vec<Flat<DeviceOf<K>>>,
    decay: f64,
}

impl<K: Kernels> Polyak<K> {
    /// Starts at the current weights.
    pub(super) fn new(network: &Network<K>, decay: f64) -> Self {
        let average = network
            .parameters()
            .iter()
            .map(|p| p.value.clone())
            .collect();
        Self { average, decay }
    }

    /// The averages in the order of the network's parameters.
    pub(super) fn values(&self) -> impl Iterator<Item = &Flat<DeviceOf<K>>> {
        self.average.iter()
    }

    /// The same, for restoring the averages of an earlier call.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Flat<DeviceOf<K>>> {
        self.average.iter_mut()
    }

    /// Adds the current weights to the average.
    pub(super) fn update(&mut self, network: &Network<K>) -> Result<()> {
        for (average, p) in self.average.iter_mut().zip(network.parameters().iter()) {
            if p.is_live {
                device_result(average.try_axpy(self.decay, &p.value, 1.0 - self.decay))?;
            }
        }
        Ok(())
    }

    /// Replaces the network's weights by the average.
    pub(super) fn replace(&self, network: &mut Network<K>) {
        for (average, p) in self.average.iter().zip(network.parameters_mut().iter_mut()) {
            p.value = average.clone();
        }
    }
}
