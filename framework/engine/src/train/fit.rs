//! The training loop.

use dfdx::prelude::{Backward, OwnedTape, PutTape, TensorFromVec};

use nasfw_sdk::Decay;

use super::average::Polyak;
use super::batch::{Batch, Batches};
use super::objective::Objective;
use super::optimise::Learner;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::network::kernels::{DeviceOf, Kernels, Map, device};

/// How long and how a network trains.
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a> {
    /// Passes over the samples.
    pub epochs: usize,
    /// How learning rates change.
    pub decay: Decay,
    /// What is minimised.
    pub objective: Objective<'a>,
    /// Decay of the Polyak average, 0 for none. The average replaces the weights after every
    /// epoch.
    pub polyak: f64,
}

/// Where a training is, as told after every step.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    /// Steps done of all epochs.
    pub done: usize,
    /// Steps in all.
    pub steps: usize,
    /// Loss of the step just done.
    pub loss: f32,
}

/// Trains `network` on `batches` and returns the mean loss of the last epoch.
///
/// `tick` is called after every step and ends the training by returning an error.
///
/// # Errors
/// When a loss is not finite, a batch cannot be read, the device fails, or `tick` says so.
pub fn fit<K: Kernels>(
    network: &mut Network<K>,
    learner: &mut Learner<K>,
    batches: &dyn Batches,
    fit: &Fit<'_>,
    tick: &mut dyn FnMut(Tick) -> Result<()>,
) -> Result<f64> {
    fit_watched(network, learner, batches, fit, tick, &mut |_, _| Ok(()))
}

/// [`fit`], with a look at the network after every epoch, counted from 0: its weights are then what
/// the training would end with. An error ends it.
///
/// # Errors
/// As [`fit`], and when `look` says so.
pub fn fit_watched<K: Kernels>(
    network: &mut Network<K>,
    learner: &mut Learner<K>,
    batches: &dyn Batches,
    fit: &Fit<'_>,
    tick: &mut dyn FnMut(Tick) -> Result<()>,
    look: &mut dyn FnMut(usize, &Network<K>) -> Result<()>,
) -> Result<f64> {
    let steps = batches.steps();
    let mut polyak = (fit.polyak > 0.0).then(|| Polyak::new(network, fit.polyak));
    let mut mean = 0.0;
    for epoch in 0..fit.epochs {
        mean = 0.0;
        for step in 0..steps {
            let batch = batches.batch(epoch, step)?;
            let done = epoch * steps + step;
            let lr_factor = fit.decay.factor(done, fit.epochs * steps);
            let loss = train_step(network, learner, &batch, &fit.objective, lr_factor)?;
            if !loss.is_finite() {
                return Err(Error::Training(format!(
                    "the loss became {loss} in step {} of epoch {}",
                    step + 1,
                    epoch + 1
                )));
            }
            mean += f64::from(loss) / steps as f64;
            if let Some(polyak) = &mut polyak {
                polyak.take_in(network)?;
            }
            tick(Tick {
                done: done + 1,
                steps: fit.epochs * steps,
                loss,
            })?;
        }
        if let Some(polyak) = &polyak {
            polyak.replace(network);
        }
        look(epoch, network)?;
    }
    Ok(mean)
}

/// One step: forward, loss, backward, clipping, update. Returns the loss before the update.
pub(crate) fn train_step<K: Kernels>(
    network: &mut Network<K>,
    learner: &mut Learner<K>,
    batch: &Batch,
    objective: &Objective<'_>,
    lr_factor: f64,
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
    learner.step(network, &mut gradients, lr_factor)?;
    Ok(value)
}

/// Brings a batch's inputs onto the device.
pub(crate) fn upload<K: Kernels>(kernels: &K, batch: &Batch) -> Result<Vec<Map<DeviceOf<K>>>> {
    (batch.inputs.iter())
        .map(|(shape, values)| {
            let dims = (shape.batch, shape.height, shape.width, shape.channels);
            device(kernels.device().try_tensor_from_vec(values.clone(), dims))
        })
        .collect()
}
