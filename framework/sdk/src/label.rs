//! Labels: the ground truth of an image.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::size::Size;

/// The kind of ground truth that a task learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelKind {
    /// One class index per pixel.
    Classes,
    /// One depth in metres per pixel.
    Depth,
    /// One point per joint.
    Keypoints,
}

/// The ground truth of one image. Maps are row-major, the first row at the top.
#[derive(Clone, Debug, PartialEq)]
pub enum Label {
    /// Class indices.
    Classes {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// `height * width` class indices; the task's ignore value marks ignored pixels.
        values: Vec<u8>,
    },
    /// Depths in metres; 0 marks a pixel without depth.
    Depth {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// `height * width` depths in metres.
        values: Vec<f32>,
    },
    /// Joint positions.
    Keypoints {
        /// One per joint, in the data set's order.
        points: Vec<Keypoint>,
        /// The length in pixels that errors are measured by: the longer side of the object's box,
        /// or the head segment for PCKh.
        reference_px: f32,
    },
}

impl Label {
    /// A label in which nothing is marked yet: class 0 or no depth in every pixel, or `joints`
    /// invisible joints.
    pub fn blank(kind: LabelKind, size_px: Size, joints: usize) -> Self {
        let Size { width, height } = size_px;
        match kind {
            LabelKind::Classes => Self::Classes {
                width,
                height,
                values: vec![0; size_px.area()],
            },
            LabelKind::Depth => Self::Depth {
                width,
                height,
                values: vec![0.0; size_px.area()],
            },
            LabelKind::Keypoints => {
                let point = Keypoint {
                    x_px: 0.0,
                    y_px: 0.0,
                    visible: false,
                };
                Self::Keypoints {
                    points: vec![point; joints],
                    reference_px: 0.0,
                }
            }
        }
    }

    /// The kind of this label.
    pub fn kind(&self) -> LabelKind {
        match self {
            Self::Classes { .. } => LabelKind::Classes,
            Self::Depth { .. } => LabelKind::Depth,
            Self::Keypoints { .. } => LabelKind::Keypoints,
        }
    }

    /// The size of a map and the number of its values; `None` for keypoints.
    pub fn map(&self) -> Option<(Size, usize)> {
        match self {
            Self::Classes {
                width,
                height,
                values,
            } => Some((Size::new(*width, *height), values.len())),
            Self::Depth {
                width,
                height,
                values,
            } => Some((Size::new(*width, *height), values.len())),
            Self::Keypoints { .. } => None,
        }
    }

    /// The error for a label of this kind where one of kind `wanted` is needed.
    pub fn unlike(&self, wanted: LabelKind) -> Error {
        Error::invalid(
            "truth",
            format!("{:?}", self.kind()),
            format!("this task needs {wanted:?}"),
        )
    }
}

/// One joint. The centre of the pixel in column `i`, row `j` is at `(i, j)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Keypoint {
    /// Horizontal position in pixels.
    pub x_px: f32,
    /// Vertical position in pixels.
    pub y_px: f32,
    /// True if the joint is labelled and inside the image.
    pub visible: bool,
}

/// Facts about a whole data set, known before any image is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataInfo {
    /// Class names; index 0 is the background.
    pub classes: Vec<String>,
    /// Joint names.
    pub joints: Vec<String>,
    /// Pairs of joints that a left-right flip exchanges. `None` if flips are not valid for this
    /// set.
    pub flip_pairs: Option<Vec<(usize, usize)>>,
    /// Pairs of joints to draw a line between.
    pub skeleton: Vec<(usize, usize)>,
}
