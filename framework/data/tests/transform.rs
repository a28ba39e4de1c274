//! Transforms: labels follow the pixels, whatever the view.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nasfw_data::transform::{MEAN, STD};
use nasfw_data::{Image, Prepared, Sample, Transform, resize_label};
use nasfw_sdk::{DataInfo, Keypoint, Label, Seed, Size};
use proptest::prelude::*;

const IGNORE: u8 = 255;

fn pose_info() -> DataInfo {
    DataInfo {
        joints: ["left_eye", "right_eye"].map(str::to_owned).to_vec(),
        flip_pairs: Some(vec![(0, 1)]),
        ..DataInfo::default()
    }
}

/// A black image with a dot of 3 x 3 pixels around each of two joints: red on the left one, green
/// on the right one.
fn dots(width: usize, height: usize, at: [(usize, usize); 2]) -> Sample {
    let mut pixels = vec![0; width * height * 3];
    for (number, (x, y)) in at.into_iter().enumerate() {
        for row in y - 1..=y + 1 {
            for column in x - 1..=x + 1 {
                pixels[(row * width + column) * 3 + number] = 255;
            }
        }
    }
    let points = at.map(|(x, y)| Keypoint {
        x_px: x as f32,
        y_px: y as f32,
        visible: true,
    });
    Sample {
        image: Image {
            size: Size::new(width, height),
            pixels,
        },
        label: Label::Keypoints {
            points: points.to_vec(),
            reference_px: 20.0,
        },
    }
}

/// The centre of mass of a channel's light; `None` when the dot is not wholly in view.
fn dot_centre(view: &Prepared, channel: usize, full_mass: f64) -> Option<(f64, f64)> {
    let width = view.size_px.width;
    let (mut mass, mut x, mut y) = (0.0, 0.0, 0.0);
    for (i, pixel) in view.image.as_chunks::<3>().0.iter().enumerate() {
        if *pixel == [0.0; 3] {
            continue; // padding
        }
        let light = f64::from(pixel[channel] * STD[channel] + MEAN[channel]);
        mass += light;
        x += light * (i % width) as f64;
        y += light * (i / width) as f64;
    }
    (mass > full_mass * 0.9).then(|| (x / mass, y / mass))
}

