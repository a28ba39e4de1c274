//! A folder of images and a folder of masks with the same names.

use std::path::Path;

use super::listing::{pair_all, stems};
use super::{Listed, Pair};
use crate::error::DataError;
use crate::groups::Groups;

/// The samples of `train/` and `val/`, or of the folder itself, split 80 / 20 by a hash of the
/// name, or of the group's.
pub(super) fn list(root: &Path, groups: &Groups) -> Result<Listed, DataError> {
    let mut problems = Vec::new();
    let mut pairs = |folder: &Path| pairs(folder, &mut problems);
    let (train, val) = if root.join("train").is_dir() || root.join("val").is_dir() {
        (pairs(&root.join("train"))?, pairs(&root.join("val"))?)
    } else {
        groups.split(pairs(root)?, |pair| &pair.name)?
    };
    Ok(Listed {
        train,
        val,
        lists: Vec::new(),
        problems,
    })
}

fn pairs(folder: &Path, problems: &mut Vec<DataError>) -> Result<Vec<Pair>, DataError> {
    let masks = folder.join("masks");
    let images = stems(&folder.join("images"), &["png", "jpg", "jpeg"])?;
    let maps = stems(&masks, &["png"])?;
    Ok(pair_all(images, &maps, &masks, problems))
}
