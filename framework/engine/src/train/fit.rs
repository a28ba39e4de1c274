//! The training loop.

use dfdx::prelude::{Backward, OwnedTape, PutTape};

use super::batch::{Batch, Batches};
use super::course::{Course, Place};
use super::objective::Objective;
use super::optimise::Learner;
use super::rates::{Factors, Rates};
use crate::error::{Error, Result};
use crate::network::Network;
use crate::network::kernels::{DeviceOf, Kernels, Map, device};

/// Duration and method of a training.
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a> {
    /// Passes over the samples.
    pub epochs: usize,
    /// Schedule of the learning rates.
    pub rates: Rates<'a>,
    /// The objective to minimise.
    pub objective: Objective<'a>,
    /// Decay of the Polyak average, 0 for none. The average replaces the weights after every epoch.
    pub polyak: f64,
}

/// Progress of a training, reported after every step.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    /// Steps done of all epochs.
    pub done: usize,
    /// Steps in all.
    pub steps: usize,
    /// Loss of the step just done.
    pub loss: f32,
}

/// Observes a training, and ends it by an error.
pub trait Watch<K: Kernels> {
    /// Called after every step.
    ///
    /// # Errors
    /// The error to end the training with.
    fn step(&mut self, tick: Tick, course: &Course<'_, K>) -> Result<()>;

    /// Called after every epoch, when the network holds the weights that the training would end
    /// with.
    ///
    /// # Errors
    /// The error to end the training with.
    fn epoch(&mut self, course: &Course<'_, K>) -> Result<()>;
}

/// Trains `network` on `batches` and returns the mean loss of the last epoch.
///
/// `tick` is called after every step and ends the training by returning an error.
///
/// # Errors
/// When a loss is not finite, a batch cannot be read, the device fails, or `tick` returns an error.
pub fn fit<K: Kernels>(
    network: &mut Network<K>,
    learner: &mut Learner<K>,
    batches: &dyn Batches,
    fit: &Fit<'_>,
    tick: &mut dyn FnMut(Tick) -> Result<()>,
) -> Result<f64> {
    struct Steps<'t>(&'t mut dyn FnMut(Tick) -> Result<()>);
    impl<K: Kernels> Watch<K> for Steps<'_> {
        fn step(&mut self, tick: Tick, _course: &Course<'_, K>) -> Result<()> {
            (self.0)(tick)
        }
        fn epoch(&mut self, _course: &Course<'_, K>) -> Result<()> {
            Ok(())
        }
    }
    let mut course = Course::new(network, learner, fit.polyak);
    fit_on(&mut course, batches, fit, &mut Steps(tick))
}

/// Runs [`fit`] from the position of `course`, observed by `watch`. A batch depends only on its
/// epoch and step, so an interrupted training continues as if it had not been interrupted.
///
/// As [`fit`], and when `watch` returns an error.
/// As [`fit`], and when `watch` says so.
pub fn fit_on<K: Kernels>(
    course: &mut Course<'_, K>,
    batches: &dyn Batches,
    fit: &Fit<'_>,
    watch: &mut dyn Watch<K>,
) -> Result<f64> {
    let steps = batches.steps();
    let mut mean = 0.0;
    while course.place.epoch < fit.epochs {
        let epoch = course.place.epoch;
        mean = 0.0;
        while course.place.step < steps {
            let step = course.place.step;
            let batch = batches.batch(epoch, step)?;
            let done = epoch * steps + step;
            let factors = fit.rates.factors(done, fit.epochs * steps);
            let (network, learner) = (&mut *course.network, &mut *course.learner);
            let loss = train_step(network, learner, &batch, &fit.objective, factors)?;
            if !loss.is_finite() {
                return Err(Error::Training(format!(
                    "the loss is {loss} at step {} of epoch {}",
                    step + 1,
                    epoch + 1
                )));
            }
            mean += f64::from(loss) / steps as f64;
            if let Some(average) = &mut course.average {
                average.take_in(course.network)?;
            }
            course.place.step += 1;
            let tick = Tick {
                done: done + 1,
                steps: fit.epochs * steps,
                loss,
            };
            watch.step(tick, course)?;
        }
        if let Some(average) = &course.average {
            average.replace(course.network);
        }
        course.place = Place {
            epoch: epoch + 1,
            step: 0,
        };
        watch.epoch(course)?;
    }
    Ok(mean)
}

/// Runs one step: forward, loss, backward, clipping, update. Returns the loss before the update.
pub(crate) fn train_step<K: Kernels>(
    network: &mut Network<K>,
    learner: &mut Learner<K>,
    batch: &Batch,
    objective: &Objective<'_>,
    factors: Factors,
) -> Result<f32> {
    let inputs = upload(network.kernels(), batch)?;
    let mut tape = OwnedTape::<f32, DeviceOf<K>>::default();
    let outputs = network.forward_train(&inputs, &mut tape)?;
    let kernels = network.kernels().clone();
    let declared = network.graph().outputs();
    let loss = objective.loss(&kernels, declared, &outputs, batch, &mut tape)?;
    drop(outputs);
    let value = loss.as_vec().first().copied().unwrap_or(f32::NAN);
    if !value.is_finite() {
        return Ok(value);
    }
    let mut gradients = device(loss.put_tape(tape).try_backward())?;
    learner.step(network, &mut gradients, factors)?;
    Ok(value)
}

/// Uploads a batch's inputs to the device.
pub(crate) fn upload<K: Kernels>(kernels: &K, batch: &Batch) -> Result<Vec<Map<DeviceOf<K>>>> {
    (batch.inputs.iter())
        .map(|(shape, values)| values.upload(kernels, *shape))
        .collect()
}
