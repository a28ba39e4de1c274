//! Strict reading of a model folder.

use std::io::ErrorKind;
use std::path::Path;

use nasfw_sdk::Seed;
use nasfw_sdk::graph::Graph;
use serde::Deserialize;

use super::{
    DESCRIPTION, Description, FORMAT, Model, Normalisation, WEIGHTS, WeightsFile, model_error,
};
use crate::error::Result;
use nasfw_disk::Folder;
use nasfw_network::kernels::CpuKernels;
use nasfw_network::{Network, Weights};

/// Maximum number of problems listed.
const SHOWN: usize = 3;

/// The one key that every version of the file has.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

pub(super) fn load(folder: &Path) -> Result<Model> {
    let text = read(folder, DESCRIPTION)?;
    let damaged = |reason: &dyn std::fmt::Display| {
        let message = format!(
            "{DESCRIPTION} is damaged or not of a model: {reason}; use an intact copy of the folder"
        );
        model_error(folder, message)
    };
    let version: Version = serde_json::from_slice(&text).map_err(|e| damaged(&e))?;
    if version.format != FORMAT {
        let message = format!(
            "{DESCRIPTION} has format {}, but this program reads {FORMAT}; use the version that wrote it, or \
             train again",
            version.format
        );
        return Err(model_error(folder, message));
    }
    let mut reader = serde_json::Deserializer::from_slice(&text);
    let description: Description =
        serde_path_to_error::deserialize(&mut reader).map_err(|e| damaged(&e))?;
    reader.end().map_err(|e| damaged(&e))?;
    if description.normalisation != Normalisation::default() {
        let message =
            "has a normalisation other than ImageNet's, the only one this program supports";
        return Err(model_error(folder, format!("{DESCRIPTION} {message}")));
    }
    let input = description.input;
    if input.height_px == 0 || input.width_px == 0 || input.shorter_side_px == 0 {
        let message = format!("{DESCRIPTION} has an input of 0 pixels; it must be at least 1");
        return Err(model_error(folder, message));
    }
    let bytes = read(folder, WEIGHTS)?;
    if WeightsFile::of(&bytes).blake3 != description.weights.blake3 {
        return Err(model_error(
            folder,
            format!(
                "{WEIGHTS} does not match {DESCRIPTION}: it was changed, truncated, or belongs to \
                 another model; copy both files again from one place"
            ),
        ));
    }
    let weights = Weights::from_safetensors(&bytes)
        .map_err(|e| model_error(folder, format!("{WEIGHTS}: {e}")))?;
    check_arrays(&description.graph, &weights)
        .map_err(|e| model_error(folder, format!("{WEIGHTS}: {e}")))?;
    Ok(Model {
        description,
        weights,
    })
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>> {
    let path = folder.join(name);
    std::fs::read(&path).map_err(|e| {
        let kind = Folder::at(folder);
        let message = match e.kind() {
            ErrorKind::NotFound if kind == Folder::Run => format!(
                "this is a run, not a model; train its best architecture with `nasfw train --from {}`",
                folder.display()
            ),
            ErrorKind::NotFound if let Folder::Unfinished { resume } = &kind => {
                format!("its training is not finished; {resume}")
            }
            ErrorKind::NotFound if !folder.exists() => {
                "no such folder; create a model with `nasfw train --out`".into()
            }
            ErrorKind::NotADirectory => "this is a file; name the folder of a model".into(),
            ErrorKind::NotFound => format!("{name} is missing; put it back, or use an intact copy"),
            _ => format!("{name} cannot be read: {e}"),
        };
        model_error(folder, message)
    })
}

/// Checks that `weights` are exactly the arrays of `graph`, with finite values.
pub(super) fn check_arrays(graph: &Graph, weights: &Weights) -> Result<(), String> {
    let mut rng = Seed(0).stream("model");
    let network =
        Network::new(CpuKernels::default(), graph, &mut rng).map_err(|e| e.to_string())?;
    let wanted = network.parameters().weights();
    let mut problems = Vec::new();
    for (name, array) in wanted.iter() {
        match weights.get(name) {
            None => problems.push(format!("{name} is missing")),
            Some(found) if found.shape != array.shape => problems.push(format!(
                "{name} has shape {:?}, the graph needs {:?}",
                found.shape, array.shape
            )),
            Some(found) => {
                if let Some(value) = found.values.iter().find(|v| !v.is_finite()) {
                    problems.push(format!("{name} contains the value {value}"));
                }
            }
        }
    }
    for (name, _) in weights.iter().filter(|(n, _)| wanted.get(n).is_none()) {
        problems.push(format!("{name} is not an array of the graph"));
    }
    if problems.is_empty() {
        return Ok(());
    }
    let more = match problems.len().saturating_sub(SHOWN) {
        0 => String::new(),
        n => format!(", and {n} more"),
    };
    problems.truncate(SHOWN);
    let which = problems.join(", ");
    Err(format!(
        "the weights do not match the graph: {which}{more}; use the weights that were saved with it"
    ))
}
