//! Winograd's convolution against the written-out loop, for all shapes it can compute, those that
//! the direct kernels are faster at included. A process of its own, as the algorithm is set for the
//! whole process.

mod reference;

use nasfw_kernels::{
    Activation, Conv, ConvAlgorithm, MapShape, PreparedConv, activation_forward,
    conv_backward_input, conv_backward_weight, conv_forward, set_conv_algorithm,
};
use proptest::prelude::*;
use reference::{in_pool, products, random, wide};

/// Of the largest value. The transforms add and subtract values of that size, so that small results
/// are no more accurate.
const TOLERANCE: f64 = 1e-5;

fn conv(
    size: (usize, usize, usize),
    channels: usize,
    out_channels: usize,
    dilation: usize,
) -> Conv {
    Conv {
        input: MapShape::new(size.0, size.1, size.2, channels),
        out_channels,
        kernel: 3,
        stride: 1,
        dilation,
        groups: 1,
    }
}

fn assert_close(what: &str, got: &[f32], expected: &[f64]) {
    let largest = expected.iter().fold(1.0, |most: f64, v| most.max(v.abs()));
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(got) - expected).abs();
        assert!(
            error <= TOLERANCE * largest,
            "{what}: value {i} is {got}, expected {expected}, largest {largest}"
        );
    }
}

fn check(conv: Conv) {
    set_conv_algorithm(ConvAlgorithm::Winograd);
    let x = random(conv.input.len(), 1);
    let weight = random(conv.weight_len(), 2);
    let bias = random(conv.out_channels, 3);
    let dy = random(conv.output().len(), 4);
    let (mut y, mut dx, mut dweight) = (
        vec![f32::NAN; dy.len()],
        random(x.len(), 5),
        random(weight.len(), 6),
    );
    let mut expected_y: Vec<f64> = (0..y.len())
        .map(|i| f64::from(bias[i % conv.out_channels]))
        .collect();
    let (mut expected_dx, mut expected_dweight) = (wide(&dx), wide(&dweight));
    products(&conv, |ix, iw, iy| {
        let [x, weight, dy] = [x[ix], weight[iw], dy[iy]].map(f64::from);
        expected_y[iy] += x * weight;
        expected_dx[ix] += dy * weight;
        expected_dweight[iw] += dy * x;
    });
    conv_forward(&conv, &x, &weight, Some(&bias), &mut y);
    for act in [Activation::Relu, Activation::Relu6] {
        let (mut after, mut fused) = (y.clone(), vec![f32::NAN; y.len()]);
        activation_forward(act, &y, &mut after);
        PreparedConv::new(&conv, &weight, Some(&bias), act).run(&x, &mut fused);
        assert_eq!(fused, after, "{act:?} of {conv:?}");
    }
    conv_backward_input(&conv, &weight, &dy, &mut dx);
    conv_backward_weight(&conv, &x, &dy, &mut dweight);
    assert_close(&format!("forward of {conv:?}"), &y, &expected_y);
    assert_close(&format!("input gradient of {conv:?}"), &dx, &expected_dx);
    let what = format!("weight gradient of {conv:?}");
    assert_close(&what, &dweight, &expected_dweight);
}

#[test]
fn maps_within_a_tile() {
    for size in [(1, 1, 1), (3, 1, 2), (1, 3, 1), (2, 2, 2), (1, 4, 4)] {
        for dilation in [1, 2, 5] {
            check(conv(size, 5, 9, dilation));
        }
    }
}

#[test]
fn many_channels_and_many_tiles() {
    check(conv((1, 9, 10), 320, 48, 1));
    check(conv((1, 9, 10), 48, 320, 1));
    check(conv((2, 67, 70), 16, 24, 1));
    check(conv((1, 61, 67), 9, 24, 3));
}

#[test]
fn without_bias_forward_starts_from_zero() {
    set_conv_algorithm(ConvAlgorithm::Winograd);
    let conv = conv((1, 6, 6), 3, 3, 1);
    let weight = random(conv.weight_len(), 1);
    let mut y = vec![f32::NAN; conv.output().len()];
    conv_forward(&conv, &[0.0; 108], &weight, None, &mut y);
    assert!(y.iter().all(|&y| y == 0.0));
}

#[test]
fn one_thread_and_many_compute_the_same_bits() {
    set_conv_algorithm(ConvAlgorithm::Winograd);
    for (size, dilation) in [((4, 41, 44), 1), ((3, 50, 47), 3), ((8, 8, 8), 1)] {
        let conv = conv(size, 48, 40, dilation);
        let x = random(conv.input.len(), 1);
        let weight = random(conv.weight_len(), 2);
        let dy = random(conv.output().len(), 3);
        let [one, two, four] = [1, 2, 4].map(|threads| {
            in_pool(threads, || {
                let (mut y, mut dx) = (vec![0.0; dy.len()], x.clone());
                let mut dweight = weight.clone();
                conv_forward(&conv, &x, &weight, None, &mut y);
                conv_backward_input(&conv, &weight, &dy, &mut dx);
                conv_backward_weight(&conv, &x, &dy, &mut dweight);
                let values = [y, dx, dweight].concat();
                values.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            })
        });
        assert!(one == two && one == four, "{conv:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_loop(
        size in (1..4_usize, 1..24_usize, 1..24_usize),
        channels in 1..71_usize,
        out_channels in 1..71_usize,
        dilation in 1..4_usize,
    ) {
        check(conv(size, channels, out_channels, dilation));
    }
}