proptest! {
    /// Catches half-pixel shifts, a missing swap of sides and labels that are cropped elsewhere
    /// than their image.
    #[test]
    fn joints_follow_their_dots(
        width in 24_usize..60, height in 24_usize..60, seed: u64,
        share in prop::array::uniform4(0.15..0.85_f64),
        shorter in 12_usize..80, crop in 16_usize..140, eval: bool,
    ) {
        let place = |x: f64, y: f64| ((x * width as f64) as usize, (y * height as f64) as usize);
        let sample = dots(width, height, [place(share[0], share[1]), place(share[2], share[3])]);
        let transform = Transform::new(shorter, crop);
        let view = if eval {
            transform.eval(&sample, &pose_info(), IGNORE)
        } else {
            transform.train(&sample, &pose_info(), IGNORE, &mut Seed(seed).stream("t"))
        };
        let Label::Keypoints { points, reference_px } = &view.label else { panic!("kind") };
        let scale = f64::from(*reference_px) / 20.0;
        let mut found = 0;
        // After a flip, the joint named left is the one whose dot was right: green.
        for channel in 0..2 {
            if let Some((x, y)) = dot_centre(&view, channel, 9.0 * scale * scale) {
                // Up to a tenth of the dot may be cut off, which moves its centre a little.
                let close = |a: f32, b: f64| (f64::from(a) - b).abs() < 0.35 * scale.max(1.0);
                let near = points.iter().any(|p| close(p.x_px, x) && close(p.y_px, y));
                prop_assert!(near, "dot {channel} at ({x}, {y}), joints {points:?}");
                found += 1;
            }
        }
        for point in points {
            let inside = |at: f32| (-0.5..crop as f32 - 0.5).contains(&at);
            prop_assert_eq!(point.visible, inside(point.x_px) && inside(point.y_px));
        }
        // Where everything is in view and large enough to be weighed well, nothing may be lost.
        let longer = scale * width.max(height) as f64;
        prop_assert!(found == 2 || scale < 1.5 || longer > crop as f64, "{found} found");
    }

    /// A map that says of each pixel what the image shows there must still do so after any view.
    #[test]
    fn maps_follow_their_pixels(side in 20_usize..50, seed: u64, crop in 16_usize..70) {
        let (width, height) = (side, side + 7);
        let class = |x: usize, y: usize| u8::from(x > width / 3) + 2 * u8::from(y > height / 2);
        let at = (0..width * height).map(|i| class(i % width, i / width));
        let values: Vec<u8> = at.collect();
        let pixels = values.iter().flat_map(|&c| [c * 80; 3]).collect();
        let depth = values.iter().map(|&c| f32::from(c)).collect();
        let image = Image { size: Size::new(width, height), pixels };
        let transform = Transform::new(20, crop);
        let mut views = [
            Label::Classes { width, height, values },
            Label::Depth { width, height, values: depth },
        ]
            .map(|label| {
                let sample = Sample { image: image.clone(), label };
                // Without flip pairs: maps may be flipped all the same.
                transform.train(&sample, &DataInfo::default(), IGNORE, &mut Seed(seed).stream("t"))
            });
        let [
            Prepared { label: Label::Classes { values, .. }, image, .. },
            Prepared { label: Label::Depth { values: depth, .. }, .. },
        ] = &mut views else {
            panic!("kinds")
        };
        let (mut agree, mut inside) = (0, 0);
        let pixels = image.as_chunks::<3>().0;
        for ((pixel, &class), &depth) in pixels.iter().zip(&*values).zip(&*depth) {
            if class == IGNORE {
                prop_assert_eq!((*pixel, depth), ([0.0; 3], 0.0));
                continue;
            }
            prop_assert_eq!(depth, f32::from(class));
            inside += 1;
            let shown = (pixel[0] * STD[0] + MEAN[0]) * 255.0 / 80.0;
            agree += usize::from(shown.round() == f32::from(class));
        }
        // Only pixels on the blurred border between two regions may differ.
        prop_assert!(agree * 10 >= inside * 8, "{agree} of {inside}");
    }

    #[test]
    fn nearest_resizing_is_pytorchs(
        from in (1_usize..12, 1_usize..12), to in (1_usize..20, 1_usize..20),
    ) {
        let (width, height) = from;
        let (size, from) = (Size::new(to.0, to.1), Size::new(width, height));
        let values: Vec<u8> = (0..width * height).map(|i| i as u8).collect();
        let label = Label::Classes { width, height, values: values.clone() };
        let Label::Classes { values: got, .. } = resize_label(&label, size, from) else {
            panic!("kind")
        };
        for y in 0..to.1 {
            for x in 0..to.0 {
                let source_x = (x as f64 * width as f64 / to.0 as f64 + 1e-9).floor() as usize;
                let source_y = (y as f64 * height as f64 / to.1 as f64 + 1e-9).floor() as usize;
                prop_assert_eq!(got[y * to.0 + x], values[source_y * width + source_x]);
            }
        }
    }

    /// Samples whose fields contradict each other come out as something of the right size.
    #[test]
    fn nothing_panics(
        width in 0_usize..9, height in 0_usize..9, have in 0_usize..300,
        shorter in 0_usize..9, crop in 0_usize..9,
    ) {
        let nowhere = Keypoint { x_px: f32::NAN, y_px: f32::INFINITY, visible: true };
        let image = Image { size: Size::new(width, height), pixels: vec![9; have] };
        let labels = [
            Label::Classes { width: height, height: width, values: vec![1; have] },
            Label::Depth { width, height, values: vec![f32::NAN; have] },
            Label::Keypoints { points: vec![nowhere], reference_px: 0.0 },
        ];
        let transform = Transform { scale: (f64::NAN, 2.0), ..Transform::new(shorter, crop) };
        let info = DataInfo { flip_pairs: Some(vec![(0, 7)]), ..DataInfo::default() };
        for label in labels {
            let sample = Sample { image: image.clone(), label };
            for seed in 0..3 {
                let view = transform.train(&sample, &info, IGNORE, &mut Seed(seed).stream("t"));
                prop_assert_eq!(view.image.len(), crop * crop * 3);
                prop_assert!(view.image.iter().all(|v| v.is_finite()));
            }
            let view = transform.whole(&sample, &info, IGNORE);
            prop_assert_eq!(view.image.len(), view.size_px.area() * 3);
            resize_label(&view.label, Size::new(0, 3), Size::new(0, 0));
        }
    }
}

