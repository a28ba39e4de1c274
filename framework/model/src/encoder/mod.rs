//! Encoder weights given by the user, and an encoder's feature maps of an image.
//!
//! | file | holds |
//! |---|---|
//! | `mobilenet_v2.rs` | the names that torchvision and timm give a MobileNet-v2's arrays |
//! | `foreign.rs` | strict conversion of their arrays to ours |

mod foreign;
mod mobilenet_v2;

use std::path::Path;

use dfdx::prelude::TensorFromVec;
use nasfw_data::{Image, Transform};
use nasfw_sdk::Seed;
use nasfw_sdk::graph::Graph;

use crate::error::{Error, Result};
use mobilenet_v2::Family;
use nasfw_device::{Device, on_device};
use nasfw_network::kernels::{CpuKernels, Kernels, device_result, map_shape};
use nasfw_network::{Array, Network, Weights};

/// Maximum number of missing names listed.
const SHOWN: usize = 3;

/// Weights of an encoder, with a note for the user.
#[derive(Debug)]
pub struct Given {
    /// All arrays of the encoder.
    pub weights: Weights,
    /// One line: the naming scheme, and the arrays that were skipped.
    pub note: String,
}

/// Reads the weights of `encoder` from a safetensors file.
///
/// Names are those of a run's `artifacts/warmup.safetensors`, in which case other arrays are
/// skipped; or those of torchvision's or timm's MobileNet-v2, in which case only the head may be
/// present besides.
///
/// # Errors
/// When the file cannot be read, or arrays are missing, of another shape, or foreign to the
/// encoder.
pub fn read(file: &Path, encoder: &Graph) -> Result<Given> {
    let bytes = std::fs::read(file).map_err(|e| wrong(file, e.to_string()))?;
    let names = Weights::names_in_safetensors(&bytes).map_err(|e| wrong(file, e.to_string()))?;
    let mut rng = Seed(0).stream("encoder");
    let mut network = Network::new(CpuKernels::default(), encoder, &mut rng)?;
    let needed = network.parameters().weights();
    let is_ours = names.iter().any(|name| needed.get(name).is_some());
    if let (false, Some(family)) = (is_ours, Family::of(&names)) {
        return foreign::read(&bytes, &names, family, encoder, &needed)
            .map_err(|message| wrong(file, message));
    }
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
                "{} of the encoder's {} arrays are missing, e.g. {shown}; supported are the names of \
                 nasfw, torchvision and timm",
                missing.len(),
                needed.len()
            ),
        ));
    }
    (network.parameters_mut().load(&found)).map_err(|e| wrong(file, e.to_string()))?;
    let note = match names.len() - needed.len() {
        0 => format!("encoder weights: {} arrays", needed.len()),
        n => format!(
            "encoder weights: {} arrays; skipped {n} others in the file",
            needed.len()
        ),
    };
    Ok(Given {
        weights: network.parameters().weights(),
        note,
    })
}

/// The outputs on a device of an encoder in evaluation mode for an image at its own size, under the
/// names of their nodes: `(1, channels, height, width)` as PyTorch has them.
///
/// # Errors
/// When the weights do not fit or the device fails.
pub fn features(on: Device, encoder: &Graph, weights: &Weights, image: &Image) -> Result<Weights> {
    on_device!(on, |kernels| features_on(kernels, encoder, weights, image))
}

fn features_on<K: Kernels>(
    kernels: K,
    encoder: &Graph,
    weights: &Weights,
    image: &Image,
) -> Result<Weights> {
    let mut network = Network::new(kernels, encoder, &mut Seed(0).stream("encoder"))?;
    network.parameters_mut().load(weights)?;
    let side = image.size.shorter();
    let (values, size) = Transform::new(side, side).image(image);
    let on = network.kernels().device();
    let input = device_result(on.try_tensor_from_vec(values, (1, size.height, size.width, 3)))?;
    let mut maps = Weights::default();
    let outputs = network.forward_eval(&[input])?;
    for (map, output) in outputs.iter().zip(encoder.outputs()) {
        let (s, values) = (map_shape(map), map.as_vec());
        let at = |c: usize, pixel: usize| values[pixel * s.channels + c];
        let pixels = s.height * s.width;
        let array = Array {
            shape: vec![1, s.channels, s.height, s.width],
            values: (0..s.channels)
                .flat_map(|c| (0..pixels).map(move |p| (c, p)))
                .map(|(c, p)| at(c, p))
                .collect(),
        };
        maps.insert(&output.name, array);
    }
    Ok(maps)
}

fn wrong(file: &Path, message: String) -> Error {
    Error::EncoderWeights {
        file: file.into(),
        message,
    }
}
