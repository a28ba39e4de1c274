//! Activations, sums, concatenation and pooling against what they say.

mod reference;

use nasfw_kernels::{
    Activation, MapShape, accumulate, activation_backward, activation_forward, add_forward,
    concat_backward, concat_forward, global_average_backward, global_average_forward,
};
use proptest::prelude::*;
use reference::{assert_close, random, wide};

#[test]
fn activations_at_their_bounds() {
    let x = [-7.0, -0.5, 0.0, 0.5, 5.5, 6.0, 6.5];
    let cases = [
        (Activation::Identity, x, [1.0; 7]),
        (
            Activation::Relu,
            [0.0, 0.0, 0.0, 0.5, 5.5, 6.0, 6.5],
            [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0],
        ),
        (
            Activation::Relu6,
            [0.0, 0.0, 0.0, 0.5, 5.5, 6.0, 6.0],
            [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0],
        ),
    ];
    for (act, expected, slope) in cases {
        let mut y = [f32::NAN; 7];
        activation_forward(act, &x, &mut y);
        assert_eq!(y, expected, "{act:?}");
        let mut dx = [10.0; 7];
        activation_backward(act, &x, &[2.0; 7], &mut dx);
        assert_eq!(dx, slope.map(|s| 10.0 + 2.0 * s), "{act:?}");
    }
}

#[test]
fn not_a_number_stays_visible() {
    for act in [Activation::Identity, Activation::Relu, Activation::Relu6] {
        let mut y = [0.0; 9];
        activation_forward(act, &[f32::NAN; 9], &mut y);
        assert!(y.iter().all(|v| v.is_nan()), "{act:?}");
    }
}

#[test]
fn sums_of_any_number_of_maps() {
    for len in [0, 1, 7, 20_000] {
        let maps: Vec<Vec<f32>> = (0..4).map(|seed| random(len, seed)).collect();
        for count in 0..=4 {
            let xs: Vec<&[f32]> = maps[..count].iter().map(Vec::as_slice).collect();
            let mut y = vec![f32::NAN; len];
            add_forward(&xs, &mut y);
            let expected: Vec<f64> = (0..len)
                .map(|i| xs.iter().map(|x| f64::from(x[i])).sum())
                .collect();
            assert_close("sum", &y, &expected, 1e-6);
        }
        let mut dx = maps[0].clone();
        accumulate(&mut dx, &maps[1]);
        assert!(
            dx.iter()
                .zip(&maps[0])
                .zip(&maps[1])
                .all(|((got, a), b)| *got == a + b)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn concatenation_and_back(
        pixels in 0..1200_usize, channels in prop::collection::vec(0..30_usize, 1..5),
    ) {
        let total: usize = channels.iter().sum();
        prop_assume!(total > 0);
        let map = |(i, c): (usize, &usize)| random(pixels * c, i as u64);
        let maps: Vec<Vec<f32>> = channels.iter().enumerate().map(map).collect();
        let slices = maps.iter().map(Vec::as_slice);
        let parts: Vec<(&[f32], usize)> = slices.zip(channels.iter().copied()).collect();
        let mut y = vec![f32::NAN; pixels * total];
        concat_forward(&parts, &mut y);
        let mut offset = 0;
        for (x, c) in parts {
            for pixel in 0..pixels {
                prop_assert_eq!(&y[pixel * total + offset..][..c], &x[pixel * c..][..c]);
            }
            let mut dx = vec![1.0; x.len()];
            concat_backward(&y, total, offset, c, &mut dx);
            prop_assert!(dx.iter().zip(x).all(|(dx, x)| *dx == 1.0 + x));
            offset += c;
        }
    }

    #[test]
    fn global_average_and_back(
        size in (1..4_usize, 1..40_usize, 1..40_usize),
        channels in prop::sample::select(vec![1, 3, 21, 48, 50]),
    ) {
        let input = MapShape::new(size.0, size.1, size.2, channels);
        let pixels = size.1 * size.2;
        let x = random(input.len(), 1);
        let mut expected = vec![0.0; size.0 * channels];
        for (i, v) in wide(&x).iter().enumerate() {
            expected[i / (pixels * channels) * channels + i % channels] += v / pixels as f64;
        }
        let mut y = vec![f32::NAN; expected.len()];
        global_average_forward(input, &x, &mut y);
        assert_close("mean", &y, &expected, 1e-6);

        let dy = random(y.len(), 2);
        let before = random(x.len(), 3);
        let mut dx = before.clone();
        global_average_backward(input, &dy, &mut dx);
        let expected: Vec<f64> = (0..x.len())
            .map(|i| {
                let from = i / (pixels * channels) * channels + i % channels;
                f64::from(before[i]) + f64::from(dy[from]) / pixels as f64
            })
            .collect();
        assert_close("gradient of the mean", &dx, &expected, 1e-6);
    }
}

#[test]
fn pooling_an_empty_map_gives_zeros() {
    let mut y = [1.0; 6];
    global_average_forward(MapShape::new(2, 0, 5, 3), &[], &mut y);
    assert_eq!(y, [0.0; 6]);
    global_average_backward(MapShape::new(2, 0, 5, 3), &y, &mut []);
}
