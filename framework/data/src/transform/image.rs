//! Resampling and normalising an image.

use std::borrow::Cow;

use nasfw_sdk::Size;

use super::geometry::Geometry;
use super::{MEAN, STD};
use crate::sample::Image;

/// The view of an image as `(height, width, 3)` normalised values, 0 where padded. Only what is
/// visible is computed, so memory does not grow with the scale.
pub(super) fn resample(image: &Image, view: &Geometry) -> Vec<f32> {
    let (out_width, out_height) = (view.out.width, view.out.height);
    let mut out = vec![0.0; view.out.area() * 3];
    let Size { width, height } = image.size;
    if width == 0 || height == 0 {
        return out;
    }
    let pixels = exact(&image.pixels, width * height * 3, 0);
    let columns: Vec<Option<Taps>> = (0..out_width)
        .map(|x| Some(Taps::new(view.column(x)?, width, view.scaled.width)))
        .collect();

    // Rows of the source resized across, kept while the window moves down over them.
    let mut resized: Vec<Vec<f32>> = Vec::new();
    let mut first_row = 0;
    for y in 0..out_height {
        let Some(row) = view.row(y) else { continue };
        let taps = Taps::new(row, height, view.scaled.height);
        let gone = (taps.first - first_row).min(resized.len());
        resized.drain(..gone);
        first_row = taps.first;
        while resized.len() < taps.weights.len() {
            let source_row = first_row + resized.len();
            let line = &pixels[source_row * width * 3..(source_row + 1) * width * 3];
            resized.push(resize_row(line, &columns));
        }
        let line = &mut out[y * out_width * 3..(y + 1) * out_width * 3];
        for (weight, source) in taps.weights.iter().zip(&resized) {
            for (value, &s) in line.iter_mut().zip(source) {
                *value += weight * s;
            }
        }
        for (pixel, column) in line.as_chunks_mut::<3>().0.iter_mut().zip(&columns) {
            for c in 0..3 {
                pixel[c] = match column {
                    Some(_) => (pixel[c] / 255.0 - MEAN[c]) / STD[c],
                    None => 0.0,
                };
            }
        }
    }
    out
}

fn resize_row(line: &[u8], columns: &[Option<Taps>]) -> Vec<f32> {
    let mut out = vec![0.0; columns.len() * 3];
    for (pixel, taps) in out.as_chunks_mut::<3>().0.iter_mut().zip(columns) {
        let Some(taps) = taps else { continue };
        let source = &line[taps.first * 3..];
        for (weight, s) in taps.weights.iter().zip(source.as_chunks::<3>().0) {
            for c in 0..3 {
                pixel[c] += weight * f32::from(s[c]);
            }
        }
    }
    out
}

/// The source pixels that one resized pixel averages.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

impl Taps {
    /// A triangle filter around the pixel's centre: bilinear interpolation when enlarging, as wide
    /// as the shrinking when shrinking. At borders the weights of what is missing go to the rest.
    fn new(at: usize, source_len: usize, scaled_len: usize) -> Self {
        let step = source_len as f64 / scaled_len as f64;
        let centre = (at as f64 + 0.5) * step - 0.5;
        let radius = step.max(1.0);
        let last_index = source_len - 1;
        let first = ((centre - radius).floor().max(0.0) as usize).min(last_index);
        let last = ((centre + radius).ceil().max(0.0) as usize).clamp(first, last_index);
        let weight = |i: usize| (1.0 - (i as f64 - centre).abs() / radius).max(0.0);
        let sum: f64 = (first..=last).map(weight).sum();
        Self {
            first,
            weights: (first..=last).map(|i| (weight(i) / sum) as f32).collect(),
        }
    }
}

/// `values` with exactly `len` entries, so that an inconsistent sample cannot cause a panic.
pub(super) fn exact<T: Copy>(values: &[T], len: usize, fill: T) -> Cow<'_, [T]> {
    if values.len() == len {
        return Cow::Borrowed(values);
    }
    let mut fitted = values.to_vec();
    fitted.resize(len, fill);
    Cow::Owned(fitted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    fn ramp(width: usize, height: usize) -> Image {
        Image {
            size: Size::new(width, height),
            pixels: (0..width * height * 3)
                .map(|i| (i * 7 % 256) as u8)
                .collect(),
        }
    }

    fn raw(values: &[f32]) -> Vec<f32> {
        let undo = |(i, v): (usize, &f32)| (v * STD[i % 3] + MEAN[i % 3]) * 255.0;
        values.iter().enumerate().map(undo).collect()
    }

    #[test]
    fn at_its_own_size_an_image_is_itself() {
        let image = ramp(5, 4);
        let same = raw(&resample(&image, &Geometry::scaled(image.size, 4)));
        for (a, &b) in same.iter().zip(&image.pixels) {
            assert_abs_diff_eq!(*a, f32::from(b), epsilon = 1e-3);
        }
    }

    #[test]
    fn enlarging_agrees_with_a_written_out_bilinear_loop() {
        let image = ramp(4, 3);
        let view = Geometry::scaled(image.size, 7);
        let Size { width, height } = view.scaled;
        let got = raw(&resample(&image, &view));
        let at = |x: isize, y: isize, c: usize| {
            let (x, y) = (x.clamp(0, 3) as usize, y.clamp(0, 2) as usize);
            f64::from(image.pixels[(y * 4 + x) * 3 + c])
        };
        for y in 0..height {
            for x in 0..width {
                let sx = (x as f64 + 0.5) * 4.0 / width as f64 - 0.5;
                let sy = (y as f64 + 0.5) * 3.0 / height as f64 - 0.5;
                let (x0, y0) = (sx.floor(), sy.floor());
                let (fx, fy) = (sx - x0, sy - y0);
                let (x0, y0) = (x0 as isize, y0 as isize);
                for c in 0..3 {
                    let top = at(x0, y0, c) * (1.0 - fx) + at(x0 + 1, y0, c) * fx;
                    let low = at(x0, y0 + 1, c) * (1.0 - fx) + at(x0 + 1, y0 + 1, c) * fx;
                    let want = top * (1.0 - fy) + low * fy;
                    assert_abs_diff_eq!(got[(y * width + x) * 3 + c], want as f32, epsilon = 1e-2);
                }
            }
        }
    }

    #[test]
    fn shrinking_fine_stripes_gives_their_mean_not_aliases() {
        // One white column in four; two taps a pixel would miss it or meet it every time.
        let pixels = (0..64 * 64).flat_map(|i| [if i % 4 == 0 { 255 } else { 0 }; 3]);
        let image = Image {
            size: Size::square(64),
            pixels: pixels.collect(),
        };
        let small = raw(&resample(&image, &Geometry::scaled(image.size, 16)));
        for row in small.chunks(16 * 3) {
            assert!(row[3..45].iter().all(|v| (v - 63.75).abs() < 1.0));
        }
    }

    #[test]
    fn a_window_is_part_of_the_whole() {
        let image = ramp(9, 11);
        let whole = Geometry::scaled(image.size, 13);
        let full = resample(&image, &whole);
        for flipped in [false, true] {
            let view = whole.crop(6, 0.4, 0.8).flip(flipped);
            let part = resample(&image, &view);
            for y in 0..6 {
                for x in 0..6 {
                    let at = if flipped { 5 - x } else { x };
                    let (left, top) = (view.offset.0 as usize, view.offset.1 as usize);
                    let from = (y + top) * whole.scaled.width + at + left;
                    assert_eq!(part[(y * 6 + x) * 3..][..3], full[from * 3..][..3]);
                }
            }
        }
    }
}
