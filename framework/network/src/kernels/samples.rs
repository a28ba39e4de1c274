//! Sample storage that batches are drawn from.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use crate::error::Result;
use crate::kernels::{DeviceOf, Kernels, Map, MapShape, device_result};

/// Samples of equal length, in host memory and optionally in a device's memory too.
pub struct Store {
    values: Vec<f32>,
    length: usize,
    /// A copy made by a kernel set, in a format that only it knows.
    on_device: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("values", &self.values.len())
            .field("length", &self.length)
            .field("is_on_device", &self.on_device.get().is_some())
            .finish()
    }
}

impl Store {
    /// Samples of `length` values each, back to back.
    pub fn new(values: Vec<f32>, length: usize) -> Self {
        Self {
            values,
            length,
            on_device: OnceLock::new(),
        }
    }

    /// All samples, back to back.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Number of values per sample.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Bytes of all samples.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.values)
    }

    /// Attaches a device's copy to the samples.
    pub fn keep(&self, copy: impl Any + Send + Sync) {
        // A second copy would be the same.
        let _ = self.on_device.set(Box::new(copy));
    }

    /// The copy on the device, if there is one of this type.
    pub fn kept<T: Any>(&self) -> Option<&T> {
        self.on_device.get()?.downcast_ref()
    }

    /// The given samples, back to back.
    pub fn gather(&self, samples: &[usize]) -> Vec<f32> {
        let mut picked = Vec::with_capacity(self.length * samples.len());
        for &at in samples {
            let start = at * self.length;
            picked.extend_from_slice(&self.values[start..start + self.length]);
        }
        picked
    }
}

/// The values of a batch.
#[derive(Clone, Debug)]
pub enum BatchValues {
    /// Values in memory.
    Given(Vec<f32>),
    /// Samples of a store.
    Stored(Arc<Store>, Vec<usize>),
}

impl From<Vec<f32>> for BatchValues {
    fn from(values: Vec<f32>) -> Self {
        Self::Given(values)
    }
}

impl BatchValues {
    /// Uploads the values as a map on the device.
    ///
    /// # Errors
    /// When the device fails.
    pub fn upload<K: Kernels>(&self, kernels: &K, shape: MapShape) -> Result<Map<DeviceOf<K>>> {
        match self {
            Self::Given(values) => {
                use dfdx::prelude::TensorFromVec;
                let dims = (shape.batch, shape.height, shape.width, shape.channels);
                device_result(kernels.device().try_tensor_from_vec(values.clone(), dims))
            }
            Self::Stored(store, samples) => kernels.samples(store, samples, shape),
        }
    }
}
