//! Colour images with depth maps or masks of the same name, as in NYU Depth v2.

use std::collections::BTreeMap;
use std::path::Path;

use nasfw_sdk::LabelKind;

use super::Listed;
use super::listing::{pair_all, pair_listed, stems};
use crate::error::DataError;
use crate::groups::Groups;

/// The samples that `train.txt` and `val.txt` name, or without either list all of them, split 80 /
/// 20 by a hash of the name.
pub(super) fn list(root: &Path, labels: LabelKind, groups: &Groups) -> Result<Listed, DataError> {
    let map_folder = root.join(match labels {
        LabelKind::Depth => "depth",
        LabelKind::Classes | LabelKind::Keypoints => "seg",
    });
    let image_folder = root.join("rgb");
    let images = stems(&image_folder, &["png", "jpg", "jpeg"])?;
    let maps = stems(&map_folder, &["png"])?;
    let mut problems = Vec::new();
    let lists = [root.join("train.txt"), root.join("val.txt")];
    if !lists.iter().any(|list| list.is_file()) {
        let pairs = pair_all(images, &maps, &map_folder, &mut problems);
        let (train, val) = groups.split(pairs, |p| &p.name)?;
        return Ok(Listed {
            train,
            val,
            lists: Vec::new(),
            problems,
        });
    }
    let mut taken = BTreeMap::new();
    let mut read = |list: &Path| {
        if !list.is_file() {
            return Err(DataError::Missing {
                path: list.to_owned(),
                needed: "there is one of train.txt and val.txt; add the other, or remove both for \
                         a split by file name"
                    .to_owned(),
            });
        }
        let images = (&images, image_folder.as_path());
        let maps = (&maps, map_folder.as_path());
        pair_listed(list, images, maps, &mut taken, &mut problems)
    };
    let (train, val) = (read(&lists[0])?, read(&lists[1])?);
    Ok(Listed {
        train,
        val,
        lists: lists.to_vec(),
        problems,
    })
}
