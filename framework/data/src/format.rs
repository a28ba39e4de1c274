//! The layouts of a data set's folder, by name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a data set's folder is laid out; the table in the [crate documentation](crate) says what
/// each needs.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug, Default)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Whichever of the others fits what the folder holds.
    #[default]
    Auto,
    /// PASCAL VOC segmentation.
    Voc,
    /// A folder of images and one of masks.
    Folders,
    /// Colour images with 16-bit depth maps, as in NYU Depth v2.
    Rgbd,
    /// COCO keypoints.
    Coco,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Voc => "voc",
            Self::Folders => "folders",
            Self::Rgbd => "rgbd",
            Self::Coco => "coco",
        })
    }
}

/// What each format needs, for messages.
pub(crate) const LAYOUTS: &str = "known are \
    voc (JPEGImages/, SegmentationClass/, ImageSets/Segmentation/train.txt and val.txt); \
    folders (images/ and masks/, or both below train/ and val/); \
    rgbd (rgb/ with depth/ or seg/, optionally train.txt and val.txt); \
    coco (images/, annotations/train.json and val.json)";
