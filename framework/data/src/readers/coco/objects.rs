//! COCO annotations as samples.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nasfw_sdk::{DataInfo, Keypoint, Label};

use super::file::{Annotation, Category, CocoFile};
use crate::codec::read_rgb;
use crate::config::{DataConfig, Format};
use crate::error::DataError;
use crate::readers::{describe, listing};
use crate::sample::{Dataset, Image, Sample, Source};

/// Opens `annotations/train.json` and `annotations/val.json` with the images in `images/`.
///
/// Joints are those of the first category; objects of others, and those the file itself marks as
/// having no joints, are left out.
pub(in crate::readers) fn open(root: &Path, config: &DataConfig) -> Result<Source, DataError> {
    let files = ["train.json", "val.json"].map(|name| root.join("annotations").join(name));
    let (train, category) = Part::read(root, &files[0], config.box_margin)?;
    let (val, val_category) = Part::read(root, &files[1], config.box_margin)?;
    let disagree = |what: String| DataError::Disagree {
        first: files[0].clone(),
        second: files[1].clone(),
        what,
    };
    if category.keypoints != val_category.keypoints {
        let what = "their first categories should have the same keypoints in the same order";
        return Err(disagree(what.to_owned()));
    }
    let images: BTreeSet<&Path> = train.objects.iter().map(|o| o.image.as_path()).collect();
    if let Some(both) = val
        .objects
        .iter()
        .find(|o| images.contains(o.image.as_path()))
    {
        let name = both.image.display();
        return Err(disagree(format!(
            "{name} is in both, but should be in one of them"
        )));
    }
    let val_images = val.objects.iter().map(|o| o.image.as_path());
    let all: Vec<&Path> = images.into_iter().chain(val_images).collect();
    let lists = files.iter().map(PathBuf::as_path);
    let fingerprint = listing::fingerprint(root, &[all, lists.collect()].concat())?;
    let joints = category.keypoints;
    let (n, what) = (joints.len(), category.name);
    let what = format!("{n} joints of {what}");
    Ok(Source {
        description: describe(root, Format::Coco, train.len(), val.len(), &what),
        info: DataInfo {
            flip_pairs: flip_pairs(&joints),
            skeleton: category
                .skeleton
                .iter()
                .map(|[a, b]| (a - 1, b - 1))
                .collect(),
            joints,
            classes: Vec::new(),
        },
        train: Arc::new(train),
        val: Arc::new(val),
        fingerprint,
    })
}

/// Joints that a flip exchanges: `left` and `right` in otherwise equal names. `None` when there are
/// no such names or one lacks its partner: then nobody knows what a flip does.
fn flip_pairs(joints: &[String]) -> Option<Vec<(usize, usize)>> {
    let lower: Vec<String> = joints.iter().map(|j| j.to_lowercase()).collect();
    let sided = |side: &str| lower.iter().filter(|j| j.contains(side)).count();
    let mut pairs = Vec::new();
    for (left, name) in lower.iter().enumerate().filter(|(_, j)| j.contains("left")) {
        let partner = name.replacen("left", "right", 1);
        pairs.push((left, lower.iter().position(|j| *j == partner)?));
    }
    (!pairs.is_empty() && sided("right") == pairs.len()).then_some(pairs)
}

/// One annotation with the image it is in.
struct Object {
    image: PathBuf,
    image_px: (usize, usize),
    annotation: Annotation,
}

/// Training or validation part.
struct Part {
    file: PathBuf,
    joints: Vec<String>,
    box_margin: f64,
    objects: Vec<Object>,
}

