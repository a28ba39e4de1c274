//! Opening a COCO keypoints set: everything that can be checked without decoding an image.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nasfw_sdk::DataInfo;

use super::file::{Category, CocoFile};
use super::objects::{Object, Part};
use crate::config::DataConfig;
use crate::error::DataError;
use crate::format::Format;
use crate::readers::{describe, listing, sound};
use crate::sample::{Dataset, Source};

/// Opens `annotations/train.json` and `annotations/val.json` with the images in `images/`.
///
/// Joints are those of the first category; objects of others, and those the file itself marks as
/// having no joints, are left out.
pub(in crate::readers) fn open(root: &Path, config: &DataConfig) -> Result<Source, DataError> {
    let files = ["train.json", "val.json"].map(|name| root.join("annotations").join(name));
    let mut problems = Vec::new();
    let mut read = |file: &Path| Part::read(root, file, config.box_margin, &mut problems);
    let ((train, category), (val, val_category)) = (read(&files[0])?, read(&files[1])?);
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
    let val_images: BTreeSet<&Path> = val.objects.iter().map(|o| o.image.as_path()).collect();
    problems.extend(images.intersection(&val_images).map(|both| {
        let name = both.display();
        disagree(format!("{name} is in both, but should be in one of them"))
    }));
    let all: Vec<&Path> = images.into_iter().chain(val_images).collect();
    let lists = files.iter().map(PathBuf::as_path);
    let fingerprint = listing::fingerprint(root, &[all, lists.collect()].concat());
    let fingerprint = sound(fingerprint, problems, [&train, &val])?;
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

impl Part {
    /// What is wrong with single images and annotations goes to `problems`.
    fn read(
        root: &Path,
        file: &Path,
        box_margin: f64,
        problems: &mut Vec<DataError>,
    ) -> Result<(Self, Category), DataError> {
        if !file.is_file() {
            return Err(DataError::Missing {
                path: file.to_owned(),
                needed: "the coco format needs this annotation file".to_owned(),
            });
        }
        let content = CocoFile::read(file)?;
        let category = first_category(file, content.categories)?;
        let before = problems.len();
        let duplicate = |what, name| DataError::Duplicate {
            path: file.to_owned(),
            what,
            name,
        };
        let mut images = BTreeMap::new();
        let mut names = BTreeSet::new();
        for image in &content.images {
            if images.insert(image.id, image).is_some() {
                problems.push(duplicate("the image id", image.id.to_string()));
            } else if !names.insert(&image.file_name) {
                problems.push(duplicate("the file name", image.file_name.clone()));
            }
        }
        let (folder, mut ids, mut absent) = (root.join("images"), BTreeSet::new(), BTreeSet::new());
        let mut objects = Vec::new();
        for annotation in content.annotations {
            if !ids.insert(annotation.id) {
                problems.push(duplicate("the annotation id", annotation.id.to_string()));
                continue;
            }
            let Some(image) = images.get(&annotation.image_id) else {
                let found = format!("its image_id {} is unknown", annotation.image_id);
                let expected = "it should be the id of one of `images`";
                problems.push(annotation.wrong(file, found, expected));
                continue;
            };
            if annotation.category_id != category.id || annotation.is_box_only() {
                continue;
            }
            let path = folder.join(&image.file_name);
            if path.is_file() {
                objects.push(Object {
                    image: path,
                    image_px: (image.width, image.height),
                    annotation,
                });
            } else if absent.insert(image.id) {
                problems.push(DataError::Missing {
                    path,
                    needed: format!("{} names this image", file.display()),
                });
            }
        }
        if objects.is_empty() && problems.len() == before {
            problems.push(DataError::Empty {
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
