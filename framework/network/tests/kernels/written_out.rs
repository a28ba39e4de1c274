//! Both kernel sets against loops in f64, and against values worked out by hand.

use dfdx::prelude::{Backward, Cpu, OwnedTape, PutTape, SumTo, TensorFromVec};
use dfdx::shapes::Axes4;
use nasfw_network::kernels::{Activation, Composed, Conv, CpuKernels, Kernels, MapShape};

use super::case::{Case, IGNORE, Op};
use super::outcome::{Outcome, outcome};
use super::reference::reference;

/// Compares both kernel sets with the loops.
#[track_caller]
fn check(case: &Case) {
    check_against(case, case);
}

#[track_caller]
fn check_against(case: &Case, reference_case: &Case) {
    let expected = reference(reference_case);
    for (name, got) in outcomes(case) {
        got.assert_close(&expected, 1e-4, &(name, case));
    }
}

fn outcomes(case: &Case) -> [(&'static str, Outcome); 2] {
    [
        ("composed", outcome(&Composed::<Cpu>::default(), case)),
        ("cpu", outcome(&CpuKernels::default(), case)),
    ]
}

fn shape(batch: usize, height: usize, width: usize, channels: usize) -> MapShape {
    MapShape::new(batch, height, width, channels)
}

/// kernel, stride, dilation, groups
fn spec(input: MapShape, outputs: usize, [kernel, stride, dilation, groups]: [usize; 4]) -> Conv {
    Conv {
        input,
        out_channels: outputs,
        kernel,
        stride,
        dilation,
        groups,
    }
}

#[test]
fn convolutions_match_the_loop() {
    for (input, outputs, numbers) in [
        (shape(2, 4, 5, 3), 2, [1, 1, 1, 1]),
        (shape(1, 5, 4, 2), 3, [1, 2, 1, 1]),
        (shape(2, 5, 4, 2), 3, [3, 1, 1, 1]),
        (shape(1, 5, 6, 2), 2, [3, 2, 1, 1]),
        (shape(1, 7, 5, 1), 2, [3, 1, 3, 1]),
        (shape(1, 6, 5, 2), 1, [5, 2, 2, 1]),
        (shape(1, 4, 3, 4), 6, [3, 1, 1, 2]),
        (shape(1, 4, 3, 4), 2, [3, 2, 2, 2]),
        (shape(2, 5, 4, 3), 3, [3, 1, 2, 3]),
        (shape(1, 5, 5, 3), 3, [5, 2, 1, 3]),
        // More outputs than inputs although each input is a group of its own.
        (shape(1, 3, 4, 2), 4, [3, 1, 1, 2]),
        (shape(1, 1, 1, 3), 2, [5, 1, 6, 1]),
        (shape(1, 1, 1, 3), 3, [3, 2, 12, 3]),
    ] {
        for bias in [false, true] {
            check(&Case::conv(spec(input, outputs, numbers), bias));
        }
    }
}

#[test]
fn weights_learn_where_the_input_does_not() {
    let conv = spec(shape(1, 5, 4, 2), 3, [3, 2, 1, 1]);
    for case in [
        Case::conv(conv, true),
        Case::conv_norm(conv, Activation::Relu),
    ] {
        check(&Case {
            needs_input_gradient: false,
            ..case
        });
    }
}

#[test]
fn a_smaller_batch_than_planned_is_fine() {
    let planned = spec(shape(4, 3, 3, 2), 2, [3, 1, 1, 1]);
    let case = Case::conv(spec(shape(1, 3, 3, 2), 2, [3, 1, 1, 1]), true);
    let smaller = Case {
        op: Op::Conv(planned),
        ..case.clone()
    };
    check_against(&smaller, &case);
}

#[test]
fn normalisation_matches_the_loop() {
    use Activation::{Identity, Relu, Relu6};
    for activation in [Identity, Relu, Relu6] {
        for input in [
            shape(1, 3, 5, 1),
            shape(2, 4, 3, 3),
            shape(3, 1, 1, 5),
            shape(1, 1, 1, 2),
        ] {
            check(&Case::batch_norm(input, activation));
            let mut scaled = Case::new(
                Op::ScaleShift(activation),
                &[input],
                &[input.channels, input.channels],
            );
            scaled.flats[0].iter_mut().for_each(|v| *v *= 10.0);
            check(&scaled);
            let mut plain = Case::new(Op::Activation(activation), &[input], &[]);
            plain.maps[0].1.iter_mut().for_each(|v| *v *= 9.0);
            check(&plain);
        }
        let conv = spec(shape(2, 4, 3, 2), 3, [3, 1, 1, 1]);
        check(&Case::conv_norm(conv, activation));
    }
}

#[test]
fn slopes_on_the_bounds_are_zero() {
    slopes_of(&Composed::<Cpu>::default());
    slopes_of(&CpuKernels::default());
}

fn slopes_of<K: Kernels<Device = Cpu>>(kernels: &K) {
    let run = |activation: Activation| {
        let x = vec![-1.0, 0.0, 3.0, 6.0, 7.0, f32::NAN];
        let x = kernels.device().tensor_from_vec(x, (1, 1, 1, 6));
        let mut tape = OwnedTape::default();
        let y = kernels.activation(&x, activation, &mut tape).unwrap();
        let values = y.as_vec();
        let gradients = y.put_tape(tape).sum::<(), Axes4<0, 1, 2, 3>>().backward();
        (values, gradients.get(&x).as_vec())
    };
    let (values, slopes) = run(Activation::Relu6);
    assert_eq!(values[..5], [0.0, 0.0, 3.0, 6.0, 6.0]);
    assert!(values[5].is_nan(), "NaN must stay visible");
    assert_eq!(slopes, [0.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    let (values, slopes) = run(Activation::Relu);
    assert_eq!(values[..5], [0.0, 0.0, 3.0, 6.0, 7.0]);
    assert_eq!(slopes, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
}

#[test]
fn resizing_matches_the_loop() {
    for (input, size) in [
        (shape(2, 3, 4, 3), (6, 8)),
        (shape(1, 3, 5, 2), (7, 4)),
        (shape(1, 5, 4, 1), (2, 3)),
        (shape(2, 1, 1, 3), (3, 2)),
        (shape(1, 4, 4, 2), (1, 1)),
        (shape(1, 3, 2, 2), (3, 2)),
    ] {
        check(&Case::new(Op::Resize(size), &[input], &[]));
        check(&Case::new(Op::GlobalAverage, &[input], &[]));
    }
}

/// Four pixels over two: centres at −1/4 (clamped to 0), 1/4, 3/4 and 5/4 (the edge).
#[test]
fn resizing_does_not_align_corners() {
    let mut case = Case::new(Op::Resize((1, 4)), &[shape(1, 1, 2, 1)], &[]);
    case.maps[0].1 = vec![1.0, 3.0];
    for (name, Outcome(vectors)) in outcomes(&case) {
        assert_eq!(vectors[0].1, [1.0, 1.5, 2.5, 3.0], "{name}");
    }
}

#[test]
fn sums_and_concatenations_match_the_loop() {
    let (a, b) = (shape(2, 2, 3, 3), shape(2, 2, 3, 2));
    for which in [vec![0], vec![0, 1], vec![0, 0], vec![0, 1, 0, 0, 1]] {
        check(&Case::new(Op::Add(which.clone()), &[a, a], &[]));
        check(&Case::new(Op::Concat(which), &[a, b], &[]));
    }
    let kernels = Composed::<Cpu>::default();
    let mut tape = OwnedTape::<f32, Cpu>::default();
    assert!(kernels.add(&[], &mut tape).is_err());
    assert!(kernels.concat(&[], &mut tape).is_err());
}

#[test]
fn losses_match_the_loop() {
    for input in [
        shape(2, 3, 4, 5),
        shape(1, 1, 1, 3),
        shape(3, 1, 5, 1),
        shape(1, 2, 2, 21),
    ] {
        check(&Case::cross_entropy(input));
        check(&Case::berhu(input));
        check(&Case::squared_error(input, false));
        check(&Case::squared_error(input, true));
    }
}

#[test]
fn losses_of_nothing_are_zero() {
    let input = shape(2, 2, 3, 4);
    let mut cases = vec![
        Case::new(Op::CrossEntropy(vec![IGNORE; 12]), &[input], &[]),
        Case::berhu(input),
        Case::berhu(input),
        Case::berhu(input),
        Case::squared_error(input, true),
    ];
    cases[1].maps[1].1.fill(0.0);
    cases[2].maps[1].1.fill(f32::NAN);
    // Every depth is correct: c is 0, and (e² + c²) / 2c would be NaN.
    cases[3].maps[0] = cases[3].maps[1].clone();
    cases[4].maps[2].1.fill(0.0);
    for case in cases {
        for (kernels, Outcome(vectors)) in outcomes(&case) {
            for (name, values) in vectors {
                let zero = values.iter().all(|&v| v == 0.0);
                assert!(zero, "{name} of {kernels} of {case:?}");
            }
        }
    }
}

#[test]
fn cross_entropy_of_large_logits_is_finite() {
    let mut case = Case::new(Op::CrossEntropy(vec![1, 0]), &[shape(1, 1, 2, 2)], &[]);
    case.maps[0].1 = vec![1000.0, 0.0, 1000.0, 0.0];
    for (name, Outcome(vectors)) in outcomes(&case) {
        assert_eq!(vectors[0].1, [500.0], "{name}");
        assert!(vectors[1].1.iter().all(|v| v.is_finite()), "{name}");
    }
}

#[test]
fn labels_that_are_no_class_are_an_error() {
    let kernels = Composed::<Cpu>::default();
    let logits = kernels.device().tensor_from_vec(vec![0.0; 6], (1, 1, 2, 3));
    let mut tape = OwnedTape::<f32, Cpu>::default();
    let mut run = |labels: &[u8]| kernels.cross_entropy(&logits, labels, IGNORE, &mut tape);
    assert!(run(&[0, 3]).is_err());
    assert!(run(&[0]).is_err());
    assert!(run(&[0, IGNORE]).is_ok());
}
