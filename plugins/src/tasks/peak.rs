//! Where a heatmap has its peak.

use nasfw_sdk::Prediction;

/// The peak of the heatmap in `channel`, as `(x, y)` in pixels of the image.
///
/// The largest value, first in row order among equals, moved by a quarter pixel of the map towards
/// the larger of its two neighbours in each direction (Newell et al. 2016); at the border or
/// between equals it stays. Pixel centres are at integers on both sides, so map column `i` is
/// image column `(i + 1/2) · W / w − 1/2`.
///
/// `None` when the prediction has no pixel, no such channel, or fewer values than its size says.
pub fn peak(prediction: &Prediction<'_>, channel: usize) -> Option<(f32, f32)> {
    let &Prediction {
        height,
        width,
        channels,
        values,
        ..
    } = prediction;
    let count = height.checked_mul(width)?.checked_mul(channels)?;
    if count == 0 || values.len() < count || channel >= channels {
        return None;
    }
    let at = |row: usize, column: usize| values[(row * width + column) * channels + channel];
    let mut best = (0, 0, f32::NEG_INFINITY);
    for row in 0..height {
        for column in 0..width {
            // NaN compares false and never wins.
            if at(row, column) > best.2 {
                best = (row, column, at(row, column));
            }
        }
    }
    let (row, column, _) = best;
    let mut x = column as f32;
    let mut y = row as f32;
    if column > 0 && column + 1 < width {
        x += quarter_towards_larger(at(row, column - 1), at(row, column + 1));
    }
    if row > 0 && row + 1 < height {
        y += quarter_towards_larger(at(row - 1, column), at(row + 1, column));
    }
    let (image_width, image_height) = prediction.image_size_px;
    let to_image = |at: f32, map: usize, image: usize| (at + 0.5) * image as f32 / map as f32 - 0.5;
    Some((
        to_image(x, width, image_width),
        to_image(y, height, image_height),
    ))
}

fn quarter_towards_larger(before: f32, after: f32) -> f32 {
    if after > before {
        0.25
    } else if before > after {
        -0.25
    } else {
        0.0
    }
}
