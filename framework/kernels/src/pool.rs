//! Global average pooling.

use crate::columns::chunk_sums;
use crate::output::Output;
use crate::parallel::for_chunks;
use crate::shape::MapShape;
use crate::simd::vectorised;

/// `y` (B, 1, 1, C) = the mean of `x` (B, H, W, C) over each image's pixels; zeros for images
/// without pixels.
///
/// # Panics
///
/// When a slice has the wrong length.
pub fn global_average_forward<'a>(input: MapShape, x: &[f32], y: impl Into<Output<'a>>) {
    let y = y.into();
    check(input, x.len(), y.len());
    if y.len() == 0 {
        return;
    }
    let pixels = input.height * input.width;
    let image_len = pixels * input.channels;
    for_chunks(y, input.channels, x.len(), |offset, y| {
        let image = offset / input.channels;
        let x = &x[image * image_len..(image + 1) * image_len];
        // A short run at a time is summed in f32, the runs in f64, so that large maps lose no
        // digits.
        let mut total = vec![0.0_f64; input.channels];
        for run in x.chunks(1024 * input.channels) {
            let sums = chunk_sums(run, input.channels);
            total
                .iter_mut()
                .zip(sums)
                .for_each(|(to, from)| *to += f64::from(from));
        }
        for (y, total) in y.iter_mut().zip(total) {
            *y = (total / pixels.max(1) as f64) as f32;
        }
    });
}

/// `dx += ` the gradient of the mean: `dy` (B, 1, 1, C) spread evenly over each image's pixels.
///
/// # Panics
///
/// When a slice has the wrong length.
pub fn global_average_backward<'a>(input: MapShape, dy: &[f32], dx: impl Into<Output<'a>>) {
    let dx = dx.into();
    check(input, dx.len(), dy.len());
    let row_len = input.row_len();
    if dx.len() == 0 {
        return;
    }
    let share = 1.0 / (input.height * input.width) as f32;
    let work = dx.len();
    for_chunks(dx, row_len, work, |offset, dx| {
        let image = offset / row_len / input.height;
        let dy = &dy[image * input.channels..(image + 1) * input.channels];
        spread(dy, share, dx);
    });
}

fn check(input: MapShape, map: usize, pooled: usize) {
    assert_eq!(map, input.len(), "global average: length of the map");
    assert_eq!(
        pooled,
        input.batch * input.channels,
        "global average: length of the pooled values"
    );
}

vectorised! {
    fn spread<'a>(dy: &'a [f32], share: f32, dx: &'a mut [f32]) {
        for dx in dx.chunks_exact_mut(dy.len()) {
            for (dx, dy) in dx.iter_mut().zip(dy) {
                *dx += dy * share;
            }
        }
    }
}
