//! A new model folder, whole or not at all.

use std::path::Path;

use super::{DESCRIPTION, Model, WEIGHTS, model_error};
use crate::error::Result;
use nasfw_disk::NewFolder;

pub(super) fn save(model: &Model, folder: &Path) -> Result<()> {
    let weights = model.weights.to_safetensors()?;
    let mut description = serde_json::to_vec_pretty(&model.description)
        .map_err(|e| model_error(folder, e.to_string()))?;
    description.push(b'\n');
    let new = NewFolder::create(folder)?;
    for (name, bytes) in [(WEIGHTS, &weights), (DESCRIPTION, &description)] {
        new.file(name, |path| std::fs::write(path, bytes))?;
    }
    Ok(new.finish()?)
}
