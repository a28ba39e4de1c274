//! Pose: the joints drawn on the image, and their positions.

use std::path::Path;

use nasfw::data::{Image, write_png_rgb};
use nasfw::model::predict::Output;
use nasfw::sdk::DataInfo;
use serde::Serialize;

use super::{OutputFiles, Summary};
use crate::exit::Failure;
use crate::picture::pose;

/// The contents of `.pose.json`.
#[derive(Serialize)]
struct Pose<'a> {
    image: &'a Path,
    width_px: usize,
    height_px: usize,
    keypoints: Vec<Keypoint<'a>>,
    /// Pairs of joints, as indices into `keypoints`.
    skeleton: &'a [(usize, usize)],
}

/// A joint. The centre of the pixel in column `i`, row `j` is at `(i, j)`.
#[derive(Serialize)]
struct Keypoint<'a> {
    name: &'a str,
    x_px: f32,
    y_px: f32,
    /// The maximum of its heatmap.
    score: f32,
}

/// Writes `.pose.png` and `.pose.json`.
pub(super) fn show(
    path: &Path,
    image: &Image,
    answer: &Output,
    data: &DataInfo,
    files: &mut OutputFiles<'_>,
) -> Result<Summary, Failure> {
    let joints = pose::of_answer(answer, data.joints.len())?;
    let (picture, drawn) = pose::on_image(image, &joints, &data.skeleton);
    files.picture(".pose.png", |path| write_png_rgb(path, &picture))?;
    let keypoints = (joints.iter().zip(&data.joints)).map(|(joint, name)| Keypoint {
        name,
        x_px: joint.x_px,
        y_px: joint.y_px,
        score: joint.score,
    });
    let keypoints: Vec<Keypoint<'_>> = keypoints.collect();
    let pose_of_image = Pose {
        image: path,
        width_px: image.size.width,
        height_px: image.size.height,
        skeleton: &data.skeleton,
        keypoints,
    };
    let mut json = serde_json::to_vec_pretty(&pose_of_image).map_err(std::io::Error::from)?;
    json.push(b'\n');
    files.file(".pose.json", |path| std::fs::write(path, json))?;
    Ok(Summary::Keypoints {
        drawn,
        joints: pose_of_image.keypoints.len(),
    })
}
