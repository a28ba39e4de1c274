//! Costs and cuts of graphs against counts written out by hand.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nasfw_sdk::graph::{ActivationKind, Conv, Group, Op, Role};
use nasfw_sdk::{Graph, GraphBuilder, Size};

const RELU: Op = Op::Activation {
    function: ActivationKind::Relu,
};

/// Image 8 x 8 x 3 → strided convolution to 4 x 4 x 4 (encoder) → BN → ReLU → two branches, one
/// of them pooled and resized back → sum → 2 channels; an auxiliary head on the first branch.
fn small() -> Graph {
    let mut g = GraphBuilder::new();
    g.group(Group::Encoder);
    let image = g.input("image", 3);
    let x = g.conv("encoder.conv", Conv::new(3, 4).stride(2), image);
    g.group(Group::Decoder);
    let bn = g.add("bn", Op::BatchNorm, &[x]);
    let relu = g.add("relu", RELU, &[bn]);
    let left = g.conv("left", Conv::depthwise(3, 4), relu);
    let pool = g.add("pool", Op::GlobalAveragePool, &[relu]);
    let right = g.conv("right", Conv::new(1, 4), pool);
    let resized = g.add("resize", Op::ResizeTo, &[right, relu]);
    let sum = g.add("sum", Op::Add, &[left, resized]);
    let main = g.conv("head", Conv::new(1, 2).with_bias(), sum);
    g.group(Group::Auxiliary);
    let aux = g.conv("aux", Conv::new(1, 2), left);
    g.output("main", Role::Main, main);
    g.output("aux", Role::Auxiliary, aux);
    g.finish().unwrap()
}

#[test]
fn a_small_network_costs_what_is_counted_by_hand() {
    let cost = small().cost(Size::square(8));
    // 3·3·3·4, 2·4, 3·3·4, 4·4, 4·2 + 2; the auxiliary head 4·2.
    assert_eq!(cost.params, 108 + 8 + 36 + 16 + 10);
    assert_eq!(cost.params_with_aux, cost.params + 8);
    // Weights times output pixels; the pooled branch has one pixel, biases do not count.
    assert_eq!(cost.macs, 108 * 16 + 36 * 16 + 16 + 8 * 16);
    assert_eq!(cost.output_stride, 2);

    // Values alive while each node runs, in elements. BN and ReLU work in place.
    let (image, map, pixel, out) = (8 * 8 * 3, 4 * 4 * 4, 4, 4 * 4 * 2);
    let alive = [
        image,
        image + map,           // encoder.conv; then the image is done
        map,                   // bn
        map,                   // relu
        map + map,             // left; relu is still to be read
        2 * map + pixel,       // pool
        2 * map + 2 * pixel,   // right; then the pooled pixel is done
        2 * map + pixel + map, // resize: its size comes from relu, which is done then
        2 * map + map,         // sum of left and resized
        map + out,             // head
    ];
    let peak = alive.into_iter().max().unwrap();
    assert_eq!(cost.peak_activation_bytes, 4 * peak);
    // At a larger stride ratio the inner maps dominate instead of the image.
    let wide = small().without_auxiliary();
    let inner = wide.after_encoder().unwrap();
    assert_eq!(
        inner.cost(Size::square(4)).peak_activation_bytes,
        4 * (3 * map + pixel)
    );
}

#[test]
fn absurd_input_sizes_saturate() {
    let cost = small().cost(Size::square(usize::MAX));
    assert_eq!(
        (cost.macs, cost.peak_activation_bytes),
        (u64::MAX, u64::MAX)
    );
    assert_eq!(small().cost(Size::square(0)).peak_activation_bytes, 4 * 8); // two pooled pixels
}

#[test]
fn the_cut_after_the_encoder_keeps_an_image_that_the_decoder_reads() {
    let mut g = GraphBuilder::new();
    g.group(Group::Encoder);
    let image = g.input("image", 3);
    let x = g.conv("encoder.conv", Conv::new(3, 3).stride(2), image);
    g.group(Group::Decoder);
    let up = g.add("up", Op::ResizeTo, &[x, image]);
    let main = g.add("join", Op::Concat, &[up, image]);
    g.output("main", Role::Main, main);
    let graph = g.finish().unwrap();
    let after = graph.after_encoder().unwrap();
    let inputs: Vec<&str> = after.inputs().map(|(_, n)| n.name.as_str()).collect();
    assert_eq!(inputs, ["image", "encoder.conv"]);
    assert_eq!(after.channels(after.main().node), 6);

    // Where only the encoder reads it, it goes.
    let after = small().after_encoder().unwrap();
    let inputs: Vec<&str> = after.inputs().map(|(_, n)| n.name.as_str()).collect();
    assert_eq!(inputs, ["encoder.conv"]);
}
