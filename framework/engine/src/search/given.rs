//! Encoder weights that the user gives.

use std::path::Path;

use nasfw_sdk::Seed;
use nasfw_sdk::graph::Graph;

use crate::error::{Error, Result};
use crate::network::kernels::CpuKernels;
use crate::network::{Network, Weights};

/// Names shown of those that are missing.
const SHOWN: usize = 3;

/// Reads the weights of `encoder` from a safetensors file, under the names that a run's
/// `artifacts/warmup.safetensors` has. Arrays of other names are passed over.
///
/// # Errors
/// When the file cannot be read, or an array of the encoder is missing or of another shape.
pub(super) fn read(file: &Path, encoder: &Graph) -> Result<Weights> {
    let bytes = std::fs::read(file).map_err(|e| wrong(file, e.to_string()))?;
    let mut rng = Seed(0).stream("encoder");
    let mut network = Network::new(CpuKernels::default(), encoder, &mut rng)?;
    let needed = network.parameters().weights();
    let is_needed = |name: &str| needed.get(name).is_some();
    let found = Weights::some_from_safetensors(&bytes, is_needed)
        .map_err(|e| wrong(file, e.to_string()))?;
    let missing: Vec<&str> = (needed.iter())
        .map(|(name, _)| name)
        .filter(|name| found.get(name).is_none())
        .collect();
    if !missing.is_empty() {
        let shown = missing[..missing.len().min(SHOWN)].join(", ");
        return Err(wrong(
            file,
            format!(
                "{} of the encoder's {} arrays are missing, e.g. {shown}",
                missing.len(),
                needed.len()
            ),
        ));
    }
    (network.parameters_mut().load(&found)).map_err(|e| wrong(file, e.to_string()))?;
    Ok(network.parameters().weights())
}

fn wrong(file: &Path, message: String) -> Error {
    Error::Config {
        file: None,
        message: format!("encoder.weights {}: {message}", file.display()),
    }
}
