//! The kernels with vectors of 16 lanes, as AVX-512 has them, against the portable code.
//!
//! Lane counts decide where vectors end within a row of channels; a machine with AVX2 alone would
//! never test 16. The level holds for the process, so this is one test, and no other unit test may
//! mind the level.

use crate::*;

/// Numbers in -1..1 without an obvious pattern.
fn values(len: usize, seed: usize) -> Vec<f32> {
    (0..len)
        .map(|i| ((i + seed) * 7919 % 2003) as f32 / 1001.5 - 1.0)
        .collect()
}

/// An expansion to `channels` with the depthwise convolution after it, on as large a map as that
/// takes.
fn streamed(channels: usize) -> Vec<f32> {
    let expand = Conv {
        input: MapShape::new(1, 70, 8 + (7600 / channels), 2),
        out_channels: channels,
        kernel: 1,
        stride: 1,
        dilation: 1,
        groups: 1,
    };
    let depthwise = Conv {
        input: expand.output(),
        kernel: 3,
        groups: channels,
        ..expand
    };
    let x = values(expand.input.len(), 1);
    let prepare = |conv: &Conv, seed| {
        let weight = values(conv.weight_len(), seed);
        PreparedConv::new(conv, &weight, None, Activation::Identity)
    };
    let mut y = vec![0.0; depthwise.output().len()];
    prepare(&depthwise, 3).run_expanded(&prepare(&expand, 2), &x, &mut y);
    y
}

fn everything() -> Vec<(String, Vec<f32>)> {
    let mut all = Vec::new();
    for channels in [1, 3, 8, 16, 21, 24, 40, 48, 50] {
        for (out_channels, kernel, stride, groups, algorithm) in [
            (channels, 3, 1, channels, ConvAlgorithm::ByShape),
            (48, 3, 1, 1, ConvAlgorithm::Direct),
            (48, 3, 1, 1, ConvAlgorithm::Winograd),
            (70, 1, 1, 1, ConvAlgorithm::ByShape),
            (9, 5, 2, 1, ConvAlgorithm::ByShape),
        ] {
            set_conv_algorithm(algorithm);
            let conv = Conv {
                input: MapShape::new(2, 7, 9, channels),
                out_channels,
                kernel,
                stride,
                dilation: 2,
                groups,
            };
            let x = values(conv.input.len(), 1);
            let weight = values(conv.weight_len(), 2);
            let dy = values(conv.output().len(), 3);
            let (mut y, mut dx, mut dweight) = (dy.clone(), x.clone(), weight.clone());
            conv_forward(&conv, &x, &weight, Some(&weight[..out_channels]), &mut y);
            conv_backward_input(&conv, &weight, &dy, &mut dx);
            conv_backward_weight(&conv, &x, &dy, &mut dweight);
            let what = format!("{algorithm:?} of {conv:?}");
            all.push((format!("{what}, forward"), y));
            all.push((format!("{what}, input gradient"), dx));
            all.push((format!("{what}, weight gradient"), dweight));
        }
        all.push((format!("streamed, {channels} channels"), streamed(channels)));
        let y = values(130 * channels, 4);
        let dz = values(y.len(), 5);
        let parameter = values(channels, 6);
        let (mut mean, mut var) = (parameter.clone(), parameter.clone());
        batch_statistics(&y, channels, &mut mean, &mut var);
        let n = NormBackward {
            y: &y,
            mean: &mean,
            inv_std: &var,
            gamma: &parameter,
            beta: &parameter,
            act: Activation::Identity,
        };
        let (mut dy, mut dgamma, mut dbeta) = (dz.clone(), mean.clone(), mean.clone());
        norm_backward(&n, &mut dy, &mut dgamma, &mut dbeta);
        let mut z = dy.clone();
        scale_shift(&y, &mean, &var, Activation::Identity, &mut z);
        let mut resized = vec![0.0; 33 * 7 * channels];
        resize_forward(
            MapShape::new(1, 13, 10, channels),
            (33, 7),
            &y,
            &mut resized,
        );
        let mut dbias = mean.clone();
        bias_backward(&y, channels, &mut dbias);
        for (name, values) in [
            ("mean", mean),
            ("variance", var),
            ("norm gradient", dy),
            ("gamma gradient", dgamma),
            ("beta gradient", dbeta),
            ("scale and shift", z),
            ("resized", resized),
            ("bias gradient", dbias),
        ] {
            all.push((format!("{name}, {channels} channels"), values));
        }
    }
    all
}

#[test]
fn sixteen_lanes_agree_with_one() {
    set_simd_level(SimdLevel::Wide);
    let wide_lanes = simd::registers().lanes;
    let wide = everything();
    set_simd_level(SimdLevel::Baseline);
    let baseline = everything();
    set_simd_level(SimdLevel::Best);
    if cfg!(target_arch = "x86_64") && std::is_x86_feature_detected!("avx2") {
        assert_eq!(wide_lanes, 16, "the wide level was not in force");
    }
    for ((what, wide), (_, baseline)) in wide.iter().zip(&baseline) {
        // Winograd's transforms round values of the size of the largest, whatever the size of a
        // result.
        let epsilon = if what.starts_with("Winograd") {
            1e-4
        } else {
            3e-5
        };
        for (i, (wide, baseline)) in wide.iter().zip(baseline).enumerate() {
            approx::assert_relative_eq!(wide, baseline, epsilon = epsilon, max_relative = 3e-5);
            assert!(wide.is_finite(), "{what}: value {i} is {wide}");
        }
    }
}
