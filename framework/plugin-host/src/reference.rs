//! `PATH#sha256=HEX`: a library, and which bytes it must have.

use std::path::{Path, PathBuf};

use super::file::refused;
use crate::error::Result;

const PIN: &str = "#sha256=";

/// A library that the user named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// Where it is.
    pub(super) path: PathBuf,
    /// The sha256 it must have, 64 lowercase hexadecimal digits.
    pub(super) sha256: Option<String>,
}

impl Reference {
    /// Reads a reference.
    ///
    /// # Errors
    /// When the pin is not 64 hexadecimal digits.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let Some((path, digits)) = text.rsplit_once(PIN) else {
            // Another hash, or a slip: a path with such an end is rare, and a slip would be no file.
            if text.contains("#sha") {
                let message = "a pin is written #sha256=HEX, 64 digits, as sha256sum prints";
                return Err(refused(Path::new(text), message));
            }
            return Ok(Self {
                path: text.into(),
                sha256: None,
            });
        };
        let is_right = digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_right {
            let message = format!(
                "`{PIN}{digits}` is not allowed; expected 64 hexadecimal digits, as sha256sum prints"
            );
            return Err(refused(Path::new(path), message));
        }
        Ok(Self {
            path: path.into(),
            sha256: Some(digits.to_ascii_lowercase()),
        })
    }
}

/// The reference to these bytes at this place.
pub(super) fn pinned(path: &str, sha256: &str) -> String {
    format!("{path}{PIN}{sha256}")
}
