//! Pose: the joints drawn on the image, and their positions.

use std::path::Path;

use nasfw_data::{Image, write_png_rgb};
use nasfw_engine::predict::Answer;
use nasfw_plugins::tasks::peak;
use nasfw_sdk::DataInfo;
use serde::Serialize;

use super::colour::{blend, of_class};
use super::{Place, Seen, draw};
use crate::exit::Failure;

/// The least score of a joint that is drawn; trained peaks are near 1.
const LEAST_SCORE: f32 = 0.25;

/// What `.pose.json` says.
#[derive(Serialize)]
struct Pose<'a> {
    image: &'a Path,
    width_px: usize,
    height_px: usize,
    keypoints: Vec<Joint<'a>>,
    /// Pairs of joints, by their places above.
    skeleton: &'a [(usize, usize)],
}

/// A joint. The centre of the pixel in column `i`, row `j` is at `(i, j)`.
#[derive(Serialize)]
struct Joint<'a> {
    name: &'a str,
    x_px: f32,
    y_px: f32,
    /// The largest value of its heatmap.
    score: f32,
}

/// Writes `.pose.png` and `.pose.json`.
pub(super) fn show(
    path: &Path,
    image: &Image,
    answer: &Answer,
    data: &DataInfo,
    place: &mut Place<'_>,
) -> Result<Seen, Failure> {
    let prediction = answer.prediction();
    let mut keypoints = Vec::new();
    for (channel, name) in (0..prediction.channels).zip(&data.joints) {
        let Some((x_px, y_px)) = peak(&prediction, channel) else {
            return Err(Failure::Failed("the output has no pixel".into()));
        };
        let values = prediction.values.iter().skip(channel);
        let score = values.step_by(prediction.channels).copied();
        keypoints.push(Joint {
            name,
            x_px,
            y_px,
            score: score.fold(f32::NEG_INFINITY, f32::max),
        });
    }
    let mut picture = image.clone();
    let drawn = draw_pose(&mut picture, &keypoints, &data.skeleton);
    place.picture(".pose.png", |path| write_png_rgb(path, &picture))?;
    let pose = Pose {
        image: path,
        width_px: image.width,
        height_px: image.height,
        skeleton: &data.skeleton,
        keypoints,
    };
    let mut json = serde_json::to_vec_pretty(&pose).map_err(std::io::Error::from)?;
    json.push(b'\n');
    place.file(".pose.json", |path| std::fs::write(path, json))?;
    Ok(Seen::Keypoints {
        drawn,
        joints: pose.keypoints.len(),
    })
}

/// Draws lines between joints, then the joints, each with a dark rim; how many joints.
fn draw_pose(picture: &mut Image, joints: &[Joint<'_>], skeleton: &[(usize, usize)]) -> usize {
    const RIM: [u8; 3] = [20; 3];
    let side = picture.width.min(picture.height) as f32;
    let bone = (side / 80.0).max(1.2);
    let rim = (side / 240.0).clamp(0.8, 3.0);
    let is_drawn = |joint: usize| joints.get(joint).is_some_and(|j| j.score >= LEAST_SCORE);
    let place = |joint: usize| (joints[joint].x_px, joints[joint].y_px);
    let colour = |joint: usize| of_class(u8::try_from(joint % 255 + 1).unwrap_or(1));
    let bones = (skeleton.iter()).filter(|(a, b)| is_drawn(*a) && is_drawn(*b));
    for &(a, b) in bones.clone() {
        draw::line(picture, place(a), place(b), bone + 2.0 * rim, RIM, 0.6);
    }
    for &(a, b) in bones {
        let mixed = blend(colour(a), colour(b), 0.5);
        draw::line(picture, place(a), place(b), bone, mixed, 1.0);
    }
    let shown: Vec<usize> = (0..joints.len()).filter(|&j| is_drawn(j)).collect();
    for &joint in &shown {
        let at = place(joint);
        draw::line(picture, at, at, 2.4 * bone + 2.0 * rim, RIM, 0.8);
        draw::line(picture, at, at, 2.4 * bone, colour(joint), 1.0);
    }
    shown.len()
}
