//! Encoder weights that the user gives, and what an encoder makes of an image.
//!
//! | file | holds |
//! |---|---|
//! | `mobilenet_v2.rs` | the names that torchvision and timm give a MobileNet-v2's arrays |
//! | `foreign.rs` | arrays of theirs as ours, strictly |

mod foreign;
mod mobilenet_v2;

use std::path::Path;

use dfdx::prelude::TensorFromVec;
use nasfw_data::{Image, Transform};
use nasfw_sdk::graph::Graph;
use nasfw_sdk::{IoChannels, Seed};

use crate::config::Config;
use crate::device::on_device;
use crate::error::{Error, Result};
use crate::network::kernels::{CpuKernels, Kernels, device, map_shape};
use crate::network::{Array, Network, Weights};
use mobilenet_v2::Family;

/// Names shown of those that are missing.
const SHOWN: usize = 3;

/// Weights of an encoder, with what to say of them.
#[derive(Debug)]
pub struct Given {
    /// All arrays of the encoder.
    pub weights: Weights,
    /// One line: whose names, and what was passed over.
    pub note: String,
}

/// Reads the weights of `encoder` from a safetensors file.
///
/// The names are those that a run's `artifacts/warmup.safetensors` has, other arrays being passed over;
/// or those of a MobileNet-v2 of torchvision or timm, of which only the head may be there besides.
///
/// # Errors
/// When the file cannot be read, or arrays are missing, of another shape, or not the encoder's.
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
                "{} of the encoder's {} arrays are missing, e.g. {shown}; known are nasfw's own names, \
                 torchvision's and timm's",
                missing.len(),
                needed.len()
            ),
        ));
    }
    (network.parameters_mut().load(&found)).map_err(|e| wrong(file, e.to_string()))?;
    let note = match names.len() - needed.len() {
        0 => format!("encoder weights: {} arrays", needed.len()),
        n => format!(
            "encoder weights: {} arrays; {n} others of the file are passed over",
            needed.len()
        ),
    };
    Ok(Given {
        weights: network.parameters().weights(),
        note,
    })
}

/// The encoder of the space that `config` names, with the weights that it names.
///
/// # Errors
/// When a setting is wrong, the space has no encoder, no weights are named, or they do not fit.
pub fn of_config(config: &Config) -> Result<(Graph, Given)> {
    let space = config.make_space()?;
    let graph = crate::search::any_graph(&*space, &IoChannels::rgb(1), Seed(0))?;
    let missing = |message: &str| Error::Config {
        file: None,
        message: message.into(),
    };
    let encoder = graph
        .encoder()?
        .ok_or_else(|| missing("this space has no encoder"))?;
    let file = (config.encoder.weights.as_ref())
        .ok_or_else(|| missing("encoder.weights is not set; name a file"))?;
    let given = read(file, &encoder)?;
    Ok((encoder, given))
}

/// The outputs on a device of an encoder in evaluation mode for an image at its own size, under the names of their
/// nodes: `(1, channels, height, width)` as PyTorch has them.
///
/// # Errors
/// When the weights do not fit or the device fails.
pub fn features(on: &str, encoder: &Graph, weights: &Weights, image: &Image) -> Result<Weights> {
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
    let side = image.width.min(image.height);
    let (values, (width, height)) = Transform::new(side, side).image(image);
    let on = network.kernels().device();
    let input = device(on.try_tensor_from_vec(values, (1, height, width, 3)))?;
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
    Error::Config {
        file: None,
        message: format!("encoder.weights {}: {message}", file.display()),
    }
}
