//! `PATH#sha256=HEX`: a library, pinned to exact bytes if wanted.

use std::path::{Path, PathBuf};

use crate::error::{Result, refused};

const PIN: &str = "#sha256=";

/// A library that the user named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// Its path.
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
            // A path may legitimately end in a similar suffix, and a mistyped pin names no file.
            if text.contains("#sha") {
                let message = "write a pin as #sha256=HEX, 64 digits, as printed by sha256sum";
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
                "`{PIN}{digits}` is not allowed; expected 64 hexadecimal digits, as printed by sha256sum"
            );
            return Err(refused(Path::new(path), message));
        }
        Ok(Self {
            path: path.into(),
            sha256: Some(digits.to_ascii_lowercase()),
        })
    }
}

/// A reference pinned to these bytes at this path.
pub(super) fn pinned(path: &str, sha256: &str) -> String {
    format!("{path}{PIN}{sha256}")
}
