//! COCO annotations as samples.

use std::path::PathBuf;

use nasfw_sdk::Label;

use super::file::Annotation;
use crate::codec::read_rgb;
use crate::error::DataError;
use crate::sample::{Dataset, Image, Sample};

/// One annotation with the image it is in.
pub(super) struct Object {
    pub(super) image: PathBuf,
    pub(super) image_px: (usize, usize),
    pub(super) annotation: Annotation,
}

/// Training or validation part.
pub(super) struct Part {
    pub(super) file: PathBuf,
    pub(super) joints: Vec<String>,
    pub(super) box_margin: f64,
    pub(super) objects: Vec<Object>,
}

impl Part {
    fn wrong(&self, object: &Object, found: String, expected: impl Into<String>) -> DataError {
        object.annotation.wrong(&self.file, found, expected)
    }

    /// Columns and rows of the crop, as (left, top, width, height) in whole pixels.
    fn crop(&self, object: &Object) -> Result<(usize, usize, usize, usize), DataError> {
        let [x, y, width, height] = object.annotation.bbox;
        let margin = self.box_margin * width.max(height);
        let span = |from: f64, len: f64, limit: usize| {
            let first = (from - margin).floor().max(0.0) as usize;
            let end = ((from + len + margin).ceil().max(0.0) as usize).min(limit);
            (width > 0.0 && height > 0.0 && first < end).then(|| (first, end - first))
        };
        match (
            span(x, width, object.image_px.0),
            span(y, height, object.image_px.1),
        ) {
            (Some((left, width)), Some((top, height))) => Ok((left, top, width, height)),
            _ => {
                let found = format!("its bbox is [{x}, {y}, {width}, {height}]");
                let (w, h) = object.image_px;
                let expected = format!(
                    "left, top, width and height should mark a part of the {w} x {h} image"
                );
                Err(self.wrong(object, found, expected))
            }
        }
    }
}

impl Dataset for Part {
    fn len(&self) -> usize {
        self.objects.len()
    }

    fn name(&self, index: usize) -> String {
        match self.objects.get(index) {
            Some(object) => {
                let name = object.image.file_name().unwrap_or_default();
                let id = object.annotation.id;
                format!("{} annotation {id}", name.to_string_lossy())
            }
            None => format!("sample {index}"),
        }
    }

    fn read(&self, index: usize) -> Result<Sample, DataError> {
        let object = self.objects.get(index).ok_or(DataError::NoSample {
            index,
            len: self.objects.len(),
        })?;
        let mut points = object
            .annotation
            .points(&self.file, &self.joints, object.image_px)?;
        let (left, top, width, height) = self.crop(object)?;
        let image = read_rgb(&object.image)?;
        if (image.width, image.height) != object.image_px {
            return Err(DataError::SizeMismatch {
                image: object.image.clone(),
                image_px: (image.width, image.height),
                label: self.file.clone(),
                label_px: object.image_px,
            });
        }
        for point in &mut points {
            point.x_px -= left as f32;
            point.y_px -= top as f32;
            let inside = |at: f32, len: usize| at >= -0.5 && at < len as f32 - 0.5;
            point.visible &= inside(point.x_px, width) && inside(point.y_px, height);
        }
        if !points.iter().any(|point| point.visible) {
            return Err(DataError::NothingLabelled {
                path: self.file.clone(),
                nothing: format!(
                    "annotation {} has no visible joint in its box",
                    object.annotation.id
                ),
            });
        }
        let [_, _, box_width, box_height] = object.annotation.bbox;
        Ok(Sample {
            image: cut(&image, (left, top, width, height)),
            label: Label::Keypoints {
                points,
                reference_px: box_width.max(box_height) as f32,
            },
        })
    }
}

/// A part of an image; the part must lie inside it.
fn cut(image: &Image, (left, top, width, height): (usize, usize, usize, usize)) -> Image {
    let rows = image
        .pixels
        .chunks_exact(image.width * 3)
        .skip(top)
        .take(height);
    Image {
        width,
        height,
        pixels: rows
            .flat_map(|row| &row[left * 3..(left + width) * 3])
            .copied()
            .collect(),
    }
}
