//! Bilinear resizing against the written-out formula, PyTorch's figures and the adjoint identity.

mod reference;

use nasfw_kernels::{MapShape, resize_backward, resize_forward, resize_rows};
use proptest::prelude::*;
use reference::{assert_close, at, random, wide};

/// The formula of `align_corners = false`, pixel by pixel.
fn resized(input: MapShape, (height, width): (usize, usize), x: &[f32]) -> Vec<f64> {
    let source = |o: usize, from: usize, to: usize| {
        let position = ((o as f64 + 0.5) * from as f64 / to as f64 - 0.5).max(0.0);
        let low = (position.floor() as usize).min(from - 1);
        (low, (low + 1).min(from - 1), position - low as f64)
    };
    let mut y = Vec::new();
    for b in 0..input.batch {
        for oy in 0..height {
            let (y0, y1, fy) = source(oy, input.height, height);
            for ox in 0..width {
                let (x0, x1, fx) = source(ox, input.width, width);
                for c in 0..input.channels {
                    let v = |yy, xx| f64::from(x[at(input, b, yy, xx, c)]);
                    let upper = v(y0, x0) * (1.0 - fx) + v(y0, x1) * fx;
                    let lower = v(y1, x0) * (1.0 - fx) + v(y1, x1) * fx;
                    y.push(upper * (1.0 - fy) + lower * fy);
                }
            }
        }
    }
    y
}

fn check(input: MapShape, out_hw: (usize, usize)) {
    let x = random(input.len(), 1);
    let mut y = vec![f32::NAN; input.batch * out_hw.0 * out_hw.1 * input.channels];
    resize_forward(input, out_hw, &x, &mut y);
    assert_close(
        &format!("{input:?} to {out_hw:?}"),
        &y,
        &resized(input, out_hw, &x),
        1e-5,
    );

    // <Ax, dy> = <x, A'dy>, and the gradient is added to what was there.
    let dy = random(y.len(), 2);
    let before = random(x.len(), 3);
    let mut dx = before.clone();
    resize_backward(input, out_hw, &dy, &mut dx);
    let forward: f64 = wide(&y)
        .iter()
        .zip(&dy)
        .map(|(y, &dy)| y * f64::from(dy))
        .sum();
    let gained = dx
        .iter()
        .zip(&before)
        .map(|(&after, &before)| f64::from(after) - f64::from(before));
    let backward: f64 = gained.zip(&x).map(|(g, &x)| g * f64::from(x)).sum();
    let scale = (y.len() as f64).sqrt();
    assert!(
        (forward - backward).abs() < 1e-5 * scale + 1e-5,
        "{forward} and {backward}"
    );
}

#[test]
fn figures_of_pytorch() {
    // F.interpolate(torch.tensor([[[[0., 1.], [2., 3.]]]]), size=(4, 4), mode="bilinear",
    // align_corners=False)
    let mut y = [0.0; 16];
    resize_forward(
        MapShape::new(1, 2, 2, 1),
        (4, 4),
        &[0.0, 1.0, 2.0, 3.0],
        &mut y,
    );
    let expected = [
        0.0, 0.25, 0.75, 1.0, 0.5, 0.75, 1.25, 1.5, 1.5, 1.75, 2.25, 2.5, 2.0, 2.25, 2.75, 3.0,
    ];
    assert_eq!(y, expected);
}

#[test]
fn the_same_size_copies_and_one_pixel_spreads() {
    let x = random(5 * 7 * 3, 4);
    let mut y = vec![0.0; x.len()];
    resize_forward(MapShape::new(1, 5, 7, 3), (5, 7), &x, &mut y);
    assert_eq!(x, y);

    let mut y = vec![0.0; 4 * 6 * 3];
    resize_forward(MapShape::new(1, 1, 1, 3), (4, 6), &[1.0, 2.0, 3.0], &mut y);
    assert!(y.chunks(3).all(|pixel| pixel == [1.0, 2.0, 3.0]));
}

#[test]
fn the_sizes_of_the_decoder() {
    for (size, out) in [
        ((8, 8), (16, 16)),
        ((1, 1), (8, 8)),
        ((16, 16), (64, 64)),
        ((32, 32), (8, 8)),
    ] {
        check(MapShape::new(2, size.0, size.1, 48), out);
    }
    check(MapShape::new(1, 40, 40, 21), (81, 80));
}

#[test]
fn empty_maps_are_fine() {
    resize_forward(MapShape::new(0, 3, 3, 2), (6, 6), &[], &mut []);
    resize_backward(MapShape::new(1, 3, 3, 1), (0, 6), &[], &mut [0.0; 9]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_size_to_any_size(
        batch in 1..3_usize,
        from in (1..14_usize, 1..14_usize),
        to in (1..30_usize, 1..30_usize),
        channels in prop::sample::select(vec![1, 3, 16, 21, 24, 48, 50]),
    ) {
        check(MapShape::new(batch, from.0, from.1, channels), to);
    }
}

#[test]
fn bands_of_rows_are_parts_of_the_whole() {
    let input = MapShape::new(1, 5, 7, 3);
    let x: Vec<f32> = (0..input.len()).map(|i| (i * 37 % 101) as f32).collect();
    let (height, width) = (13, 4);
    let mut whole = vec![0.0; height * width * 3];
    resize_forward(input, (height, width), &x, &mut whole[..]);
    for rows in [1, 4, 13] {
        for first in (0..height).step_by(rows) {
            let end = (first + rows).min(height);
            let mut band = vec![f32::NAN; (end - first) * width * 3];
            resize_rows(input, (height, width), first, &x, &mut band);
            assert_eq!(band, whole[first * width * 3..end * width * 3]);
        }
    }
}
