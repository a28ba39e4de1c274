//! The training loop.

use dfdx::prelude::{Backward, OwnedTape, PutTape};

use super::batch::{Batch, Batches};
use super::objective::Objective;
use super::optimise::Optimisers;
use super::rates::{Factors, Rates};
use super::state::{Position, TrainState};
use crate::error::{Error, Result};
use crate::kernels::{DeviceOf, Kernels, Map, device_result};
use crate::network::Network;

/// Length and settings of a training.
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a> {
    /// Passes over the batches, over which learning rates decay.
    pub epochs: usize,
    /// Passes after which the call ends, at most `epochs`: less in a training that pauses.
    pub until: usize,
    /// Decay of learning rates.
    pub rates: Rates<'a>,
    /// The objective to minimise.
    pub objective: Objective<'a>,
    /// Decay of the Polyak average, 0 for none. The average replaces the weights after every
    /// epoch.
    pub polyak: f64,
}

/// The progress of a training, reported after every step.
#[derive(Clone, Copy, Debug)]
pub struct StepReport {
    /// Steps done of all epochs.
    pub done: usize,
    /// Steps in all.
    pub steps: usize,
    /// Loss of the step just done.
    pub loss: f32,
}

/// Watches a training, and may end it with an error.
pub trait Watch<K: Kernels> {
    /// The errors that end a training.
    type Error: From<Error>;

    /// Called after every step.
    ///
    /// # Errors
    /// The error that ends the training.
    fn step(&mut self, report: StepReport, state: &TrainState<'_, K>) -> Result<(), Self::Error>;

    /// Called after every epoch: the weights are then those the training would end with.
    ///
    /// # Errors
    /// The error that ends the training.
    fn epoch(&mut self, state: &TrainState<'_, K>) -> Result<(), Self::Error>;
}

/// Watches the steps of a training alone.
pub struct Steps<'t, E>(pub &'t mut dyn FnMut(StepReport) -> Result<(), E>);

impl<K: Kernels, E: From<Error>> Watch<K> for Steps<'_, E> {
    type Error = E;

    fn step(&mut self, report: StepReport, _state: &TrainState<'_, K>) -> Result<(), E> {
        (self.0)(report)
    }

    fn epoch(&mut self, _state: &TrainState<'_, K>) -> Result<(), E> {
        Ok(())
    }
}

/// Trains `network` on `batches` and returns the mean loss of the last epoch.
///
/// `on_step` is called after every step and ends the training by returning an error.
///
/// # Errors
/// When a loss is not finite, a batch cannot be read, the device fails, or `on_step` returns one.
pub fn fit<K: Kernels, E: From<Error>>(
    network: &mut Network<K>,
    optimisers: &mut Optimisers<K>,
    batches: &dyn Batches,
    fit: &Fit<'_>,
    on_step: &mut dyn FnMut(StepReport) -> Result<(), E>,
) -> Result<f64, E> {
    let mut state = TrainState::new(network, optimisers, fit.polyak);
    fit_on(&mut state, batches, fit, &mut Steps(on_step))
}

/// [`fit`] from wherever `state` is, watched by `watch`. A batch depends on its epoch and step
/// alone, so an interrupted training continues as if it had not been.
///
/// # Errors
/// As [`fit`], and when `watch` returns one.
pub fn fit_on<K: Kernels, W: Watch<K>>(
    state: &mut TrainState<'_, K>,
    batches: &dyn Batches,
    fit: &Fit<'_>,
    watch: &mut W,
) -> Result<f64, W::Error> {
    let steps = batches.steps();
    let mut mean = 0.0;
    while state.position.epoch < fit.until.min(fit.epochs) {
        let epoch = state.position.epoch;
        mean = 0.0;
        while state.position.step < steps {
            let step = state.position.step;
            let batch = batches.batch(epoch, step)?;
            let done = epoch * steps + step;
            let factors = fit.rates.factors(done, fit.epochs * steps);
            let (network, optimisers) = (&mut *state.network, &mut *state.optimisers);
            let loss = train_step(network, optimisers, &batch, &fit.objective, factors)?;
            if !loss.is_finite() {
                return Err(not_finite(loss, epoch, step).into());
            }
            mean += f64::from(loss) / steps as f64;
            if let Some(average) = &mut state.average {
                average.update(state.network)?;
            }
            state.position.step += 1;
            let report = StepReport {
                done: done + 1,
                steps: fit.epochs * steps,
                loss,
            };
            watch.step(report, state)?;
        }
        if let Some(average) = &state.average {
            average.replace(state.network);
        }
        state.position = Position {
            epoch: epoch + 1,
            step: 0,
        };
        watch.epoch(state)?;
    }
    Ok(mean)
}

fn not_finite(loss: f32, epoch: usize, step: usize) -> Error {
    Error::Training(format!(
        "the loss became {loss} in step {} of epoch {}",
        step + 1,
        epoch + 1
    ))
}

/// One step: forward, loss, backward, clipping, update. Returns the loss before the update.
pub fn train_step<K: Kernels>(
    network: &mut Network<K>,
    optimisers: &mut Optimisers<K>,
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
    let mut gradients = device_result(loss.put_tape(tape).try_backward())?;
    optimisers.step(network, &mut gradients, factors)?;
    Ok(value)
}

/// Brings a batch's inputs onto the device.
pub fn upload<K: Kernels>(kernels: &K, batch: &Batch) -> Result<Vec<Map<DeviceOf<K>>>> {
    (batch.inputs.iter())
        .map(|(shape, values)| values.upload(kernels, *shape))
        .collect()
}
