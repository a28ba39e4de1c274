//! Batch normalisation against written-out sums and finite differences.

mod reference;

use nasfw_kernels::{
    Activation, NormBackward, batch_statistics, norm_backward, scale_shift, scale_shift_backward,
};
use proptest::prelude::*;
use reference::{assert_close, finite_difference, random, wide};

const EPSILON: f64 = 1e-5;
const ACTIVATIONS: [Activation; 3] = [Activation::Identity, Activation::Relu, Activation::Relu6];

fn act(act: Activation, v: f64) -> f64 {
    match act {
        Activation::Identity => v,
        Activation::Relu => v.max(0.0),
        Activation::Relu6 => v.clamp(0.0, 6.0),
    }
}

fn statistics(y: &[f64], channels: usize) -> (Vec<f64>, Vec<f64>) {
    let pixels = (y.len() / channels) as f64;
    let mut mean = vec![0.0; channels];
    y.iter()
        .enumerate()
        .for_each(|(i, v)| mean[i % channels] += v / pixels);
    let mut var = vec![0.0; channels];
    for (i, v) in y.iter().enumerate() {
        var[i % channels] += (v - mean[i % channels]).powi(2) / pixels;
    }
    (mean, var)
}

/// The whole training-mode norm in f64.
fn norm(y: &[f64], gamma: &[f64], beta: &[f64], activation: Activation) -> Vec<f64> {
    let channels = gamma.len();
    let (mean, var) = statistics(y, channels);
    let value = |(i, v): (usize, &f64)| {
        let c = i % channels;
        act(
            activation,
            gamma[c] * (v - mean[c]) / (var[c] + EPSILON).sqrt() + beta[c],
        )
    };
    y.iter().enumerate().map(value).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn statistics_agree_with_the_sums(
        pixels in 1..900_usize, channels in 1..60_usize, shift in -3.0..3.0_f32,
    ) {
        let y: Vec<f32> = random(pixels * channels, 1).iter().map(|v| v + shift).collect();
        let (mean, var) = statistics(&wide(&y), channels);
        let (mut got_mean, mut got_var) = (vec![f32::NAN; channels], vec![f32::NAN; channels]);
        batch_statistics(&y, channels, &mut got_mean, &mut got_var);
        assert_close("mean", &got_mean, &mean, 1e-6);
        assert_close("variance", &got_var, &var, 1e-5);
    }

    #[test]
    fn scale_shift_and_its_gradient(
        pixels in 1..300_usize, channels in 1..60_usize, which in 0..3_usize,
    ) {
        let activation = ACTIVATIONS[which];
        let len = pixels * channels;
        let y: Vec<f32> = random(len, 2).iter().map(|v| 6.0 * v).collect();
        let (scale, shift) = (random(channels, 3), random(channels, 4));
        let inner = |i: usize| {
            let at = i % channels;
            f64::from(y[i]) * f64::from(scale[at]) + f64::from(shift[at])
        };
        let expected: Vec<f64> = (0..len).map(|i| act(activation, inner(i))).collect();
        let mut z = vec![f32::NAN; len];
        scale_shift(&y, &scale, &shift, activation, &mut z);
        assert_close("scale_shift", &z, &expected, 1e-5);

        let (dz, before) = (random(len, 5), random(len, 6));
        let mut dy = before.clone();
        scale_shift_backward(&y, &dz, &scale, &shift, activation, &mut dy);
        let expected: Vec<f64> = (0..len)
            .map(|i| {
                let passes = act(activation, inner(i)) == inner(i);
                let gradient = f64::from(dz[i]) * f64::from(scale[i % channels]);
                let gradient = if passes { gradient } else { 0.0 };
                f64::from(before[i]) + gradient
            })
            .collect();
        assert_close("scale_shift_backward", &dy, &expected, 1e-5);
    }
}

#[test]
fn a_large_mean_leaves_the_variance() {
    let y: Vec<f32> = random(30_000, 7).iter().map(|v| 1000.0 + 0.5 * v).collect();
    let (_, var) = statistics(&wide(&y), 3);
    let (mut got_mean, mut got_var) = ([0.0; 3], [0.0; 3]);
    batch_statistics(&y, 3, &mut got_mean, &mut got_var);
    for (got, expected) in got_var.iter().zip(var) {
        assert!(
            (f64::from(*got) - expected).abs() < 1e-4 * expected,
            "{got} for {expected}"
        );
    }
}

