//! The COCO annotation file.

use std::path::Path;

use nasfw_sdk::{Keypoint, Size};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::readers::listing::text;

/// A COCO annotation file, as far as keypoints need it; other fields are ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CocoFile {
    /// The images.
    pub images: Vec<CocoImage>,
    /// The objects in them.
    pub annotations: Vec<Annotation>,
    /// The kinds of objects, with their joints.
    pub categories: Vec<Category>,
}

/// One image of a [`CocoFile`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CocoImage {
    /// Id, unique in the file, that annotations refer to.
    pub id: u64,
    /// Name within the folder of images.
    pub file_name: String,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
}

/// One object of a [`CocoFile`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Annotation {
    /// Id, unique in the file.
    pub id: u64,
    /// The image it is in.
    pub image_id: u64,
    /// The kind of object.
    pub category_id: u64,
    /// `x, y, v` per joint: pixels from the top left and 0 for not labelled, 1 for labelled but
    /// hidden, 2 for labelled and visible.
    #[serde(default)]
    pub keypoints: Vec<f64>,
    /// Number of joints with `v > 0`, if the file says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_keypoints: Option<usize>,
    /// Left, top, width and height in pixels.
    pub bbox: [f64; 4],
    /// 1 for a crowd, which has no joints of its own.
    #[serde(default)]
    pub iscrowd: u8,
}

impl Annotation {
    /// True when the file itself says that this object has no joints: a crowd, or `num_keypoints`
    /// 0.
    pub fn is_box_only(&self) -> bool {
        self.iscrowd != 0 || self.num_keypoints == Some(0)
    }

    /// The joints called `joints` in pixels of the whole image of this size: each on it or
    /// invisible.
    ///
    /// # Errors
    /// When there are more or fewer of them, or one is where none can be; the message names `file`.
    pub fn points(
        &self,
        file: &Path,
        joints: &[String],
        image: Size,
    ) -> Result<Vec<Keypoint>, DataError> {
        let (triples, rest) = self.keypoints.as_chunks::<3>();
        if triples.len() != joints.len() || !rest.is_empty() {
            let found = format!("{} keypoint numbers", self.keypoints.len());
            let n = joints.len();
            let expected = format!("{n} joints of three numbers (x, y, v) make {}", 3 * n);
            return Err(self.wrong(file, found, expected));
        }
        let mut points = Vec::with_capacity(triples.len());
        for (&[x, y, v], joint) in triples.iter().zip(joints) {
            if v != 0.0 && v != 1.0 && v != 2.0 {
                let found = format!("joint `{joint}` has v = {v}");
                return Err(self.wrong(file, found, "v should be 0, 1 or 2"));
            }
            // Edges count: annotators' tools measure from 0 to the full width.
            let inside = (-0.5..=image.width as f64).contains(&x)
                && (-0.5..=image.height as f64).contains(&y);
            if v > 0.0 && !inside {
                let found = format!("joint `{joint}` is at ({x}, {y})");
                let expected = format!(
                    "a labelled joint should be inside the image, {image} pixels; one that is not \
                     gets v = 0"
                );
                return Err(self.wrong(file, found, expected));
            }
            points.push(Keypoint {
                x_px: x as f32,
                y_px: y as f32,
                visible: v > 0.0,
            });
        }
        Ok(points)
    }

    /// An error about this annotation of `file`.
    pub fn wrong(
        &self,
        file: &Path,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> DataError {
        DataError::Annotation {
            path: file.into(),
            annotation: self.id,
            found: found.into(),
            expected: expected.into(),
        }
    }
}

/// One kind of object of a [`CocoFile`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Category {
    /// Id, unique in the file, that annotations refer to.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Joint names in the order of the annotations' keypoints.
    #[serde(default)]
    pub keypoints: Vec<String>,
    /// Pairs of joints to draw a line between, counted from 1.
    #[serde(default)]
    pub skeleton: Vec<[usize; 2]>,
}

impl CocoFile {
    /// Reads and parses a file; its content is not checked further.
    ///
    /// # Errors
    /// When the file cannot be read, or with line and column where it is no such JSON.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        read_json(path)
    }
}

pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, DataError> {
    let content = text(path)?;
    serde_json::from_str(&content).map_err(|error| {
        let mut reason = error.to_string();
        // The error names the position itself.
        if let Some(at) = reason.rfind(" at line ") {
            reason.truncate(at);
        }
        let line = content.lines().nth(error.line().saturating_sub(1));
        if !error.is_eof() && line.is_some_and(|l| names_no_number(l, error.column())) {
            reason += "; JSON has no NaN or Infinity: write x = y = v = 0 for a joint without \
                       position";
        }
        DataError::Syntax {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            reason,
        }
    })
}

/// True when one of the words that Python writes for numbers that JSON lacks stands at a column
/// (bytes from 1). The parser may stop at the word's first or second letter.
fn names_no_number(line: &str, column: usize) -> bool {
    (column.saturating_sub(2)..=column).any(|at| {
        let rest = line.get(at..).unwrap_or("");
        ["NaN", "Infinity", "-Infinity"]
            .iter()
            .any(|word| rest.starts_with(word))
    })
}
