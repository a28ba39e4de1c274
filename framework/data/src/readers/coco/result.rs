//! The COCO file of keypoint results.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::file::read_json;
use crate::error::DataError;

/// One predicted object in a COCO keypoint results file, which is an array of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeypointResult {
    /// The image it is in.
    pub image_id: u64,
    /// The kind of object.
    pub category_id: u64,
    /// `x, y, v` per joint, in pixels of the whole image; evaluation ignores `v`.
    pub keypoints: Vec<f64>,
    /// Confidence; higher is surer.
    pub score: f64,
}

/// Reads a COCO keypoint results file.
///
/// # Errors
/// When the file cannot be read, with line and column where it is no such JSON, or when the number
/// of a result's `keypoints` is not a multiple of 3.
pub fn read_keypoint_results(path: &Path) -> Result<Vec<KeypointResult>, DataError> {
    let results: Vec<KeypointResult> = read_json(path)?;
    for (index, result) in results.iter().enumerate() {
        if result.keypoints.len() % 3 != 0 {
            return Err(DataError::Annotation {
                path: path.to_owned(),
                annotation: index as u64,
                found: format!("{} keypoint numbers", result.keypoints.len()),
                expected: "there should be three (x, y, v) for each joint".to_owned(),
            });
        }
    }
    Ok(results)
}
