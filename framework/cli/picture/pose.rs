//! Joints drawn on their image.

use nasfw::data::Image;
use nasfw::model::predict::Output;
use nasfw::plugins::tasks::peak;

use super::colour::{blend, of_class};
use super::draw;
use crate::exit::Failure;

/// Minimum score of a drawn joint; trained peaks are near 1.
const MIN_SCORE: f32 = 0.25;

/// A joint's position. The centre of the pixel in column `i`, row `j` is at `(i, j)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Joint {
    /// Horizontal position in pixels.
    pub(crate) x_px: f32,
    /// Vertical position in pixels.
    pub(crate) y_px: f32,
    /// The maximum of its heatmap.
    pub(crate) score: f32,
}

/// The predicted joints, one for each of `count` channels.
///
/// # Errors
/// When its output has no pixel.
pub(crate) fn of_answer(answer: &Output, count: usize) -> Result<Vec<Joint>, Failure> {
    let prediction = answer.prediction();
    (0..prediction.channels.min(count))
        .map(|channel| {
            let Some((x_px, y_px)) = peak(&prediction, channel) else {
                return Err(Failure::Failed("the output has no pixel".into()));
            };
            let values = prediction.values.iter().skip(channel);
            let score = values.step_by(prediction.channels).copied();
            let score = score.fold(f32::NEG_INFINITY, f32::max);
            Ok(Joint { x_px, y_px, score })
        })
        .collect()
}

/// Draws lines between joints, then the joints, each with a dark rim, on the image; also returns
/// the number of joints drawn.
pub(crate) fn on_image(
    image: &Image,
    joints: &[Joint],
    skeleton: &[(usize, usize)],
) -> (Image, usize) {
    const RIM: [u8; 3] = [20; 3];
    let mut picture = image.clone();
    let side = picture.size.shorter() as f32;
    let bone = (side / 80.0).max(1.2);
    let rim = (side / 240.0).clamp(0.8, 3.0);
    let is_drawn = |joint: usize| joints.get(joint).is_some_and(|j| j.score >= MIN_SCORE);
    let place = |joint: usize| (joints[joint].x_px, joints[joint].y_px);
    let colour = |joint: usize| of_class(u8::try_from(joint % 255 + 1).unwrap_or(1));
    let bones = (skeleton.iter()).filter(|(a, b)| is_drawn(*a) && is_drawn(*b));
    for &(a, b) in bones.clone() {
        let width = bone + 2.0 * rim;
        draw::line(&mut picture, place(a), place(b), width, RIM, 0.6);
    }
    for &(a, b) in bones {
        let mixed = blend(colour(a), colour(b), 0.5);
        draw::line(&mut picture, place(a), place(b), bone, mixed, 1.0);
    }
    let shown: Vec<usize> = (0..joints.len()).filter(|&j| is_drawn(j)).collect();
    for &joint in &shown {
        let at = place(joint);
        let width = 2.4 * bone;
        draw::line(&mut picture, at, at, width + 2.0 * rim, RIM, 0.8);
        draw::line(&mut picture, at, at, width, colour(joint), 1.0);
    }
    (picture, shown.len())
}
