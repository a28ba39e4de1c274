//! Results of a case: outputs and gradients, and their comparison.

use approx::relative_eq;
use dfdx::prelude::{
    Backward, Device, Gradients, NoneTape, OwnedTape, PutTape, SumTo, Tape, Tensor, TryAdd, TryMul,
};
use dfdx::shapes::{HasShape, Shape};
use nasfw_network::kernels::{
    Activation, Affine, BatchStatistics, DeviceOf, Flat, Kernels, Map, MapShape,
};
use nasfw_sdk::Size;

use super::case::{Case, IGNORE, Op, noise};

/// Named vectors: "output", "mean", "variance", "gradient of map 0", …
#[derive(Debug, Default)]
pub(crate) struct Outcome(pub(crate) Vec<(String, Vec<f64>)>);

impl Outcome {
    pub(crate) fn push(&mut self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) {
        self.0.push((name.into(), values.into_iter().collect()));
    }

    /// Panics where `self` and `expected` differ by more than `tolerance` of a vector's largest
    /// value.
    #[track_caller]
    pub(crate) fn assert_close(&self, expected: &Self, tolerance: f64, what: &dyn std::fmt::Debug) {
        assert_eq!(self.0.len(), expected.0.len(), "{what:?}");
        for ((name, got), (expected_name, want)) in self.0.iter().zip(&expected.0) {
            assert_eq!(name, expected_name, "{what:?}");
            assert_eq!(got.len(), want.len(), "{name} of {what:?}");
            // Elements are sums that cancel, so an error is relative to the largest of them. Values
            // below a hundredth come from values near 1 and are compared as such.
            let scale = want.iter().fold(0.01_f64, |scale, v| scale.max(v.abs()));
            for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
                assert!(
                    relative_eq!(got, want, epsilon = tolerance * scale, max_relative = 0.0),
                    "{name}[{i}] is {got}, not {want}, in {what:?}"
                );
            }
        }
    }
}

/// Fixed weights of the outputs in the sum whose gradient is taken.
pub(crate) fn upstream(len: usize) -> Vec<f32> {
    noise(1000, len)
}

/// Runs `case` on a kernel set; the result without a tape must be the same.
///
/// Runs twice on one tape and returns half of the gradients, to expose a backward pass that
/// overwrites a gradient instead of adding to it.
pub(crate) fn outcome<K: Kernels>(kernels: &K, case: &Case) -> Outcome {
    let inputs = Inputs::new(kernels, case);
    let mut outcome = Outcome::default();
    let mut tape = OwnedTape::default();
    let gradients = match case.op {
        Op::CrossEntropy(_) | Op::Berhu | Op::SquaredError => {
            let untaped = inputs.loss(kernels, &mut NoneTape);
            let y = inputs.loss(kernels, &mut tape);
            assert_eq!(untaped.as_vec(), y.as_vec(), "without a tape: {case:?}");
            outcome.push("output", wide(&y));
            let again = inputs.loss(kernels, &mut tape);
            // dfdx on CUDA panics at the sum of a scalar.
            backward(kernels.device(), y, again, tape, |sum| sum)
        }
        _ => {
            let (untaped, _) = inputs.map(kernels, &mut NoneTape);
            let (y, statistics) = inputs.map(kernels, &mut tape);
            assert_eq!(untaped.as_vec(), y.as_vec(), "without a tape: {case:?}");
            assert_contiguous(kernels, &y);
            outcome.push("output", wide(&y));
            if let Some(statistics) = statistics {
                outcome.push("mean", wide(&statistics.mean));
                outcome.push("variance", wide(&statistics.variance));
            }
            let (again, _) = inputs.map(kernels, &mut tape);
            backward(kernels.device(), y, again, tape, SumTo::sum)
        }
    };
    inputs.push_gradients(gradients, &mut outcome);
    outcome
}

/// Hand-written kernels read memory in order, `as_vec` follows the strides.
fn assert_contiguous<K: Kernels>(kernels: &K, y: &Map<DeviceOf<K>>) {
    let read = kernels.activation(y, Activation::Identity, &mut NoneTape);
    assert_eq!(read.unwrap().as_vec(), y.as_vec(), "odd strides");
}

fn backward<S: Shape, D: Device<f32>>(
    on: &D,
    y: Tensor<S, f32, D>,
    again: Tensor<S, f32, D>,
    tape: OwnedTape<f32, D>,
    sum: impl FnOnce(Taped<S, D>) -> Taped<(), D>,
) -> Gradients<f32, D> {
    let shape = *y.shape();
    let weights = upstream(shape.num_elements());
    let weights = on.try_tensor_from_vec(weights, shape).unwrap();
    let both = y.put_tape(tape).try_add(again).unwrap();
    sum(both.try_mul(weights).unwrap()).backward()
}

