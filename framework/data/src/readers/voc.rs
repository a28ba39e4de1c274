//! PASCAL VOC segmentation.

use std::collections::BTreeMap;
use std::path::Path;

use super::Listed;
use super::listing::{pair_listed, stems};
use crate::error::DataError;

/// The samples that `ImageSets/Segmentation/{train,val}.txt` name.
pub(super) fn list(root: &Path) -> Result<Listed, DataError> {
    let (image_folder, mask_folder) = (root.join("JPEGImages"), root.join("SegmentationClass"));
    let images = stems(&image_folder, &["jpg", "jpeg", "png"])?;
    let masks = stems(&mask_folder, &["png"])?;
    let (mut taken, mut problems) = (BTreeMap::new(), Vec::new());
    let mut read = |name: &str| {
        let list = root.join("ImageSets/Segmentation").join(name);
        if !list.is_file() {
            return Err(DataError::Missing {
                path: list,
                needed: "the voc format needs this list of file names, one a line".to_owned(),
            });
        }
        let images = (&images, image_folder.as_path());
        let masks = (&masks, mask_folder.as_path());
        let pairs = pair_listed(&list, images, masks, &mut taken, &mut problems)?;
        Ok((pairs, list))
    };
    let (train, train_list) = read("train.txt")?;
    let (val, val_list) = read("val.txt")?;
    Ok(Listed {
        train,
        val,
        lists: vec![train_list, val_list],
        problems,
    })
}
