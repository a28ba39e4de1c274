//! Checks once, before a long run, that a whole data set is readable; the result is cached by
//! content.

use std::path::PathBuf;

use nasfw_data::{DataError, Dataset, Source, check};

use crate::config::Config;
use crate::error::{Error, Result};
use crate::progress::{Event, Observer};

/// Samples between two polls of the observer.
const CHUNK: usize = 64;

/// Reads both splits of the data set once, in parallel, so that bad data does not end a long run
/// late.
///
/// A folder data set that passed the check is not read again as long as its content and the
/// settings it is read with stay the same: a file named after their hash is left in `nasfw/checked`
/// in the user's cache folder.
///
/// # Errors
/// Lists everything that is wrong with the data set in one message; [`Error::Stopped`] when the
/// observer asks to stop.
pub(crate) fn check_data(
    config: &Config,
    source: &Source,
    observer: &mut dyn Observer,
) -> Result<()> {
    let seen = config
        .data
        .path
        .as_ref()
        .and_then(|_| place(config, source));
    let is_known = seen.as_ref().is_some_and(|file| file.exists());
    let known = if is_known { " (checked before)" } else { "" };
    let text = format!("data: {}{known}", source.description);
    observer.on(&Event::Note { text: &text });
    if is_known {
        return Ok(());
    }
    let parts = [&*source.train, &*source.val];
    observer.on(&Event::Phase {
        name: "data check",
        steps: parts.iter().map(|part| part.len()).sum(),
    });
    let problems = problems(parts, observer)?;
    observer.on(&Event::PhaseDone);
    if let Some(error) = DataError::several(problems) {
        return Err(error.into());
    }
    if let Some(file) = seen {
        remember(&file);
    }
    Ok(())
}

/// All problems, in the order of the samples, training split first.
fn problems(parts: [&dyn Dataset; 2], observer: &mut dyn Observer) -> Result<Vec<DataError>> {
    let (mut found, mut done) = (Vec::new(), 0);
    for part in parts {
        for first in (0..part.len()).step_by(CHUNK) {
            let chunk = first..part.len().min(first + CHUNK);
            done += chunk.len();
            found.extend(check(part, chunk));
            observer.on(&Event::Step { done, note: "" });
            if observer.should_stop() {
                return Err(Error::Stopped);
            }
        }
    }
    Ok(found)
}

/// Path of the marker that this content, read with these settings by this version, passed the
/// check.
fn place(config: &Config, source: &Source) -> Option<PathBuf> {
    let mut data = config.data.clone();
    data.path = None; // the folder may move
    let read = serde_json::to_string(&(data, &config.task.name)).ok()?;
    let mut hash = blake3::Hasher::new();
    for part in [env!("CARGO_PKG_VERSION"), &source.fingerprint, &read] {
        hash.update(part.as_bytes()).update(&[0]);
    }
    let name = hash.finalize().to_hex().to_string();
    Some(dirs::cache_dir()?.join("nasfw").join("checked").join(name))
}

/// Without the marker, the data set is checked again next time.
fn remember(file: &std::path::Path) {
    if let Some(folder) = file.parent() {
        let _ = std::fs::create_dir_all(folder);
    }
    let _ = std::fs::write(file, []);
}
