//! A folder of images and a folder of masks with the same names.

use std::path::Path;

use super::listing::{pair_all, stems};
use super::{Pair, Parts};
use crate::error::DataError;
use crate::split::split_by_name;

/// The samples of `train/` and `val/`, or of the folder itself, split 80 / 20 by a hash of the name.
pub(super) fn list(root: &Path) -> Result<Parts, DataError> {
    let (train, val) = if root.join("train").is_dir() || root.join("val").is_dir() {
        (pairs(&root.join("train"))?, pairs(&root.join("val"))?)
    } else {
        split_by_name(pairs(root)?, |pair| &pair.name)
    };
    Ok(Parts {
        train,
        val,
        lists: Vec::new(),
    })
}

fn pairs(folder: &Path) -> Result<Vec<Pair>, DataError> {
    let masks = folder.join("masks");
    let images = stems(&folder.join("images"), &["png", "jpg", "jpeg"])?;
    pair_all(images, &stems(&masks, &["png"])?, &masks)
}
