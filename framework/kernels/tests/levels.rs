//! The portable code and the best instructions agree. A process of its own, as the level holds for
//! the whole process.

mod reference;

use nasfw_kernels::{
    Activation, Conv, ConvAlgorithm, MapShape, PreparedConv, SimdLevel, conv_backward_input,
    conv_backward_weight, conv_forward, cross_entropy, resize_forward, set_conv_algorithm,
    set_simd_level,
};
use reference::{assert_close, expanded, normalised, random, wide};

fn streamed() -> Vec<f32> {
    let (expand, depthwise) = expanded(MapShape::new(1, 131, 127, 5), 43, 3, 1);
    let x = random(expand.input.len(), 1);
    let prepare = |conv: &Conv, seed| {
        let weight = random(conv.weight_len(), seed);
        PreparedConv::new(conv, &weight, None, Activation::Identity)
    };
    let mut y = vec![0.0; depthwise.output().len()];
    prepare(&depthwise, 3).run_expanded(&prepare(&expand, 2), &x, &mut y);
    y
}

fn everything() -> Vec<Vec<f32>> {
    let mut all = Vec::new();
    for (channels, out_channels, kernel, stride, groups, algorithm) in [
        (21, 50, 3, 1, 1, ConvAlgorithm::Direct),
        (21, 50, 3, 1, 1, ConvAlgorithm::Winograd),
        (16, 1, 3, 2, 1, ConvAlgorithm::ByShape),
        (48, 48, 1, 1, 1, ConvAlgorithm::ByShape),
        (21, 21, 5, 1, 21, ConvAlgorithm::ByShape),
    ] {
        set_conv_algorithm(algorithm);
        let conv = Conv {
            input: MapShape::new(2, 9, 11, channels),
            out_channels,
            kernel,
            stride,
            dilation: 2,
            groups,
        };
        let x = random(conv.input.len(), 1);
        let weight = random(conv.weight_len(), 2);
        let dy = random(conv.output().len(), 3);
        let (mut y, mut dx) = (vec![0.0; dy.len()], vec![0.0; x.len()]);
        let mut dweight = vec![0.0; weight.len()];
        conv_forward(&conv, &x, &weight, None, &mut y);
        conv_backward_input(&conv, &weight, &dy, &mut dx);
        conv_backward_weight(&conv, &x, &dy, &mut dweight);
        all.extend([y, dx, dweight]);
    }
    set_conv_algorithm(ConvAlgorithm::ByShape);
    all.push(streamed());
    for channels in [3, 21, 48] {
        let y = random(200 * channels, 4);
        // Identity: a value within rounding of a kink may fall on either side.
        all.extend(normalised(
            &y,
            channels,
            Activation::Identity,
            Activation::Identity,
        ));
        let input = MapShape::new(1, 20, 10, channels);
        let mut resized = vec![0.0; 35 * 7 * channels];
        resize_forward(input, (35, 7), &y, &mut resized);
        let labels: Vec<u8> = (0..200).map(|i| (i % channels) as u8).collect();
        let mut grad = vec![0.0; y.len()];
        let loss = cross_entropy(&y, channels, &labels, 255, Some((&mut grad, 1.0)));
        all.extend([resized, grad, vec![loss as f32]]);
    }
    all
}

#[test]
fn baseline_and_best_agree() {
    let best = everything();
    set_simd_level(SimdLevel::Baseline);
    let baseline = everything();
    set_simd_level(SimdLevel::Best);
    assert_eq!(best.len(), baseline.len());
    for (i, (best, baseline)) in best.iter().zip(&baseline).enumerate() {
        assert_close(&format!("result {i}"), best, &wide(baseline), 2e-5);
    }
    // Fused multiply-add rounds once instead of twice: with vectors at work some bit differs.
    if cfg!(target_arch = "x86_64") && std::is_x86_feature_detected!("fma") {
        assert!(best != baseline, "the baseline was not in force");
    }
}
