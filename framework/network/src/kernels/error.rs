//! Failures of devices in words.

use crate::error::{Error, Result};

/// Converts a failure of a device's library to an error with a message for the user.
pub fn device_result<T, E: std::fmt::Debug>(result: std::result::Result<T, E>) -> Result<T> {
    result.map_err(|e| {
        let text = format!("{e:?}");
        Error::Device(if text.contains("OUT_OF_MEMORY") || text.contains("ALLOC_FAILED") {
            "out of memory; use smaller batches, crops or networks".into()
        } else if let Some(name) = cuda_name(&text) {
            format!(
                "the GPU failed ({name}); `nvidia-smi` shows whether it still works. Continue a run with `nasfw \
                 resume`, a training with `nasfw train --resume`; both take --device cpu if the GPU is lost"
            )
        } else {
            text
        })
    })
}

/// Finds the name that CUDA gives to an error in a text: `CUDA_ERROR_…` or `CUBLAS_STATUS_…`.
pub fn cuda_name(text: &str) -> Option<&str> {
    let at = ["CUDA_ERROR_", "CUBLAS_STATUS_"]
        .iter()
        .find_map(|start| text.find(start))?;
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let name = &text[at..];
    Some(&name[..name.find(|c| !is_part(c)).unwrap_or(name.len())])
}
