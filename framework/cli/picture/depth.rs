//! Depth maps in colours.

use nasfw::data::Image;
use nasfw::model::predict::Output;
use nasfw::sdk::Size;

use super::colour::depth_scale;

/// Share of the pixels clipped at either end of the colour scale, so that a few outliers do not
/// compress the rest.
const OUTLIERS: f64 = 0.01;

/// The predicted depth in metres of every pixel of the image, row-major.
pub(crate) fn of_answer(answer: &Output) -> Vec<f32> {
    let mut metres: Vec<f32> = Vec::new();
    let never_fails: Result<(), std::convert::Infallible> = answer.rows(|rows| {
        metres.extend(rows.chunks_exact(answer.channels()).map(|pixel| pixel[0]));
        Ok(())
    });
    match never_fails {
        Ok(()) => metres,
    }
}

/// The depths in metres at the first and the last colour.
pub(crate) fn range(metres: &[f32]) -> (f32, f32) {
    let mut sorted = metres.to_vec();
    let last = sorted.len().saturating_sub(1);
    let cut = (OUTLIERS * last as f64) as usize;
    let mut at = |index: usize| {
        if sorted.is_empty() {
            0.0
        } else {
            *sorted.select_nth_unstable_by(index, f32::total_cmp).1
        }
    };
    (at(cut), at(last - cut))
}

/// Renders a depth map in colours, near is light.
pub(crate) fn coloured(metres: &[f32], size: Size, (near, far): (f32, f32)) -> Image {
    let scale = depth_scale();
    let span = (far - near).max(f32::MIN_POSITIVE);
    let pixels = metres.iter().flat_map(|&m| {
        // The cast saturates at both ends.
        scale[usize::from((255.0 * (m - near) / span).round() as u8)]
    });
    Image {
        size,
        pixels: pixels.collect(),
    }
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
