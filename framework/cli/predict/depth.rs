//! Depth: a map in colours, and the depths themselves.

use nasfw_data::{Image, write_depth_png, write_png_rgb};
use nasfw_engine::predict::Answer;

use super::colour::depth_scale;
use super::{Place, Seen};
use crate::exit::Failure;

/// Units of the 16-bit map in a metre.
const MILLIMETRES: f64 = 1000.0;
/// Share of the pixels at either end that the colours do not tell apart, so that a few of them cannot
/// flatten all others.
const OUTLIERS: f64 = 0.01;

/// Writes `.depth.png` (colours, near is light) and `.depth_mm.png` (16 bits, millimetres, 0 where the
/// network predicted none above 0).
pub(super) fn show(
    answer: &Answer,
    (width, height): (usize, usize),
    place: &mut Place<'_>,
) -> Result<Seen, Failure> {
    let mut metres: Vec<f32> = Vec::with_capacity(width * height);
    answer.rows(|rows| {
        metres.extend(rows.chunks_exact(answer.channels()).map(|pixel| pixel[0]));
        Ok::<(), Failure>(())
    })?;
    let (near, far) = range(&metres);
    let scale = depth_scale();
    let span = (far - near).max(f32::MIN_POSITIVE);
    let pixels = metres.iter().flat_map(|&m| {
        // The cast saturates at both ends.
        scale[usize::from((255.0 * (m - near) / span).round() as u8)]
    });
    let coloured = Image {
        width,
        height,
        pixels: pixels.collect(),
    };
    place.picture(".depth.png", |path| write_png_rgb(path, &coloured))?;
    place.picture(".depth_mm.png", |path| {
        write_depth_png(path, width, height, &metres, MILLIMETRES)
    })?;
    Ok(Seen::Depth {
        near_m: near,
        far_m: far,
    })
}

/// The depths that get the first and the last colour.
fn range(metres: &[f32]) -> (f32, f32) {
    let mut sorted = metres.to_vec();
    let last = sorted.len().saturating_sub(1);
    let cut = (OUTLIERS * last as f64) as usize;
    let mut at = |index: usize| match sorted.is_empty() {
        true => 0.0,
        false => *sorted.select_nth_unstable_by(index, f32::total_cmp).1,
    };
    (at(cut), at(last - cut))
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn a_few_far_pixels_do_not_count() {
        let mut metres: Vec<f32> = (0..1000).map(|i| 1.0 + i as f32 / 1000.0).collect();
        metres[7] = 90.0;
        metres[500] = -4.0;
        let (near, far) = range(&metres);
        assert!(
            (1.0..1.02).contains(&near) && (1.98..2.0).contains(&far),
            "{near} {far}"
        );
        assert_eq!(range(&[]), (0.0, 0.0));
        assert_eq!(range(&[3.0]), (3.0, 3.0));
    }
}
