//! A new model folder, whole or not at all.

use std::path::Path;

use super::{DESCRIPTION, Model, WEIGHTS, model_error};
use crate::error::Result;
use crate::export::NewFolder;

/// Checks that a model may be created in `folder`: see [`NewFolder::check_free`].
///
/// # Errors
/// The reason, and what to choose instead.
pub fn check_free(folder: &Path) -> Result<()> {
    NewFolder::check_free(folder)
}

pub(super) fn save(model: &Model, folder: &Path) -> Result<()> {
    let weights = model.weights.to_safetensors()?;
    let mut description = serde_json::to_vec_pretty(&model.description)
        .map_err(|e| model_error(folder, e.to_string()))?;
    description.push(b'\n');
    let new = NewFolder::create(folder)?;
    for (name, bytes) in [(WEIGHTS, &weights), (DESCRIPTION, &description)] {
        new.file(name, |path| std::fs::write(path, bytes))?;
    }
    new.finish()
}