type Taped<S, D> = Tensor<S, f32, D, OwnedTape<f32, D>>;

fn wide<S: Shape, D: Device<f32>>(x: &Tensor<S, f32, D>) -> Vec<f64> {
    x.as_vec().into_iter().map(f64::from).collect()
}

/// The inputs of a case on the device.
struct Inputs<'a, D: Device<f32>> {
    case: &'a Case,
    maps: Vec<Map<D>>,
    flats: Vec<Flat<D>>,
}

impl<'a, D: Device<f32>> Inputs<'a, D> {
    fn new<K: Kernels<Device = D>>(kernels: &K, case: &'a Case) -> Self {
        let dev = kernels.device();
        let map = |(s, v): &(MapShape, Vec<f32>)| {
            let dims = (s.batch, s.height, s.width, s.channels);
            dev.try_tensor_from_vec(v.clone(), dims).unwrap()
        };
        let flat = |v: &Vec<f32>| dev.try_tensor_from_vec(v.clone(), (v.len(),)).unwrap();
        Self {
            case,
            maps: case.maps.iter().map(map).collect(),
            flats: case.flats.iter().map(flat).collect(),
        }
    }

    fn map<K: Kernels<Device = D>, T: Tape<f32, D>>(
        &self,
        kernels: &K,
        tape: &mut T,
    ) -> (Map<D>, Option<BatchStatistics<D>>) {
        let x = &self.maps[0];
        let needed = self.case.needs_input_gradient;
        let chosen = |which: &[usize]| which.iter().map(|&i| &self.maps[i]).collect::<Vec<_>>();
        let affine = |from: usize| Affine {
            gamma: &self.flats[from],
            beta: &self.flats[from + 1],
        };
        let y = match &self.case.op {
            Op::BatchNorm(activation) => {
                let (y, statistics) = kernels.batch_norm(x, affine(0), *activation, tape).unwrap();
                return (y, Some(statistics));
            }
            Op::ConvNorm(conv, activation) => {
                let (weight, affine) = (&self.flats[0], affine(1));
                let (y, statistics) = kernels
                    .conv_norm(conv, x, weight, affine, *activation, needed, tape)
                    .unwrap();
                return (y, Some(statistics));
            }
            Op::Conv(conv) => {
                let bias = self.flats.get(1);
                kernels.conv(conv, x, &self.flats[0], bias, needed, tape)
            }
            Op::ScaleShift(activation) => {
                kernels.scale_shift(x, &self.flats[0], &self.flats[1], *activation, tape)
            }
            Op::Activation(activation) => kernels.activation(x, *activation, tape),
            Op::Resize(size) => kernels.resize(x, Size::new(size.1, size.0), tape),
            Op::GlobalAverage => kernels.global_average(x, tape),
            Op::Add(which) => kernels.add(&chosen(which), tape),
            Op::Concat(which) => kernels.concat(&chosen(which), tape),
            Op::CrossEntropy(_) | Op::Berhu | Op::SquaredError => unreachable!("a loss"),
        };
        (y.unwrap(), None)
    }

    fn loss<K: Kernels<Device = D>, T: Tape<f32, D>>(
        &self,
        kernels: &K,
        tape: &mut T,
    ) -> Tensor<(), f32, D> {
        let x = &self.maps[0];
        let loss = match &self.case.op {
            Op::CrossEntropy(labels) => kernels.cross_entropy(x, labels, IGNORE, tape),
            Op::Berhu => kernels.berhu(x, &self.maps[1], tape),
            _ => kernels.squared_error(x, &self.maps[1], self.maps.get(2), tape),
        };
        loss.unwrap()
    }

    /// Half of the gradients of all inputs; zeros where there is no gradient.
    fn push_gradients(&self, mut gradients: Gradients<f32, D>, outcome: &mut Outcome) {
        fn half<S: Shape, D: Device<f32>>(
            gradients: &mut Gradients<f32, D>,
            of: &Tensor<S, f32, D>,
        ) -> Vec<f64> {
            gradients.get_or_alloc_mut(of).unwrap();
            let gradient = gradients.get(of).as_vec();
            gradient.iter().map(|&g| 0.5 * f64::from(g)).collect()
        }
        for (i, map) in self.maps.iter().enumerate() {
            if self.case.needs_input_gradient {
                outcome.push(format!("gradient of map {i}"), half(&mut gradients, map));
            }
        }
        for (i, flat) in self.flats.iter().enumerate() {
            let gradient = half(&mut gradients, flat);
            outcome.push(format!("gradient of vector {i}"), gradient);
        }
    }
}
