//! Which format a folder has.

use std::path::Path;

use nasfw_sdk::LabelKind;

use super::listing;
use crate::error::DataError;
use crate::format::Format;

const ALL: [Format; 4] = [Format::Voc, Format::Rgbd, Format::Coco, Format::Folders];

/// The format that fits what the folder holds and brings the labels asked for.
pub(super) fn detect(root: &Path, labels: LabelKind) -> Result<Format, DataError> {
    let fitting = || ALL.into_iter().filter(|&format| fits(root, format));
    if let Some(format) = fitting().find(|&format| brings(root, format, labels)) {
        return Ok(format);
    }
    match fitting().next() {
        Some(format) => Err(DataError::NoLabels {
            path: root.to_owned(),
            format,
            wanted: labels,
        }),
        None => {
            let entries = listing::entries(root)?;
            let shown: Vec<&str> = entries.iter().take(12).map(String::as_str).collect();
            let more = match entries.len().saturating_sub(shown.len()) {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            Err(DataError::UnknownLayout {
                path: root.to_owned(),
                found: shown.join(", ") + &more,
            })
        }
    }
}

/// Whether the folder looks like this format, complete or not.
fn fits(root: &Path, format: Format) -> bool {
    let has = |name: &str| root.join(name).is_dir();
    match format {
        Format::Voc => has("JPEGImages") || has("SegmentationClass"),
        Format::Rgbd => has("rgb") && (has("depth") || has("seg")),
        Format::Coco => has("annotations"),
        Format::Folders => has("masks") || has("train/images") || has("train/masks"),
        Format::Auto => false,
    }
}

/// Whether a folder of this format has these labels.
pub(super) fn brings(root: &Path, format: Format, labels: LabelKind) -> bool {
    match (format, labels) {
        (Format::Voc | Format::Folders, LabelKind::Classes) => true,
        (Format::Rgbd, LabelKind::Depth) => root.join("depth").is_dir(),
        (Format::Rgbd, LabelKind::Classes) => root.join("seg").is_dir(),
        (Format::Coco, LabelKind::Keypoints) => true,
        _ => false,
    }
}
