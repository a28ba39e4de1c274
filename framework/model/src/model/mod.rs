//! A trained network as a folder.
//!
//! ```text
//! MODEL/model.json             description: graph, task, classes, normalisation, provenance
//! MODEL/weights.safetensors    its arrays, by the names of the graph's nodes
//! ```
//!
//! The graph is the deployed one, without auxiliary heads. `model.json` holds the BLAKE3 hash of
//! the weights, so that a folder with mismatched files is refused.
//!
//! | file | holds |
//! |---|---|
//! | `description.rs` | the contents of `model.json` |
//! | `save.rs` | a new folder, whole or not at all |
//! | `load.rs` | strict reading of a model folder |

mod description;
mod load;
mod save;

#[cfg(test)]
pub(crate) mod tests;

use std::path::Path;

use nasfw_disk::MODEL_DESCRIPTION;
use nasfw_network::Error as NetworkError;
use nasfw_sdk::Seed;

use crate::error::{Error, Result};
pub use description::{DataOrigin, Description, InputSize, Normalisation, Provenance, WeightsFile};
use nasfw_network::kernels::Kernels;
use nasfw_network::{Network, Weights};

/// The format version that this program writes, and the only one it reads.
pub const FORMAT: u32 = 1;

const DESCRIPTION: &str = MODEL_DESCRIPTION;
const WEIGHTS: &str = "weights.safetensors";
const LAYOUT: &str =
    "float32; convolutions (kernel, kernel, in / groups, out), the rest (channels)";

/// A trained network with its description.
#[derive(Clone, Debug)]
pub struct Model {
    description: Description,
    weights: Weights,
}

impl Model {
    /// Makes a model of the weights for `description.graph`; the entry about the weights file is
    /// recomputed.
    ///
    /// # Errors
    /// When an array of the graph is missing, superfluous, of another shape, or contains a value
    /// that is not finite.
    pub fn new(mut description: Description, weights: Weights) -> Result<Self> {
        load::check_arrays(&description.graph, &weights).map_err(NetworkError::Weights)?;
        description.weights = WeightsFile::of(&weights.to_safetensors()?);
        Ok(Self {
            description,
            weights,
        })
    }

    /// The contents of `model.json`.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The arrays, by name.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The network, ready to run.
    ///
    /// # Errors
    /// When the device fails.
    pub fn network<K: Kernels>(&self, kernels: K) -> Result<Network<K>> {
        let mut rng = Seed(0).stream("model");
        let mut network = Network::new(kernels, &self.description.graph, &mut rng)?;
        network.parameters_mut().load(&self.weights)?;
        Ok(network)
    }

    /// Writes the new folder `folder`, whole or not at all.
    ///
    /// # Errors
    /// When it exists and is not empty, or cannot be made.
    pub fn save(&self, folder: &Path) -> Result<()> {
        save::save(self, folder)
    }

    /// Reads the folder `folder`.
    ///
    /// # Errors
    /// When a file is missing, damaged, of a newer version, or belongs to another model; the
    /// message names the file, the array, and what to do.
    pub fn load(folder: &Path) -> Result<Self> {
        load::load(folder)
    }
}

fn model_error(folder: &Path, message: impl Into<String>) -> Error {
    Error::Model {
        model: folder.into(),
        message: message.into(),
    }
}