impl Part {
    fn read(root: &Path, file: &Path, box_margin: f64) -> Result<(Self, Category), DataError> {
        if !file.is_file() {
            return Err(DataError::Missing {
                path: file.to_owned(),
                needed: "the coco format needs this annotation file".to_owned(),
            });
        }
        let content = CocoFile::read(file)?;
        let category = first_category(file, content.categories)?;
        let folder = root.join("images");
        let mut images = BTreeMap::new();
        let mut names = BTreeSet::new();
        for image in &content.images {
            let id = image.id.to_string();
            let duplicate = |what, name| DataError::Duplicate {
                path: file.to_owned(),
                what,
                name,
            };
            if images.insert(image.id, image).is_some() {
                return Err(duplicate("the image id", id));
            }
            if !names.insert(&image.file_name) {
                return Err(duplicate("the file name", image.file_name.clone()));
            }
        }
        let mut ids = BTreeSet::new();
        let mut objects = Vec::new();
        for annotation in content.annotations {
            if !ids.insert(annotation.id) {
                return Err(DataError::Duplicate {
                    path: file.to_owned(),
                    what: "the annotation id",
                    name: annotation.id.to_string(),
                });
            }
            let Some(image) = images.get(&annotation.image_id) else {
                return Err(DataError::Annotation {
                    path: file.to_owned(),
                    annotation: annotation.id,
                    found: format!("its image_id {} is unknown", annotation.image_id),
                    expected: "it should be the id of one of `images`".to_owned(),
                });
            };
            if annotation.category_id != category.id || annotation.is_box_only() {
                continue;
            }
            let path = folder.join(&image.file_name);
            if !path.is_file() {
                return Err(DataError::Missing {
                    path,
                    needed: format!("{} names this image", file.display()),
                });
            }
            objects.push(Object {
                image: path,
                image_px: (image.width, image.height),
                annotation,
            });
        }
        if objects.is_empty() {
            return Err(DataError::Empty {
                path: file.to_owned(),
                needed: format!("it should annotate keypoints of `{}`", category.name),
            });
        }
        let part = Self {
            file: file.to_owned(),
            joints: category.keypoints.clone(),
            box_margin,
            objects,
        };
        Ok((part, category))
    }

    fn wrong(&self, object: &Object, found: String, expected: impl Into<String>) -> DataError {
        DataError::Annotation {
            path: self.file.clone(),
            annotation: object.annotation.id,
            found,
            expected: expected.into(),
        }
    }

    /// The joints in pixels of the whole image, each on it or invisible.
    fn points(&self, object: &Object) -> Result<Vec<Keypoint>, DataError> {
        let numbers = &object.annotation.keypoints;
        let (triples, rest) = numbers.as_chunks::<3>();
        if triples.len() != self.joints.len() || !rest.is_empty() {
            let found = format!("{} keypoint numbers", numbers.len());
            let n = self.joints.len();
            let expected = format!("{n} joints of three numbers (x, y, v) make {}", 3 * n);
            return Err(self.wrong(object, found, expected));
        }
        let mut points = Vec::with_capacity(triples.len());
        for (&[x, y, v], joint) in triples.iter().zip(&self.joints) {
            if v != 0.0 && v != 1.0 && v != 2.0 {
                let found = format!("joint `{joint}` has v = {v}");
                return Err(self.wrong(object, found, "v should be 0, 1 or 2"));
            }
            let (width, height) = (object.image_px.0 as f64, object.image_px.1 as f64);
            // Edges count: annotators' tools measure from 0 to the full width.
            let inside = (-0.5..=width).contains(&x) && (-0.5..=height).contains(&y);
            if v > 0.0 && !inside {
                let found = format!("joint `{joint}` is at ({x}, {y})");
                let expected = format!(
                    "a labelled joint should be inside the image, {width} x {height} pixels; \
                     one that is not gets v = 0"
                );
                return Err(self.wrong(object, found, expected));
            }
            points.push(Keypoint {
                x_px: x as f32,
                y_px: y as f32,
                visible: v > 0.0,
            });
        }
        Ok(points)
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
        let mut points = self.points(object)?;
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

fn first_category(file: &Path, categories: Vec<Category>) -> Result<Category, DataError> {
    let needed = "`categories` should start with a category that has `keypoints`";
    let category = categories.into_iter().next();
    let category = category.filter(|c| !c.keypoints.is_empty());
    let category = category.ok_or_else(|| DataError::Empty {
        path: file.to_owned(),
        needed: needed.to_owned(),
    })?;
    let joints = category.keypoints.len();
    if let Some(pair) = category
        .skeleton
        .iter()
        .find(|pair| pair.iter().any(|&j| j < 1 || j > joints))
    {
        return Err(DataError::Disagree {
            first: file.to_owned(),
            second: file.to_owned(),
            what: format!("the skeleton's pair {pair:?} should number joints from 1 to {joints}"),
        });
    }
    let mut seen = BTreeSet::new();
    match category.keypoints.iter().find(|joint| !seen.insert(*joint)) {
        Some(twice) => Err(DataError::Duplicate {
            path: file.to_owned(),
            what: "the joint",
            name: twice.clone(),
        }),
        None => Ok(category),
    }
}
