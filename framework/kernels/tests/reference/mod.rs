//! Written-out loops in f64 that the kernels are held against, and random inputs.
#![allow(dead_code, reason = "each test binary uses its part")]

use nasfw_kernels::{
    Activation, Conv, MapShape, NormBackward, batch_statistics, norm_backward, scale_shift,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// `len` values in -1..1, the same for the same seed.
pub(crate) fn random(len: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..len).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// Panics where `got` is farther from `expected` than f32 sums of this size explain.
pub(crate) fn assert_close(what: &str, got: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}: length");
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(got) - expected).abs();
        assert!(
            error <= tolerance * (1.0 + expected.abs()),
            "{what}: value {i} is {got}, expected {expected}"
        );
    }
}

/// The values in f64.
pub(crate) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

/// Runs `work` in a pool of `threads`.
pub(crate) fn in_pool<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a pool of a few threads");
    pool.install(work)
}

/// A 1x1 convolution to `channels` and the depthwise convolution after it.
pub(crate) fn expanded(
    input: MapShape,
    channels: usize,
    kernel: usize,
    stride: usize,
) -> (Conv, Conv) {
    let expand = Conv {
        input,
        out_channels: channels,
        kernel: 1,
        stride: 1,
        dilation: 1,
        groups: 1,
    };
    let depthwise = Conv {
        input: expand.output(),
        kernel,
        stride,
        groups: channels,
        ..expand
    };
    (expand, depthwise)
}

/// What the kernels of normalisation make of `y`: mean, variance, the result with the activation
/// `forward`, and three gradients through the activation `backward`.
pub(crate) fn normalised(
    y: &[f32],
    channels: usize,
    forward: Activation,
    backward: Activation,
) -> [Vec<f32>; 6] {
    let parameter = random(channels, 6);
    let (mut mean, mut var) = (vec![0.0; channels], vec![0.0; channels]);
    batch_statistics(y, channels, &mut mean, &mut var);
    let mut z = vec![0.0; y.len()];
    scale_shift(y, &mean, &var, forward, &mut z);
    let (mut dgamma, mut dbeta) = (vec![0.0; channels], vec![0.0; channels]);
    let n = NormBackward {
        y,
        mean: &mean,
        inv_std: &var,
        gamma: &parameter,
        beta: &parameter,
        act: backward,
    };
    let mut dy = random(y.len(), 5);
    norm_backward(&n, &mut dy, &mut dgamma, &mut dbeta);
    [mean, var, z, dy, dgamma, dbeta]
}

/// Calls `visit(x, weight, y)` with the indices of every product a convolution adds up.
pub(crate) fn products(conv: &Conv, mut visit: impl FnMut(usize, usize, usize)) {
    let (input, output) = (conv.input, conv.output());
    let padding = conv.padding() as isize;
    let inputs = input.channels / conv.groups;
    let outputs = conv.out_channels / conv.groups;
    for b in 0..output.batch {
        for oy in 0..output.height {
            for ox in 0..output.width {
                for co in 0..conv.out_channels {
                    let y = at(output, b, oy, ox, co);
                    for ky in 0..conv.kernel {
                        for kx in 0..conv.kernel {
                            let iy = (oy * conv.stride + ky * conv.dilation) as isize - padding;
                            let ix = (ox * conv.stride + kx * conv.dilation) as isize - padding;
                            let inside = (0..input.height as isize).contains(&iy)
                                && (0..input.width as isize).contains(&ix);
                            if !inside {
                                continue;
                            }
                            for ci in 0..inputs {
                                let channel = co / outputs * inputs + ci;
                                let x = at(input, b, iy as usize, ix as usize, channel);
                                let tap = ky * conv.kernel + kx;
                                visit(x, (tap * inputs + ci) * conv.out_channels + co, y);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The index of a value of a map.
pub(crate) fn at(shape: MapShape, b: usize, y: usize, x: usize, c: usize) -> usize {
    ((b * shape.height + y) * shape.width + x) * shape.channels + c
}

/// Central difference of `f` at each value of `x`.
pub(crate) fn finite_difference(x: &[f32], step: f32, f: impl Fn(&[f32]) -> f64) -> Vec<f64> {
    let mut x = x.to_vec();
    (0..x.len())
        .map(|i| {
            let value = x[i];
            x[i] = value + step;
            let (up, above) = (x[i], f(&x));
            x[i] = value - step;
            let (down, below) = (x[i], f(&x));
            x[i] = value;
            (above - below) / f64::from(up - down)
        })
        .collect()
}