#[test]
fn flips_swap_sides_and_need_a_set_that_allows_them() {
    let sample = dots(40, 40, [(10, 20), (28, 20)]);
    let always = Transform {
        flip: 1.0,
        scale: (1.0, 1.0),
        ..Transform::new(40, 40)
    };
    let mut rng = Seed(0).stream("t");
    let points = |view: Prepared| match view.label {
        Label::Keypoints { points, .. } => points,
        _ => panic!("kind"),
    };
    let flipped = points(always.train(&sample, &pose_info(), IGNORE, &mut rng));
    assert_eq!((flipped[0].x_px, flipped[1].x_px), (11.0, 29.0));
    let never = points(always.train(&sample, &DataInfo::default(), IGNORE, &mut rng));
    assert_eq!((never[0].x_px, never[1].x_px), (10.0, 28.0));
}

#[test]
fn flipping_twice_is_the_identity() {
    let sample = dots(33, 33, [(10, 20), (25, 12)]);
    let flip = Transform {
        flip: 1.0,
        scale: (1.0, 1.0),
        ..Transform::new(33, 33)
    };
    let mut rng = Seed(0).stream("t");
    let once = flip.train(&sample, &pose_info(), IGNORE, &mut rng);
    let undo = |(i, v): (usize, &f32)| ((v * STD[i % 3] + MEAN[i % 3]) * 255.0).round() as u8;
    let again = Sample {
        image: Image {
            size: Size::square(33),
            pixels: once.image.iter().enumerate().map(undo).collect(),
        },
        label: once.label,
    };
    assert_ne!(again, sample);
    let twice = flip.train(&again, &pose_info(), IGNORE, &mut rng);
    assert_eq!(twice.label, sample.label);
    let pixels: Vec<u8> = twice.image.iter().enumerate().map(undo).collect();
    assert_eq!(pixels, sample.image.pixels);
}

#[test]
fn training_keeps_the_shorter_side_and_varies_with_the_stream() {
    let sample = dots(100, 50, [(10, 20), (25, 12)]);
    let transform = Transform::new(60, 60);
    let scales: Vec<f32> = (0..200)
        .map(|seed| {
            let mut rng = Seed(seed).stream("t");
            let view = transform.train(&sample, &pose_info(), IGNORE, &mut rng);
            match view.label {
                Label::Keypoints { reference_px, .. } => reference_px / 20.0,
                _ => panic!("kind"),
            }
        })
        .collect();
    let (low, high) = scales
        .iter()
        .fold((9.0_f32, 0.0_f32), |(l, h), &s| (l.min(s), h.max(s)));
    assert!(
        (low - 1.2).abs() < 0.01 && high > 1.6 && high <= 1.69,
        "{low} to {high}"
    );
    let draw = |seed| transform.train(&sample, &pose_info(), IGNORE, &mut Seed(seed).stream("t"));
    assert_eq!(draw(5), draw(5));
    assert_ne!(draw(5), draw(6));
}

#[test]
fn resized_keypoints_keep_the_pixel_convention() {
    let label = Label::Keypoints {
        points: vec![Keypoint {
            x_px: 3.5,
            y_px: 1.5,
            visible: true,
        }],
        reference_px: 8.0,
    };
    let Label::Keypoints {
        points,
        reference_px,
    } = resize_label(&label, Size::new(4, 2), Size::new(16, 8))
    else {
        panic!("kind");
    };
    // (3.5 + 0.5) / 4 − 0.5 and (1.5 + 0.5) / 4 − 0.5.
    assert_eq!((points[0].x_px, points[0].y_px), (0.5, 0.0));
    assert_eq!(reference_px, 2.0);
}
