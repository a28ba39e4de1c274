//! Convolutions against the written-out loop, over shapes that hit every border, remainder and
//! group case.

mod reference;

use nasfw_kernels::{
    Activation, Conv, MapShape, PreparedConv, activation_forward, bias_backward,
    conv_backward_input, conv_backward_weight, conv_forward,
};
use proptest::prelude::*;
use reference::{assert_close, products, random, wide};

const TOLERANCE: f64 = 5e-5;

fn check(conv: Conv) {
    let (input, output) = (conv.input, conv.output());
    let x = random(input.len(), 1);
    let weight = random(conv.weight_len(), 2);
    let bias = random(conv.out_channels, 3);
    let dy = random(output.len(), 4);

    for bias in [None, Some(bias.as_slice())] {
        let mut expected: Vec<f64> = (0..output.len())
            .map(|i| bias.map_or(0.0, |bias| f64::from(bias[i % conv.out_channels])))
            .collect();
        products(&conv, |ix, iw, iy| {
            expected[iy] += f64::from(x[ix]) * f64::from(weight[iw])
        });
        let mut y = vec![f32::NAN; output.len()];
        conv_forward(&conv, &x, &weight, bias, &mut y);
        assert_close(&format!("forward of {conv:?}"), &y, &expected, TOLERANCE);
        let prepared = PreparedConv::new(&conv, &weight, bias, Activation::Identity);
        prepared.run(&x, &mut y);
        // Evaluation may take Winograd's way where training does not; tests/winograd.rs bounds it
        // closely.
        assert_close(&format!("{prepared:?}"), &y, &expected, 20.0 * TOLERANCE);
        for act in [Activation::Relu, Activation::Relu6] {
            let (mut after, mut fused) = (y.clone(), vec![f32::NAN; y.len()]);
            activation_forward(act, &y, &mut after);
            PreparedConv::new(&conv, &weight, bias, act).run(&x, &mut fused);
            assert_eq!(fused, after, "{act:?} of {conv:?}");
        }
    }

    let before = random(input.len(), 5);
    let mut expected = wide(&before);
    products(&conv, |ix, iw, iy| {
        expected[ix] += f64::from(dy[iy]) * f64::from(weight[iw])
    });
    let mut dx = before;
    conv_backward_input(&conv, &weight, &dy, &mut dx);
    assert_close(
        &format!("input gradient of {conv:?}"),
        &dx,
        &expected,
        TOLERANCE,
    );

    let before = random(conv.weight_len(), 6);
    let mut expected = wide(&before);
    products(&conv, |ix, iw, iy| {
        expected[iw] += f64::from(dy[iy]) * f64::from(x[ix])
    });
    let mut dweight = before;
    conv_backward_weight(&conv, &x, &dy, &mut dweight);
    assert_close(
        &format!("weight gradient of {conv:?}"),
        &dweight,
        &expected,
        TOLERANCE,
    );
}

fn conv(
    size: (usize, usize, usize),
    channels: (usize, usize),
    kernel: usize,
    stride: usize,
    dilation: usize,
) -> Conv {
    Conv {
        input: MapShape::new(size.0, size.1, size.2, channels.0),
        out_channels: channels.1,
        kernel,
        stride,
        dilation,
        groups: 1,
    }
}

#[test]
fn the_shapes_of_the_decoder() {
    for (kernel, dilation) in [(1, 1), (3, 1), (3, 3), (3, 6), (3, 12)] {
        check(conv((2, 8, 8), (48, 48), kernel, 1, dilation));
    }
    check(conv((1, 20, 33), (48, 21), 3, 1, 12));
}

#[test]
fn maps_of_one_pixel_and_one_row() {
    for size in [(1, 1, 1), (3, 1, 1), (1, 1, 9), (1, 9, 1)] {
        check(conv(size, (3, 50), 5, 1, 2));
        check(conv(size, (21, 1), 3, 2, 1));
    }
}

#[test]
fn many_channels_split_into_sweeps() {
    check(conv((1, 3, 4), (600, 70), 3, 1, 1));
    check(conv((1, 17, 70), (5, 48), 3, 1, 1));
}

#[test]
fn wide_rows_split_into_blocks() {
    check(conv((1, 3, 200), (8, 8), 3, 1, 1));
    check(conv((2, 40, 40), (8, 16), 3, 2, 1));
}

#[test]
fn empty_maps_leave_everything_as_it_was() {
    for size in [(0, 4, 4), (1, 0, 4), (1, 4, 0)] {
        for groups in [1, 4] {
            check(Conv {
                groups,
                ..conv(size, (4, 4), 3, 1, 1)
            });
        }
    }
    check(conv((1, 2, 2), (0, 3), 3, 1, 1));
}

#[test]
fn the_bias_gradient_sums_pixels() {
    for (pixels, channels) in [(1, 1), (7, 3), (1000, 21), (333, 48), (5, 50), (0, 4)] {
        let dy = random(pixels * channels, 7);
        let mut dbias = random(channels, 8);
        let mut expected = wide(&dbias);
        for (i, &g) in dy.iter().enumerate() {
            expected[i % channels] += f64::from(g);
        }
        bias_backward(&dy, channels, &mut dbias);
        assert_close("bias gradient", &dbias, &expected, 1e-5);
    }
}

#[test]
#[should_panic(expected = "length of the weights")]
fn weights_of_the_wrong_length_are_refused() {
    let conv = conv((1, 2, 2), (2, 2), 3, 1, 1);
    conv_forward(&conv, &[0.0; 8], &[0.0; 35], None, &mut [0.0; 8]);
}

fn dense() -> impl Strategy<Value = Conv> {
    let channels = || prop::sample::select(vec![1, 3, 8, 21, 48, 50]);
    shape((channels(), channels(), Just(1)))
}

fn grouped() -> impl Strategy<Value = Conv> {
    let channels = (
        prop::sample::select(vec![2, 3, 5]),
        1..10_usize,
        1..10_usize,
    );
    shape(channels.prop_map(|(groups, i, o)| (groups * i, groups * o, groups)))
}

fn depthwise() -> impl Strategy<Value = Conv> {
    let channels = prop::sample::select(vec![2, 3, 8, 12, 21, 24, 47, 48, 50]);
    shape(channels.prop_map(|c| (c, c, c)))
}

fn shape(channels: impl Strategy<Value = (usize, usize, usize)>) -> impl Strategy<Value = Conv> {
    let size = (1..4_usize, 1..15_usize, 1..15_usize);
    let kernel = prop::sample::select(vec![1, 3, 5]);
    let dilation = prop::sample::select(vec![1, 2, 3, 6, 12]);
    (size, channels, kernel, 1..4_usize, dilation).prop_map(
        |((b, h, w), (i, o, groups), kernel, stride, dilation)| Conv {
            groups,
            ..conv((b, h, w), (i, o), kernel, stride, dilation)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn dense_agrees_with_the_loop(conv in dense()) {
        check(conv);
    }

    #[test]
    fn grouped_agrees_with_the_loop(conv in grouped()) {
        check(conv);
    }

    #[test]
    fn depthwise_agrees_with_the_loop(conv in depthwise()) {
        check(conv);
    }
}
