//! A task's custom loss is an operation on the tape like any other.

use std::sync::Arc;

use approx::assert_abs_diff_eq;
use dfdx::prelude::{Backward, OwnedTape, PutTape, TensorFromVec};
use nasfw_network::fit::{Batch, Objective};
use nasfw_network::kernels::{CpuKernels, Kernels};
use nasfw_sdk::graph::{Output, Role};
use nasfw_sdk::{
    DataInfo, Label, LabelKind, Loss, LossBatch, Metrics, Result, Scorer, Seed, Size, TargetScale,
    Task,
};

use super::random_map;

/// Mean squared error, times a factor.
struct Squares(f32);

impl Task for Squares {
    fn labels(&self) -> LabelKind {
        LabelKind::Depth
    }
    fn output_channels(&self, _: &DataInfo) -> Result<usize> {
        Ok(1)
    }
    fn loss(&self) -> Loss {
        Loss::Custom
    }
    fn scorer(&self, _: &DataInfo) -> Result<Box<dyn Scorer>> {
        unreachable!("nothing is scored")
    }
    fn reward(&self, _: &Metrics) -> Result<f64> {
        Ok(0.0)
    }
    fn headline(&self) -> &'static [&'static str] {
        &[]
    }
    fn custom_loss(&self, batch: &LossBatch<'_>, gradient: &mut [f32]) -> Result<f64> {
        let truths = batch.truths.iter().flat_map(|label| match label {
            Label::Depth { values, .. } => values.clone(),
            _ => Vec::new(),
        });
        let count = batch.outputs.len() as f32;
        let mut sum = 0.0;
        for ((x, y), gradient) in batch.outputs.iter().zip(truths).zip(gradient) {
            sum += f64::from((x - y) * (x - y));
            *gradient = self.0 * 2.0 * (x - y) / count;
        }
        Ok(sum * f64::from(self.0) / f64::from(count))
    }
}

const CROP_PX: usize = 32;

fn labels() -> Vec<Arc<Label>> {
    let label = |seed: usize| Label::Depth {
        width: CROP_PX,
        height: CROP_PX,
        values: (0..CROP_PX * CROP_PX)
            .map(|at| ((at * 7 + seed) % 13) as f32)
            .collect(),
    };
    vec![Arc::new(label(1)), Arc::new(label(5))]
}

fn batch(teacher: Option<Vec<f32>>) -> Batch {
    Batch {
        inputs: Vec::new(),
        labels: labels(),
        teacher: teacher.map(Into::into),
    }
}

fn main_output() -> Output {
    Output {
        name: "main".into(),
        role: Role::Main,
        node: 0,
    }
}

fn objective<'a>(task: &'a Squares) -> Objective<'a> {
    Objective {
        loss: Loss::Custom,
        custom: Some(task),
        auxiliary: 0.0,
        distillation: 0.0,
        targets: TargetScale::Quarter,
        crop_px: CROP_PX,
    }
}

/// Would catch a gradient that is dropped, doubled or not scaled by the gradient passed in, a value
/// that is not the loss, or labels of another size than the outputs.
#[test]
fn its_value_and_gradient_are_those_of_the_same_loss_on_the_device() {
    let kernels = CpuKernels::default();
    let mut rng = Seed(9).stream("custom");
    let x = random_map(kernels.device(), (2, 5, 5, 1), &mut rng);
    let batch = batch(None);
    let task = Squares(1.0);
    let mut tape = OwnedTape::default();
    let outputs = [x.clone()];
    let loss = objective(&task)
        .loss(&kernels, &[main_output()], &outputs, &batch, &mut tape)
        .unwrap();
    let value = loss.as_vec()[0];
    let gradients = loss.put_tape(tape).backward();
    let custom = gradients.get(&x).as_vec();

    let side = CROP_PX / 4;
    let truth: Vec<f32> = (batch.labels.iter())
        .flat_map(|label| {
            let (size, from) = (Size::square(side), Size::square(CROP_PX));
            match nasfw_data::resize_label(label, size, from) {
                Label::Depth { values, .. } => values,
                _ => Vec::new(),
            }
        })
        .collect();
    let truth = kernels.device().tensor_from_vec(truth, (2, side, side, 1));
    let mut tape = OwnedTape::default();
    let resized = kernels.resize(&x, Size::square(side), &mut tape).unwrap();
    let loss = kernels
        .squared_error(&resized, &truth, None, &mut tape)
        .unwrap();
    assert_abs_diff_eq!(value, loss.as_vec()[0], epsilon = 1e-4);
    let gradients = loss.put_tape(tape).backward();
    let expected = gradients.get(&x).as_vec();
    assert!(expected.iter().any(|g| g.abs() > 1e-3));
    for (custom, expected) in custom.iter().zip(&expected) {
        assert_abs_diff_eq!(custom, expected, epsilon = 1e-5);
    }
}

/// The gradient of the objective with the given weight of distillation, by the map before the
/// output.
fn gradient(distillation: f32) -> Vec<f32> {
    let kernels = CpuKernels::default();
    let mut rng = Seed(9).stream("taught");
    let side = CROP_PX / 4;
    let x = random_map(kernels.device(), (2, side, side, 1), &mut rng);
    let distilled = random_map(kernels.device(), (2, side, side, 1), &mut rng);
    let batch = batch(Some(distilled.as_vec()));
    let task = Squares(1.0);
    let how = Objective {
        distillation,
        ..objective(&task)
    };
    let mut tape = OwnedTape::default();
    let outputs = [kernels.add(&[&x], &mut tape).unwrap()];
    let loss = how.loss(&kernels, &[main_output()], &outputs, &batch, &mut tape);
    let gradients = loss.unwrap().put_tape(tape).backward();
    let found = gradients.get(&x).as_vec();
    if distillation == 0.0 {
        return found;
    }
    // The teacher's part alone.
    let mut tape = OwnedTape::default();
    let loss = kernels
        .squared_error(&x, &distilled, None, &mut tape)
        .unwrap();
    let gradients = loss.put_tape(tape).backward();
    let of_teacher = gradients.get(&x).as_vec();
    let without = found.iter().zip(&of_teacher);
    without.map(|(g, t)| g - distillation * t).collect()
}

/// Would catch that one of two losses on the same output is lost.
#[test]
fn distillation_comes_on_top_of_it() {
    let (alone, distilled) = (gradient(0.0), gradient(0.5));
    assert!(alone.iter().any(|g| g.abs() > 1e-3));
    for (alone, distilled) in alone.iter().zip(&distilled) {
        assert_abs_diff_eq!(alone, distilled, epsilon = 1e-5);
    }
}

#[test]
fn what_is_not_finite_is_an_error() {
    let kernels = CpuKernels::default();
    let mut rng = Seed(9).stream("custom");
    let x = random_map(kernels.device(), (2, 8, 8, 1), &mut rng);
    let batch = batch(None);
    for factor in [f32::NAN, f32::INFINITY] {
        let task = Squares(factor);
        let mut tape = OwnedTape::default();
        let outputs = [x.clone()];
        let result = objective(&task).loss(&kernels, &[main_output()], &outputs, &batch, &mut tape);
        let message = result.err().unwrap().to_string();
        assert!(message.contains("the task's custom loss is"), "{message}");
    }
}
