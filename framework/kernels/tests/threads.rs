//! One thread and several compute the same bits.
//!
//! The maps are large enough to be split; a chunk size or an order of summation that depends on the
//! pool would show.

mod reference;

use nasfw_kernels::{
    Activation, Conv, MapShape, PreparedConv, UninitBuf, berhu, bias_backward, conv_backward_input,
    conv_backward_weight, conv_forward, cross_entropy, global_average_forward, resize_backward,
    resize_forward, squared_error,
};
use reference::{expanded, in_pool, normalised, random};

fn same_bits(what: &str, work: impl Fn() -> Vec<f32> + Sync) {
    let one = in_pool(1, &work);
    assert!(one.iter().any(|v| *v != 0.0), "{what} computed something");
    for threads in [2, 4] {
        let many = in_pool(threads, &work);
        let equal = one
            .iter()
            .zip(&many)
            .all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(
            equal && one.len() == many.len(),
            "{what} differs with {threads} threads"
        );
    }
}

#[test]
fn convolutions() {
    let shapes = [
        (48, 48, 1, 1, 1, 1),
        (48, 21, 3, 1, 12, 1),
        (40, 48, 3, 1, 1, 1),
        (24, 48, 3, 2, 1, 1),
        (48, 48, 5, 1, 6, 48),
        (12, 24, 3, 1, 1, 3),
    ];
    for (channels, out_channels, kernel, stride, dilation, groups) in shapes {
        let conv = Conv {
            input: MapShape::new(3, 24, 27, channels),
            out_channels,
            kernel,
            stride,
            dilation,
            groups,
        };
        let x = random(conv.input.len(), 1);
        let weight = random(conv.weight_len(), 2);
        let dy = random(conv.output().len(), 3);
        same_bits("forward", || {
            let mut y = vec![0.0; dy.len()];
            conv_forward(&conv, &x, &weight, None, &mut y);
            y
        });
        same_bits("input gradient", || {
            let mut dx = vec![0.0; x.len()];
            conv_backward_input(&conv, &weight, &dy, &mut dx);
            dx
        });
        same_bits("weight gradient", || {
            let mut dweight = vec![0.0; weight.len()];
            conv_backward_weight(&conv, &x, &dy, &mut dweight);
            dweight
        });
        same_bits("bias gradient", || {
            let mut dbias = vec![0.0; out_channels];
            bias_backward(&dy, out_channels, &mut dbias);
            dbias
        });
    }
}

#[test]
fn prepared_and_streamed_convolutions() {
    let (expand, depthwise) = expanded(MapShape::new(2, 130, 121, 5), 43, 3, 2);
    let x = random(expand.input.len(), 1);
    let prepare = |conv: &Conv, seed| {
        let weight = random(conv.weight_len(), seed);
        PreparedConv::new(conv, &weight, None, Activation::Relu6)
    };
    let (first, second) = (prepare(&expand, 2), prepare(&depthwise, 3));
    same_bits("a prepared convolution", || {
        let mut y = UninitBuf::new(expand.output().len());
        first.run(&x, &mut y);
        y.into_vec()
    });
    same_bits("a streamed expansion", || {
        let mut y = UninitBuf::new(depthwise.output().len());
        second.run_expanded(&first, &x, &mut y);
        y.into_vec()
    });
}

#[test]
fn normalisation() {
    let channels = 48;
    let y = random(2500 * channels, 4);
    same_bits("norm", || {
        normalised(&y, channels, Activation::Relu, Activation::Relu6).concat()
    });
}

#[test]
fn resizing_and_pooling() {
    let input = MapShape::new(3, 30, 31, 24);
    let x = random(input.len(), 7);
    let dy = random(3 * 60 * 61 * 24, 8);
    same_bits("resize and pool", || {
        let mut y = vec![0.0; dy.len()];
        resize_forward(input, (60, 61), &x, &mut y);
        let mut dx = vec![0.0; x.len()];
        resize_backward(input, (60, 61), &dy, &mut dx);
        let mut mean = vec![0.0; 3 * 24];
        global_average_forward(input, &x, &mut mean);
        [y, dx, mean].concat()
    });
}

#[test]
fn losses() {
    let (pixels, classes) = (9000, 21);
    let logits = random(pixels * classes, 9);
    let truth = random(pixels * classes, 10);
    let labels: Vec<u8> = (0..pixels).map(|i| (i % (classes + 1)) as u8).collect();
    same_bits("losses", || {
        let mut grad = vec![0.0; logits.len()];
        let losses = [
            cross_entropy(
                &logits,
                classes,
                &labels,
                classes as u8,
                Some((&mut grad, 1.0)),
            ),
            berhu(&logits, &truth, Some((&mut grad, 1.0))),
            squared_error(&logits, &truth, Some(&truth), Some((&mut grad, 1.0))),
        ];
        let bits = losses
            .iter()
            .flat_map(|loss| [(loss.to_bits() >> 32) as u32, loss.to_bits() as u32]);
        grad.extend(bits.map(f32::from_bits));
        grad
    });
}