#[test]
fn a_map_without_pixels_has_zero_statistics() {
    let (mut mean, mut var) = ([1.0; 2], [1.0; 2]);
    batch_statistics(&[], 2, &mut mean, &mut var);
    assert_eq!((mean, var), ([0.0; 2], [0.0; 2]));
}

#[test]
fn the_training_gradient_agrees_with_finite_differences() {
    for (pixels, channels) in [(6, 1), (9, 3), (5, 21), (12, 8)] {
        for activation in ACTIVATIONS {
            let len = pixels * channels;
            let y: Vec<f32> = random(len, 8).iter().map(|v| 2.0 * v + 0.3).collect();
            let dz = random(len, 9);
            let gamma: Vec<f32> = random(channels, 10).iter().map(|v| 3.0 * v + 0.5).collect();
            let beta: Vec<f32> = random(channels, 11).iter().map(|v| v + 1.0).collect();
            let loss = |y: &[f32], gamma: &[f32], beta: &[f32]| -> f64 {
                let z = norm(&wide(y), &wide(gamma), &wide(beta), activation);
                z.iter().zip(&dz).map(|(z, &dz)| z * f64::from(dz)).sum()
            };
            // Away from the kinks a small step stays on one side; a value that crosses one would
            // show as a large error.
            let step = 1e-4;
            let (mean, var) = statistics(&wide(&y), channels);
            let mean: Vec<f32> = mean.iter().map(|&v| v as f32).collect();
            let inv_std: Vec<f32> = var
                .iter()
                .map(|&v| (1.0 / (v + EPSILON).sqrt()) as f32)
                .collect();
            let mut dy = dz.clone();
            let (mut dgamma, mut dbeta) = (vec![1.0; channels], vec![2.0; channels]);
            let n = NormBackward {
                y: &y,
                mean: &mean,
                inv_std: &inv_std,
                gamma: &gamma,
                beta: &beta,
                act: activation,
            };
            norm_backward(&n, &mut dy, &mut dgamma, &mut dbeta);
            let expected = finite_difference(&y, step, |y| loss(y, &gamma, &beta));
            assert_close("dy", &dy, &expected, 2e-3);
            let mut expected = finite_difference(&gamma, step, |gamma| loss(&y, gamma, &beta));
            expected.iter_mut().for_each(|v| *v += 1.0);
            assert_close("dgamma", &dgamma, &expected, 2e-3);
            let mut expected = finite_difference(&beta, step, |beta| loss(&y, &gamma, beta));
            expected.iter_mut().for_each(|v| *v += 2.0);
            assert_close("dbeta", &dbeta, &expected, 2e-3);
        }
    }
}

/// Large maps take the path of several chunks; the identity of the closed form shows a lost or
/// doubled one.
#[test]
fn the_training_gradient_of_a_large_map_sums_to_zero() {
    let channels = 21;
    let pixels = 3000;
    let y = random(pixels * channels, 12);
    let dz = random(pixels * channels, 13);
    let (mut mean, mut var) = (vec![0.0; channels], vec![0.0; channels]);
    batch_statistics(&y, channels, &mut mean, &mut var);
    let inv_std: Vec<f32> = var.iter().map(|v| 1.0 / (v + 1e-5).sqrt()).collect();
    let (gamma, beta) = (vec![1.5; channels], vec![0.1; channels]);
    let n = NormBackward {
        y: &y,
        mean: &mean,
        inv_std: &inv_std,
        gamma: &gamma,
        beta: &beta,
        act: Activation::Relu,
    };
    let mut dy = dz.clone();
    let (mut dgamma, mut dbeta) = (vec![0.0; channels], vec![0.0; channels]);
    norm_backward(&n, &mut dy, &mut dgamma, &mut dbeta);
    let (mut sums, mut products) = (vec![0.0; channels], vec![0.0; channels]);
    for (i, (&g, &v)) in dy.iter().zip(&y).enumerate() {
        sums[i % channels] += f64::from(g);
        products[i % channels] += f64::from(g) * f64::from(v);
    }
    // Shifting or scaling a channel does not change the result, so the gradient along both is
    // (nearly) zero.
    for (sum, product) in sums.iter().zip(products) {
        assert!(sum.abs() < 1e-2 && product.abs() < 1e-2, "{sum}, {product}");
    }
    let size: f64 = dy.iter().map(|&g| f64::from(g).abs()).sum::<f64>() / dy.len() as f64;
    assert!(size > 0.1, "the gradient itself is not zero: {size}");
}
