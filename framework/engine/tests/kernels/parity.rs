//! Every kernel set gives what the composed one gives: a new device adds one test here.

use dfdx::prelude::{Backward, Cpu, Gradients, SumTo, TensorFromVec, Trace, TryMul};
use dfdx::shapes::Axis;
use nasfw_engine::network::kernels::{Activation, Composed, Conv, CpuKernels, Kernels, MapShape};
use proptest::prelude::*;

use super::case::{Case, Op, noise};
use super::outcome::outcome;

const TOLERANCE: f64 = 1e-4;

/// Compares two kernel sets on every operation.
fn parity<A: Kernels, B: Kernels>(reference: &A, tested: &B) {
    for case in cases() {
        agree(reference, tested, &case);
    }
    for channels in [1, 21, 300] {
        largest_channels(tested, MapShape::new(2, 7, 5, channels));
    }
    for max_norm in [0.5, 1e6] {
        let (norm, gradients) = clipped(reference, max_norm);
        let (tested_norm, tested_gradients) = clipped(tested, max_norm);
        approx::assert_relative_eq!(norm, tested_norm, max_relative = 1e-5);
        for (a, b) in gradients.iter().zip(&tested_gradients) {
            approx::assert_relative_eq!(a, b, epsilon = 1e-7, max_relative = 1e-5);
        }
    }
}

#[track_caller]
fn agree<A: Kernels, B: Kernels>(a: &A, b: &B, case: &Case) {
    // The data would be pages long.
    let what = (&case.op, case.maps.iter().map(|m| m.0).collect::<Vec<_>>());
    outcome(b, case).assert_close(&outcome(a, case), TOLERANCE, &what);
}

#[test]
fn cpu_kernels_agree_with_composed_ones() {
    parity(&Composed::<Cpu>::default(), &CpuKernels::default());
}

#[cfg(feature = "cuda")]
#[test]
#[ignore = "needs a CUDA device; docs/gpu.md says how to run it"]
fn gpu_kernels_agree_with_composed_ones() {
    match nasfw_engine::network::kernels::open_cuda(0) {
        Ok(gpu) => {
            let composed = Composed::<Cpu>::default();
            parity(&composed, &gpu);
            // Patches of all images at once would be too large.
            let conv = Conv {
                input: MapShape::new(5, 160, 160, 64),
                out_channels: 2,
                kernel: 3,
                stride: 1,
                dilation: 1,
                groups: 1,
            };
            agree(&composed, &gpu, &Case::conv(conv, false));
        }
        Err(e) => panic!("{e}"),
    }
}

fn cases() -> Vec<Case> {
    use Activation::{Identity, Relu, Relu6};
    let mut cases = Vec::new();
    // One channel to several vectors of them, whole and not; one pixel, odd sizes, several images.
    let shapes = [
        (1, 1, 1, 1),
        (1, 1, 1, 48),
        (3, 1, 2, 50),
        (1, 7, 5, 3),
        (2, 5, 9, 21),
        (1, 13, 11, 48),
    ]
    .map(|(b, h, w, c)| MapShape::new(b, h, w, c));
    for shape in shapes {
        let channels = shape.channels;
        for activation in [Identity, Relu, Relu6] {
            cases.push(Case::batch_norm(shape, activation));
            let flats = [channels, channels];
            cases.push(Case::new(Op::ScaleShift(activation), &[shape], &flats));
            let mut case = Case::new(Op::Activation(activation), &[shape], &[]);
            case.maps[0].1.iter_mut().for_each(|v| *v *= 9.0);
            cases.push(case);
            let conv = Conv {
                input: shape,
                out_channels: 10,
                kernel: 3,
                stride: 1,
                dilation: 2,
                groups: 1,
            };
            cases.push(Case::conv_norm(conv, activation));
            let depthwise = Conv {
                out_channels: channels,
                groups: channels,
                ..conv
            };
            cases.push(Case::conv_norm(depthwise, activation));
        }
        for size in [(1, 1), (shape.height * 2, shape.width * 2), (8, 3), (5, 9)] {
            cases.push(Case::new(Op::Resize(size), &[shape], &[]));
        }
        cases.push(Case::new(Op::GlobalAverage, &[shape], &[]));
        let wider = MapShape {
            channels: channels + 2,
            ..shape
        };
        for which in [vec![0], vec![0, 1], vec![0, 0], vec![1, 0, 0, 1, 0]] {
            cases.push(Case::new(Op::Add(which.clone()), &[shape, shape], &[]));
            cases.push(Case::new(Op::Concat(which), &[shape, wider], &[]));
        }
        cases.push(Case::cross_entropy(shape));
        cases.push(Case::berhu(shape));
        cases.push(Case::squared_error(shape, false));
        cases.push(Case::squared_error(shape, true));
    }
    // Large enough to be shared among threads.
    let large = MapShape::new(2, 33, 29, 48);
    for groups in [1, 2, 48] {
        let conv = Conv {
            input: large,
            out_channels: 48,
            kernel: 3,
            stride: 1,
            dilation: 3,
            groups,
        };
        cases.push(Case::conv(conv, true));
    }
    let odd = MapShape::new(2, 9, 13, 48);
    for (kernel, stride, dilation, groups, out_channels) in [
        (1, 1, 1, 1, 21),
        (1, 2, 1, 1, 21),
        (3, 2, 1, 1, 21),
        (3, 2, 1, 48, 48),
        (3, 2, 1, 48, 96),
        (5, 1, 6, 48, 48),
        (5, 2, 3, 2, 20),
        (5, 2, 1, 1, 3),
    ] {
        let conv = Conv {
            input: odd,
            out_channels,
            kernel,
            stride,
            dilation,
            groups,
        };
        cases.push(Case::conv(conv, true));
    }
    cases.push(Case::batch_norm(large, Identity));
    cases.push(Case::new(Op::Resize((65, 40)), &[large], &[]));
    cases.push(Case::new(Op::GlobalAverage, &[large], &[]));
    cases.push(Case::new(Op::Add(vec![0, 1, 0]), &[large, large], &[]));
    cases.push(Case::cross_entropy(large));
    cases.push(Case::berhu(large));
    cases.push(Case::squared_error(large, true));
    for case in &mut cases {
        // Without the input's gradient nothing but that gradient may change.
        if let Op::ConvNorm(conv, Relu6) = &case.op {
            case.needs_input_gradient = conv.groups > 1;
        }
    }
    cases
}

