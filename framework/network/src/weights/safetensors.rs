//! Weights as safetensors bytes.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{Array, Weights};
use crate::error::{Error, Result};

impl Weights {
    /// The safetensors form; the same weights always give the same bytes.
    ///
    /// # Errors
    /// Never for arrays whose shape fits their values.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        self.to_safetensors_noted(None)
    }

    /// Does the same, with a note under the key `key`, for [`note_in_safetensors`].
    ///
    /// # Errors
    /// As [`to_safetensors`](Self::to_safetensors).
    pub fn to_safetensors_noted(&self, note: Option<(&str, &str)>) -> Result<Vec<u8>> {
        let bytes: Vec<(&str, &[usize], Vec<u8>)> = (self.iter())
            .map(|(name, a)| {
                let values = a.values.iter().flat_map(|v| v.to_le_bytes()).collect();
                (name, a.shape.as_slice(), values)
            })
            .collect();
        let views = (bytes.iter())
            .map(|(name, shape, b)| {
                let view = TensorView::new(Dtype::F32, shape.to_vec(), b).map_err(damaged)?;
                Ok((*name, view))
            })
            .collect::<Result<Vec<_>>>()?;
        let note = note.map(|(key, text)| HashMap::from([(key.to_owned(), text.to_owned())]));
        safetensors::serialize(views, note).map_err(damaged)
    }

    /// Names of the arrays in safetensors bytes, sorted.
    ///
    /// # Errors
    /// When the bytes are not safetensors.
    pub fn names_in_safetensors(bytes: &[u8]) -> Result<Vec<String>> {
        let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let mut names: Vec<String> = file.names().into_iter().map(ToString::to_string).collect();
        names.sort();
        Ok(names)
    }

    /// The shapes of arrays in safetensors bytes, by their names.
    ///
    /// # Errors
    /// When the bytes are not safetensors.
    pub fn shapes_in_safetensors(bytes: &[u8]) -> Result<BTreeMap<String, Vec<usize>>> {
        let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let shapes = file
            .iter()
            .map(|(name, view)| (name.to_owned(), view.shape().to_vec()));
        Ok(shapes.collect())
    }

    /// Reads safetensors bytes of 32-bit floats.
    ///
    /// # Errors
    /// When the bytes are not safetensors or hold another number type.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self> {
        Self::some_from_safetensors(bytes, |_| true)
    }

    /// Does the same for the arrays whose name is `wanted`; others may have any type.
    ///
    /// # Errors
    /// As [`from_safetensors`](Self::from_safetensors).
    pub fn some_from_safetensors(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Self> {
        let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let mut weights = Weights::default();
        for (name, view) in file.iter().filter(|(name, _)| wanted(name)) {
            if view.dtype() != Dtype::F32 {
                let message = format!("{name} has type {:?}, expected F32", view.dtype());
                return Err(Error::Weights(message));
            }
            let (quads, _) = view.data().as_chunks::<4>();
            let values = quads.iter().map(|b| f32::from_le_bytes(*b)).collect();
            weights.insert(
                name,
                Array {
                    shape: view.shape().to_vec(),
                    values,
                },
            );
        }
        Ok(weights)
    }
}

/// The note under the key `key` in safetensors bytes, if there is one.
///
/// # Errors
/// When the bytes are not safetensors.
pub fn note_in_safetensors(bytes: &[u8], key: &str) -> Result<Option<String>> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let notes = header.metadata().as_ref();
    Ok(notes.and_then(|notes| notes.get(key).cloned()))
}

fn damaged(error: impl std::fmt::Display) -> Error {
    Error::Weights(format!(
        "not a safetensors file, or a damaged one ({error})"
    ))
}
