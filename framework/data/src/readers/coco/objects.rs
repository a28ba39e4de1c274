//! COCO annotations as samples.

use std::path::PathBuf;

use nasfw_sdk::{Label, Size};

use super::file::Annotation;
use crate::codec::read_rgb;
use crate::error::DataError;
use crate::sample::{Dataset, Image, Sample};

/// One annotation with the image it is in.
pub(super) struct Object {
    pub(super) image: PathBuf,
    pub(super) image_size: Size,
    pub(super) annotation: Annotation,
}

/// The annotated objects of one split.
pub(super) struct ObjectSet {
    pub(super) file: PathBuf,
    pub(super) joints: Vec<String>,
    pub(super) box_margin: f64,
    pub(super) objects: Vec<Object>,
}

/// A part of an image, in whole pixels.
struct Crop {
    left: usize,
    top: usize,
    size: Size,
}

impl ObjectSet {
    fn wrong(&self, object: &Object, found: String, expected: impl Into<String>) -> DataError {
        object.annotation.wrong(&self.file, found, expected)
    }

    /// The crop around an object, with its margin.
    fn crop(&self, object: &Object) -> Result<Crop, DataError> {
        let [x, y, width, height] = object.annotation.bbox;
        let margin = self.box_margin * width.max(height);
        let span = |from: f64, len: f64, limit: usize| {
            let first = (from - margin).floor().max(0.0) as usize;
            let end = ((from + len + margin).ceil().max(0.0) as usize).min(limit);
            (width > 0.0 && height > 0.0 && first < end).then(|| (first, end - first))
        };
        match (
            span(x, width, object.image_size.width),
            span(y, height, object.image_size.height),
        ) {
            (Some((left, width)), Some((top, height))) => Ok(Crop {
                left,
                top,
                size: Size::new(width, height),
            }),
            _ => {
                let found = format!("its bbox is [{x}, {y}, {width}, {height}]");
                let expected = format!(
                    "left, top, width and height should mark a part of the {} image",
                    object.image_size
                );
                Err(self.wrong(object, found, expected))
            }
        }
    }
}

impl Dataset for ObjectSet {
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
            .points(&self.file, &self.joints, object.image_size)?;
        let crop = self.crop(object)?;
        let image = read_rgb(&object.image)?;
        if image.size != object.image_size {
            return Err(DataError::SizeMismatch {
                image: object.image.clone(),
                image_size: image.size,
                label: self.file.clone(),
                label_size: object.image_size,
            });
        }
        for point in &mut points {
            point.x_px -= crop.left as f32;
            point.y_px -= crop.top as f32;
            let inside = |at: f32, len: usize| at >= -0.5 && at < len as f32 - 0.5;
            point.visible &=
                inside(point.x_px, crop.size.width) && inside(point.y_px, crop.size.height);
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
            image: cut(&image, &crop),
            label: Label::Keypoints {
                points,
                reference_px: box_width.max(box_height) as f32,
            },
        })
    }
}

/// A part of an image; the part must lie inside it.
fn cut(image: &Image, crop: &Crop) -> Image {
    let rows = image
        .pixels
        .chunks_exact(image.size.width * 3)
        .skip(crop.top)
        .take(crop.size.height);
    Image {
        size: crop.size,
        pixels: rows
            .flat_map(|row| &row[crop.left * 3..(crop.left + crop.size.width) * 3])
            .copied()
            .collect(),
    }
}
