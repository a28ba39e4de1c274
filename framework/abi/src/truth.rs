//! Labels as flat slices, for scorers, losses and data sets on the other side.

use serde::{Deserialize, Serialize};

use nasfw_sdk::error::{Error, Result};
use nasfw_sdk::label::{Keypoint, Label, LabelKind};

/// Meaning of the numbers of labels; all labels of a call have one kind and one size.
///
/// Classes are bytes and depths floats, `(count, height, width)`. Keypoints are floats
/// `(count, joints, 3)`: x and y in pixels, and 1 where the joint is visible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truths {
    /// The kind of truth.
    pub kind: LabelKind,
    /// Number of labels.
    pub count: usize,
    /// Width of class and depth maps in pixels, else 0.
    #[serde(default)]
    pub width: usize,
    /// Height of class and depth maps in pixels, else 0.
    #[serde(default)]
    pub height: usize,
    /// Keypoints of a label, else 0.
    #[serde(default)]
    pub joints: usize,
    /// Per label of keypoints, the length that errors are measured by.
    #[serde(default)]
    pub references_px: Vec<f32>,
}

/// The numbers of some labels.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Classes.
    U8(Vec<u8>),
    /// Depths or keypoints.
    F32(Vec<f32>),
}

impl Truths {
    /// The largest number of elements that labels of a call may have.
    const MAX: usize = 1 << 31;

    /// Elements of all labels together; `None` when that is more than any data has.
    pub fn elements(&self) -> Option<usize> {
        let one = match self.kind {
            LabelKind::Keypoints => self.joints.checked_mul(3)?,
            _ => self.width.checked_mul(self.height)?,
        };
        one.checked_mul(self.count).filter(|n| *n <= Self::MAX)
    }

    /// Labels as numbers.
    ///
    /// # Errors
    /// When they differ in kind or size.
    pub fn of(labels: &[&Label]) -> Result<(Self, Numbers)> {
        let kind = labels.first().map_or(LabelKind::Classes, |l| l.kind());
        let mut truths = Self {
            kind,
            count: labels.len(),
            width: 0,
            height: 0,
            joints: 0,
            references_px: Vec::new(),
        };
        let mut sizes = Vec::new();
        let mut bytes: Vec<u8> = Vec::new();
        let mut floats: Vec<f32> = Vec::new();
        for label in labels {
            let size = match label {
                Label::Classes {
                    width,
                    height,
                    values,
                } => {
                    bytes.extend_from_slice(values);
                    (*width, *height)
                }
                Label::Depth {
                    width,
                    height,
                    values,
                } => {
                    floats.extend_from_slice(values);
                    (*width, *height)
                }
                Label::Keypoints {
                    points,
                    reference_px,
                } => {
                    let visible = |p: &Keypoint| f32::from(u8::from(p.visible));
                    let flat = points.iter().flat_map(|p| [p.x_px, p.y_px, visible(p)]);
                    floats.extend(flat);
                    truths.references_px.push(*reference_px);
                    (points.len(), 0)
                }
            };
            sizes.push((label.kind(), size));
        }
        sizes.dedup();
        let (first, second) = sizes.first().map_or((0, 0), |s| s.1);
        match kind {
            LabelKind::Keypoints => truths.joints = first,
            _ => (truths.width, truths.height) = (first, second),
        }
        let numbers = match kind {
            LabelKind::Classes => Numbers::U8(bytes),
            _ => Numbers::F32(floats),
        };
        if sizes.len() > 1 || truths.elements() != Some(numbers.len()) {
            return Err(Error::invalid(
                "labels",
                format!("a mix of {sizes:?}"),
                "labels of a call have one kind and size, and as many values as that says",
            ));
        }
        Ok((truths, numbers))
    }

    /// The labels that some numbers stand for.
    ///
    /// # Errors
    /// When the numbers are of another kind or another count than this says.
    pub fn labels(&self, numbers: &Numbers) -> Result<Vec<Label>> {
        let misfit = || {
            Error::invalid(
                "labels",
                format!("{} values", numbers.len()),
                format!("{self:?} needs {:?} of its kind", self.elements()),
            )
        };
        if self.elements() != Some(numbers.len()) {
            return Err(misfit());
        }
        let (width, height) = (self.width, self.height);
        let one = numbers.len() / self.count.max(1);
        let part = |at: usize| at * one..(at + 1) * one;
        (0..self.count)
            .map(|at| match (self.kind, numbers) {
                (LabelKind::Classes, Numbers::U8(values)) => Ok(Label::Classes {
                    width,
                    height,
                    values: values[part(at)].to_vec(),
                }),
                (LabelKind::Depth, Numbers::F32(values)) => Ok(Label::Depth {
                    width,
                    height,
                    values: values[part(at)].to_vec(),
                }),
                (LabelKind::Keypoints, Numbers::F32(values)) => Ok(Label::Keypoints {
                    points: points(&values[part(at)]),
                    reference_px: self.references_px.get(at).copied().ok_or_else(misfit)?,
                }),
                _ => Err(misfit()),
            })
            .collect()
    }
}

impl Numbers {
    /// Number of labels.
    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::F32(values) => values.len(),
        }
    }

    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn points(values: &[f32]) -> Vec<Keypoint> {
    values
        .chunks_exact(3)
        .map(|p| Keypoint {
            x_px: p[0],
            y_px: p[1],
            visible: p[2] != 0.0,
        })
        .collect()
}
