//! Which images, checked before anything is written.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nasfw_data::read_rgb;
use nasfw_engine::predict::Predictor;
use rayon::prelude::*;

use crate::exit::Failure;

/// Endings of what is taken for an image in a folder, in lower case.
const ENDINGS: [&str; 3] = ["jpg", "jpeg", "png"];

/// Problems shown of those that there are.
const SHOWN: usize = 20;

/// The file itself, or the images of a folder in the order of their names, hidden ones left out.
pub(super) fn list(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let refused = |e| Failure::Input(format!("{}: {e}", path.display()));
    let mut images = Vec::new();
    for entry in std::fs::read_dir(path).map_err(refused)? {
        let file = entry.map_err(refused)?.path();
        let ending = file.extension().map(|e| e.to_string_lossy().to_lowercase());
        let is_hidden = (file.file_name()).is_some_and(|n| n.to_string_lossy().starts_with('.'));
        let is_image = ending.is_some_and(|e| ENDINGS.contains(&e.as_str()));
        if is_image && !is_hidden && file.is_file() {
            images.push(file);
        }
    }
    images.sort();
    match images.is_empty() {
        false => Ok(images),
        true => Err(Failure::Input(format!(
            "{} has no images; their names end in .jpg, .jpeg or .png",
            path.display()
        ))),
    }
}

/// Reads every image once, so that the last one cannot undo the work on all others.
///
/// # Errors
/// Everything that is wrong, in one message; two images whose results would have one name.
pub(super) fn check(images: &[PathBuf], predictor: &Predictor) -> Result<(), Failure> {
    let mut stems: BTreeMap<OsString, &PathBuf> = BTreeMap::new();
    for image in images {
        let stem = image.file_stem().unwrap_or_default().to_owned();
        if let Some(other) = stems.insert(stem, image) {
            let (a, b) = (other.display(), image.display());
            return Err(Failure::Input(format!(
                "{a} and {b} would have results of one name; rename one of them"
            )));
        }
    }
    let transform = predictor.transform();
    let problems: Vec<String> = (images.par_iter())
        .filter_map(|path| match read_rgb(path) {
            Ok(image) => {
                let size = (image.width, image.height);
                let wrong = nasfw_engine::predict::check_size(transform, size).err()?;
                Some(format!("{}: {wrong}", path.display()))
            }
            Err(e) => Some(e.to_string()),
        })
        .collect();
    let more = match problems.len().saturating_sub(SHOWN) {
        0 => String::new(),
        n => format!("\n  … and {n} more"),
    };
    match &problems[..] {
        [] => Ok(()),
        [one] => Err(Failure::Input(one.clone())),
        all => {
            let shown: Vec<String> = all.iter().take(SHOWN).map(|p| format!("  {p}")).collect();
            let (count, shown) = (all.len(), shown.join("\n"));
            Err(Failure::Input(format!(
                "{count} of {} images cannot be used; nothing was written:\n{shown}{more}",
                images.len()
            )))
        }
    }
}
