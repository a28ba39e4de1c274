//! Streamed expansions against the two convolutions one after the other.

mod reference;

use nasfw_kernels::{Activation, Conv, MapShape, PreparedConv};
use reference::{expanded, random};

/// Both results are sums of the same products in the same order, so they are equal to the bit.
fn check(
    batch: usize,
    size: (usize, usize),
    channels: (usize, usize),
    kernel: usize,
    stride: usize,
) {
    let input = MapShape::new(batch, size.0, size.1, channels.0);
    let (expand, depthwise) = expanded(input, channels.1, kernel, stride);
    let x = random(expand.input.len(), 1);
    let prepare = |conv: &Conv, seed, act| {
        let weight = random(conv.weight_len(), seed);
        PreparedConv::new(conv, &weight, Some(&random(channels.1, seed + 1)), act)
    };
    let first = prepare(&expand, 2, Activation::Relu6);
    let second = prepare(&depthwise, 4, Activation::Relu);
    let what = format!("{second:?} after {first:?}");
    assert!(second.streams_after(&first), "{what}: not streamed");
    let mut between = vec![f32::NAN; expand.output().len()];
    let mut expected = vec![f32::NAN; depthwise.output().len()];
    first.run(&x, &mut between);
    second.run(&between, &mut expected);
    let mut y = vec![f32::NAN; expected.len()];
    second.run_expanded(&first, &x, &mut y);
    assert!(y == expected, "{what}: another result");
}

#[test]
fn streamed_expansions_give_the_same_bits() {
    check(1, (256, 256), (16, 96), 3, 2);
    check(2, (128, 128), (24, 144), 3, 1);
}

#[test]
fn odd_sizes_and_channels() {
    for stride in [1, 2] {
        check(2, (131, 127), (5, 43), 3, stride);
        check(1, (67, 301), (3, 51), 3, stride);
        check(1, (257, 199), (1, 13), 3, stride);
    }
}

#[test]
fn large_kernels_and_strides() {
    check(1, (140, 130), (4, 40), 5, 2);
    check(1, (140, 130), (4, 40), 3, 3);
    check(1, (140, 130), (4, 40), 3, 5);
}

#[test]
fn only_what_pays_is_streamed() {
    let (expand, depthwise) = expanded(MapShape::new(1, 16, 16, 8), 48, 3, 1);
    let prepare = |conv: &Conv| {
        PreparedConv::new(conv, &vec![0.0; conv.weight_len()], None, Activation::Relu)
    };
    assert!(!prepare(&depthwise).streams_after(&prepare(&expand)));
    assert!(!prepare(&expand).streams_after(&prepare(&depthwise)));
}
