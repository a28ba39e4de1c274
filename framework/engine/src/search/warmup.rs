//! The warm-up: encoder weights for all candidates, and the teacher.
//!
//! The encoder learns on the task's own training images under a plain fixed decoder, starting from
//! `encoder.weights` if given. The same network then teaches: distillation pulls candidates towards
//! its outputs.

use nasfw_data::Transform;
use nasfw_sdk::{Decay, Optimiser, TargetScale};

use super::clock::{Clock, Timed};
use super::plain::plain_network;
use crate::error::{Error, Result};
use crate::experiment::Setup;
use crate::progress::{Event, Observer};
use nasfw_network::fit::{Fit, ImageSet, Objective, Optimisers, Rates, fit};
use nasfw_network::kernels::Kernels;
use nasfw_network::{Network, Weights};

/// Trains encoder and plain decoder. `None` when the space has no encoder.
pub(super) fn warm_up<K: Kernels>(
    kernels: &K,
    setup: &Setup,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Option<Network<K>>> {
    let Some(mut network) = untrained(kernels, setup)? else {
        return Ok(None);
    };
    if let Some(given) = &setup.encoder_weights {
        network.parameters_mut().load(given)?;
    }
    let warmup = &setup.config.warmup;
    if warmup.epochs == 0 {
        return Ok(Some(network));
    }
    let adam = Optimiser::Adam {
        lr: warmup.lr,
        weight_decay: warmup.weight_decay,
    };
    let mut optimisers = Optimisers::new(&network, adam, adam, 0.0)?;
    let images = ImageSet {
        dataset: &*setup.source.train,
        indices: &setup.training_samples(warmup.samples),
        info: &setup.source.info,
        transform: &Transform::new(warmup.shorter_side_px, warmup.crop_px),
        ignore: setup.ignore(),
        batch: warmup.batch,
        seed: setup.seed.child("warmup"),
    };
    let how = Fit {
        epochs: warmup.epochs,
        until: warmup.epochs,
        rates: Rates::Decay(Decay::Linear),
        objective: Objective {
            loss: setup.task().loss(),
            custom: Some(setup.task()),
            auxiliary: 0.0,
            distillation: 0.0,
            targets: TargetScale::Output,
            crop_px: warmup.crop_px,
        },
        polyak: 0.0,
    };
    let mut started = false;
    let batches = Timed {
        clock,
        batches: &images,
    };
    fit(&mut network, &mut optimisers, &batches, &how, &mut |tick| {
        if !started {
            observer.on(&Event::Phase {
                name: "encoder warm-up",
                steps: tick.steps,
            });
            started = true;
        }
        observer.on(&Event::Step {
            done: tick.done,
            note: &format!("loss {:.3}", tick.loss),
        });
        if observer.should_stop() {
            Err(Error::Stopped)
        } else {
            Ok(())
        }
    })
    .map_err(|e| match e {
        Error::Training(message) => Error::Training(format!(
            "encoder warm-up: {message}; a lower warmup.lr ({}) may help",
            warmup.lr
        )),
        other => other,
    })?;
    observer.on(&Event::PhaseDone);
    Ok(Some(network))
}

/// The warm-up network with the weights that an earlier call ended with.
pub(super) fn restore<K: Kernels>(
    kernels: &K,
    setup: &Setup,
    weights: &Weights,
) -> Result<Option<Network<K>>> {
    let Some(mut network) = untrained(kernels, setup)? else {
        return Ok(None);
    };
    network.parameters_mut().load(weights)?;
    Ok(Some(network))
}

fn untrained<K: Kernels>(kernels: &K, setup: &Setup) -> Result<Option<Network<K>>> {
    let Some(encoder) = &setup.encoder else {
        return Ok(None);
    };
    let width = setup.config.warmup.width;
    let graph = plain_network(encoder, width, setup.io.output_channels)?;
    let mut rng = setup.seed.stream("warmup/init");
    Ok(Some(Network::new(kernels.clone(), &graph, &mut rng)?))
}
