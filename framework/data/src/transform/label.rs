//! Labels seen through the view of their image.

use nasfw_sdk::{DataInfo, Keypoint, Label, Size};

use super::geometry::Geometry;
use super::image::exact;

/// Resizes a label to `size`: class and depth maps by PyTorch's nearest rule, source index = ⌊output
/// index · input length / output length⌋ (never averaging); keypoints and their reference length by
/// the scale from the size of the image they are in, `from`.
pub fn resize_label(label: &Label, size: Size, from: Size) -> Label {
    let view = Geometry {
        source: from,
        scaled: size,
        offset: (0, 0),
        out: size,
        flipped: false,
    };
    map_label(
        label,
        &view,
        &[],
        |values, from| nearest(values, from, size, 0),
        |values, from| nearest(values, from, size, 0.0),
    )
}

fn nearest<T: Copy>(values: &[T], from: Size, to: Size, fill: T) -> Vec<T> {
    if from.width == 0 || from.height == 0 {
        return vec![fill; to.area()];
    }
    let values = exact(values, from.area(), fill);
    let columns: Vec<usize> = (0..to.width).map(|x| x * from.width / to.width).collect();
    let mut out = Vec::with_capacity(to.area());
    for y in 0..to.height {
        let row = &values[y * from.height / to.height * from.width..][..from.width];
        out.extend(columns.iter().map(|&x| row[x]));
    }
    out
}

/// The label seen through a view. Unlike [`resize_label`], maps take the source pixel nearest to
/// each pixel's *centre*, as the image's resampling does, so that labels do not shift against it.
pub(super) fn transform(label: &Label, info: &DataInfo, ignore: u8, view: &Geometry) -> Label {
    map_label(
        label,
        view,
        info.flip_pairs.as_deref().unwrap_or_default(),
        |values, size| look_up(values, size, ignore, view),
        |values, size| look_up(values, size, 0.0, view),
    )
}

/// Maps a label through a view, a map's values by `classes` or `depths` from those of its own size.
/// Keypoints swap by `flip_pairs` in a flipped view.
fn map_label(
    label: &Label,
    view: &Geometry,
    flip_pairs: &[(usize, usize)],
    classes: impl FnOnce(&[u8], Size) -> Vec<u8>,
    depths: impl FnOnce(&[f32], Size) -> Vec<f32>,
) -> Label {
    let Size { width, height } = view.out;
    match label {
        Label::Classes {
            width: w,
            height: h,
            values,
        } => Label::Classes {
            width,
            height,
            values: classes(values, Size::new(*w, *h)),
        },
        Label::Depth {
            width: w,
            height: h,
            values,
        } => Label::Depth {
            width,
            height,
            values: depths(values, Size::new(*w, *h)),
        },
        Label::Keypoints {
            points,
            reference_px,
        } => {
            let mut points: Vec<Keypoint> = points.iter().map(|p| moved(p, view)).collect();
            for &(left, right) in flip_pairs {
                if view.flipped && left.max(right) < points.len() {
                    points.swap(left, right);
                }
            }
            Label::Keypoints {
                points,
                reference_px: scaled_reference(*reference_px, view),
            }
        }
    }
}

fn look_up<T: Copy>(values: &[T], size: Size, fill: T, view: &Geometry) -> Vec<T> {
    let Size { width, height } = size;
    if width == 0 || height == 0 {
        return vec![fill; view.out.area()];
    }
    let values = exact(values, size.area(), fill);
    // ⌊(i + ½) · source / scaled⌋ in whole numbers.
    let centre = |i: usize, source: usize, scaled: usize| {
        ((2 * i + 1) * source / (2 * scaled)).min(source - 1)
    };
    let columns: Vec<Option<usize>> = (0..view.out.width)
        .map(|x| Some(centre(view.column(x)?, width, view.scaled.width)))
        .collect();
    let mut out = Vec::with_capacity(view.out.area());
    for y in 0..view.out.height {
        let row = view
            .row(y)
            .map(|y| centre(y, height, view.scaled.height) * width);
        out.extend(columns.iter().map(|column| match (row, column) {
            (Some(row), Some(column)) => values[row + column],
            _ => fill,
        }));
    }
    out
}

/// A point seen through a view. Points that were invisible stay so, wherever they land.
fn moved(point: &Keypoint, view: &Geometry) -> Keypoint {
    let (x, y) = view.point(point.x_px.into(), point.y_px.into());
    let within = |at: f64, len: usize| at >= -0.5 && at < len as f64 - 0.5;
    Keypoint {
        x_px: x as f32,
        y_px: y as f32,
        visible: point.visible && within(x, view.out.width) && within(y, view.out.height),
    }
}

/// The two factors differ at most by rounding; their geometric mean favours neither.
fn scaled_reference(reference_px: f32, view: &Geometry) -> f32 {
    let (across, down) = view.factors();
    (f64::from(reference_px) * (across * down).sqrt()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_take_the_pixel_nearest_to_the_centre() {
        let (width, height) = (7, 5);
        let values: Vec<u8> = (0..35).collect();
        let label = Label::Classes {
            width,
            height,
            values,
        };
        for shorter in 1..14 {
            let view = Geometry::scaled(Size::new(width, height), shorter);
            let (out_width, out_height) = (view.out.width, view.out.height);
            let Label::Classes { values, .. } = transform(&label, &DataInfo::default(), 255, &view)
            else {
                panic!("kind");
            };
            for y in 0..out_height {
                for x in 0..out_width {
                    let from_x = (x as f64 + 0.5) * width as f64 / out_width as f64;
                    let from_y = (y as f64 + 0.5) * height as f64 / out_height as f64;
                    let expected = from_y.floor() as usize * width + from_x.floor() as usize;
                    assert_eq!(usize::from(values[y * out_width + x]), expected);
                }
            }
        }
    }
}
