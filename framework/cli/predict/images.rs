//! Finding images, and checking them before anything is written.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use nasfw::data::read_rgb;
use nasfw::model::predict::Predictor;
use rayon::prelude::*;

use crate::exit::Failure;

/// Extensions of images, in lower case.
const ENDINGS: [&str; 3] = ["jpg", "jpeg", "png"];

/// Maximum number of problems shown.
const SHOWN: usize = 20;

/// The images that a path names.
pub(super) struct InputFiles {
    /// The file itself, or the images of the folder in the order of their names.
    pub(super) images: Vec<PathBuf>,
    /// The folder's other files, without hidden ones.
    others: Vec<PathBuf>,
}

/// Finds the images at `path`.
pub(super) fn find(path: &Path) -> Result<InputFiles, Failure> {
    let (mut images, mut others) = (Vec::new(), Vec::new());
    if !path.is_dir() {
        images.push(path.to_owned());
        return Ok(InputFiles { images, others });
    }
    let refused = |e| Failure::Input(format!("{}: {e}", path.display()));
    for entry in std::fs::read_dir(path).map_err(refused)? {
        let file = entry.map_err(refused)?.path();
        let ending = file.extension().map(|e| e.to_string_lossy().to_lowercase());
        let is_hidden = (file.file_name()).is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if is_hidden || file.is_dir() {
            continue;
        }
        // A broken link counts as an unreadable image; a pipe or device is not an image at all.
        let may_be_read = file.is_file() || !file.exists();
        if may_be_read && ending.is_some_and(|e| ENDINGS.contains(&e.as_str())) {
            images.push(file);
        } else {
            others.push(file);
        }
    }
    images.sort();
    others.sort();
    if images.is_empty() {
        return Err(Failure::Input(format!(
            "{} has no images (files ending in .jpg, .jpeg or .png)",
            path.display()
        )));
    }
    Ok(InputFiles { images, others })
}

impl InputFiles {
    /// A note about skipped files, if any.
    pub(super) fn skipped_note(&self) -> Option<String> {
        let first = self.others.first()?.display();
        Some(match self.others.len() {
            1 => format!("skipped {first}: not a .jpg, .jpeg or .png file"),
            n => format!("skipped {n} files that are not .jpg, .jpeg or .png, e.g. {first}"),
        })
    }
}

/// Reads every image once, so that a bad one is found before any work is done.
///
/// # Errors
/// Lists all problems in one message; also two images whose output files would have the same name.
pub(super) fn check(images: &[PathBuf], predictor: &Predictor) -> Result<(), Failure> {
    let transform = predictor.transform();
    let mut problems: Vec<String> = (images.par_iter())
        .filter_map(|path| match read_rgb(path) {
            Ok(image) => {
                let wrong = transform.check_size(image.size).err()?;
                Some(format!("{}: {wrong}", path.display()))
            }
            Err(e) => Some(e.to_string()),
        })
        .collect();
    let mut stems: BTreeMap<OsString, &PathBuf> = BTreeMap::new();
    for image in images {
        let stem = image.file_stem().unwrap_or_default().to_owned();
        if let Some(other) = stems.insert(stem, image) {
            problems.push(format!(
                "the output files of {} and {} would have the same name; rename one of them",
                other.display(),
                image.display()
            ));
        }
    }
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
                "{count} problems in {} images; nothing was written:\n{shown}{more}",
                images.len()
            )))
        }
    }
}