fn convolutions() -> impl Strategy<Value = Conv> {
    let channels = || prop::sample::select(vec![1, 3, 21, 48, 50]);
    let numbers = (
        prop::sample::select(vec![1, 3, 5]),
        1..=2_usize,
        prop::sample::select(vec![1, 3, 6, 12]),
        0..4_u8,
    );
    let input = (1..=2_usize, 1..=10_usize, 1..=10_usize, channels());
    (input, channels(), numbers).prop_map(
        |((batch, height, width, inputs), outputs, (kernel, stride, dilation, kind))| {
            let (inputs, outputs, groups) = match kind {
                0 => (inputs, inputs, inputs),
                1 => (inputs + inputs % 2, outputs + outputs % 2, 2),
                _ => (inputs, outputs, 1),
            };
            Conv {
                input: MapShape::new(batch, height, width, inputs),
                out_channels: outputs,
                kernel,
                stride,
                dilation,
                groups,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn cpu_convolutions_agree_with_composed_ones(conv in convolutions(), bias: bool) {
        let (composed, cpu) = (Composed::<Cpu>::default(), CpuKernels::default());
        agree(&composed, &cpu, &Case::conv(conv, bias));
    }

    #[test]
    fn cpu_resizing_agrees_with_the_composed_one(
        from in (1..=2_usize, 1..=9_usize, 1..=9_usize, prop::sample::select(vec![1, 3, 21, 50])),
        to in (1..=17_usize, 1..=17_usize),
    ) {
        let (composed, cpu) = (Composed::<Cpu>::default(), CpuKernels::default());
        let shape = MapShape::new(from.0, from.1, from.2, from.3);
        agree(&composed, &cpu, &Case::new(Op::Resize(to), &[shape], &[]));
    }
}

/// The first largest channel of pixels, with equals among their values and some that are no numbers.
fn largest_channels<K: Kernels>(kernels: &K, shape: MapShape) {
    let (pixels, channels) = (shape.pixels(), shape.channels);
    let mut values: Vec<f32> = (noise(3, shape.len()).iter())
        .map(|v| (v * 9.0).round())
        .collect();
    let spoiled = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    for (at, value) in spoiled.into_iter().enumerate() {
        values[(at * 9 + 4) * channels + at % channels] = value;
    }
    let mut expected = vec![0.0; pixels];
    for pixel in 0..pixels {
        let mut best = f32::MIN;
        for channel in 0..channels {
            let value = values[pixel * channels + channel];
            if !value.is_finite() {
                expected[pixel] = f32::NAN;
            } else if value > best {
                best = value;
                // Not-a-number stays.
                expected[pixel] += channel as f32 - expected[pixel];
            }
        }
    }
    let dims = (shape.batch, shape.height, shape.width, channels);
    let map = kernels.device().try_tensor_from_vec(values, dims).unwrap();
    let got = kernels.argmax(&map).unwrap();
    assert_eq!(got.len(), pixels);
    for (got, want) in got.iter().zip(&expected) {
        assert!(
            got == want || got.is_nan() && want.is_nan(),
            "{got}, not {want}"
        );
    }
}

/// The norm before and the gradients after clipping those of two parameters: 3 and 40 noisy values.
fn clipped<K: Kernels>(kernels: &K, max_norm: f32) -> (f32, Vec<f32>) {
    let dev = kernels.device();
    let tensor = |seed, len| dev.try_tensor_from_vec(noise(seed, len), (len,)).unwrap();
    let parameters = [3, 40].map(|len| tensor(1, len));
    let mut gradients = Gradients::leaky();
    for (i, parameter) in parameters.iter().enumerate() {
        let len = parameter.as_vec().len();
        let wanted = tensor(2 + i, len);
        let traced = parameter.trace(gradients);
        gradients = traced
            .try_mul(wanted)
            .unwrap()
            .sum::<(), Axis<0>>()
            .backward();
    }
    let borrowed = [&parameters[0], &parameters[1]];
    let norm = kernels
        .clip_gradients(&mut gradients, &borrowed, max_norm)
        .unwrap();
    let after = borrowed.map(|p| gradients.get(p).as_vec()).concat();
    (norm.as_vec()[0], after)
}

#[test]
fn clipping_scales_all_gradients_alike() {
    let before: Vec<f32> = [noise(2, 3), noise(3, 40)].concat();
    let joint = before.iter().map(|g| g * g).sum::<f32>().sqrt();
    let kernels = Composed::<Cpu>::default();
    let (norm, after) = clipped(&kernels, 0.5);
    approx::assert_relative_eq!(norm, joint, max_relative = 1e-5);
    for (a, b) in after.iter().zip(&before) {
        approx::assert_relative_eq!(*a, b * 0.5 / joint, max_relative = 1e-5);
    }
    assert_eq!(clipped(&kernels, 1e6).1, before);
}
