//! Full training of one architecture, as `nasfw train` does it.
//!
//! The training loop is `nasfw_network::fit`; this module adds data, validation and checkpoints.
//!
//! | file | holds |
//! |---|---|
//! | `request.rs` | the request for a training, and its result |
//! | `session.rs` | the network before its first step: of a new training, or of one to resume |
//! | `teacher.rs` | the teacher: a finished model of the same task and channels |
//! | `watch.rs` | the work around the steps: progress, validation, checkpoints |
//! | `best.rs` | the validation split, and the best weights so far |
//! | `checkpoint.rs` | `MODEL.unfinished`, the folder of an unfinished training |
//! | `description.rs` | the description of a finished model |

mod best;
mod checkpoint;
mod description;
mod request;
mod session;
mod teacher;
mod watch;

use nasfw_data::Transform;
use nasfw_sdk::TargetScale;

use self::best::Validation;
use self::checkpoint::CheckpointFolder;
use self::description::description;
use self::session::TrainSession;
use self::watch::{Checkpointer, Watcher};
use crate::error::{Error, Result};
use crate::progress::{Event, Observer};
use nasfw_device::on_device;
use nasfw_model::Model;
use nasfw_network::fit::{
    Batches, Distilled, EpochSampler, Fit, ImageSet, Objective, Optimisers, TrainState, fit_on,
};
use nasfw_network::kernels::Kernels;

pub use checkpoint::{Unfinished, check_not_begun};
pub use request::{CheckpointPolicy, Resume, TrainRequest, Trained};

/// Trains an architecture with the settings of the table `train`.
///
/// When a step fails, the result is the best weights up to that point. The same holds without
/// checkpoints when the observer asks to stop or anything around the training fails; with
/// checkpoints this is an error, and the training can be resumed.
///
/// # Errors
/// When a setting, the genotype or the data is wrong, or training ended before the first
/// evaluation on the validation split, or can be resumed.
pub fn train(request: &TrainRequest<'_>, observer: &mut dyn Observer) -> Result<Trained> {
    on_device!(request.config.run.device, |kernels| {
        train_on(kernels, request, observer)
    })
}

fn train_on<K: Kernels>(
    kernels: K,
    request: &TrainRequest<'_>,
    observer: &mut dyn Observer,
) -> Result<Trained> {
    let session = TrainSession::new(kernels, request)?;
    session.setup.check_data(observer)?;
    session.setup.announce_encoder(observer);
    let checkpointer = (request.keep.as_ref())
        .map(|keep| {
            Ok::<_, Error>(Checkpointer {
                folder: CheckpointFolder::create(keep.model)?,
                origin: session.origin.clone(),
                every: keep.every_steps,
            })
        })
        .transpose()?;
    run_training(session, checkpointer, false, observer)
}

/// Resumes an interrupted training; the result is the same as without the interruption.
///
/// # Errors
/// As [`train`]; also when the data is not the data that the training was started with.
pub fn resume(
    mut unfinished: Unfinished,
    how: &Resume<'_>,
    observer: &mut dyn Observer,
) -> Result<Trained> {
    if let Some(device) = how.device {
        unfinished.config.run.device = device;
    }
    let device = unfinished.config.run.device;
    on_device!(device, |kernels| resume_on(
        kernels, unfinished, how, observer
    ))
}

fn resume_on<K: Kernels>(
    kernels: K,
    unfinished: Unfinished,
    how: &Resume<'_>,
    observer: &mut dyn Observer,
) -> Result<Trained> {
    unfinished.folder.check_target()?;
    let (session, folder) = TrainSession::resumed(kernels, unfinished, how)?;
    let position = session.saved.as_ref().map(|saved| saved.position);
    if let (false, Some(position)) = (how.finish, position) {
        session.setup.check_data(observer)?;
        let (done, epochs) = (position.epoch, session.setup.config.train.epochs);
        let mut text = format!("continuing after epoch {done} of {epochs}");
        if position.step > 0 {
            text.push_str(&format!(", step {}", position.step));
        }
        observer.on(&Event::Note { text: &text });
    }
    let checkpointer = Checkpointer {
        folder,
        origin: session.origin.clone(),
        every: how.every_steps,
    };
    run_training(session, Some(checkpointer), how.finish, observer)
}

/// Trains until the end, unless `is_over`, and makes the model.
fn run_training<K: Kernels>(
    mut session: TrainSession<K>,
    checkpointer: Option<Checkpointer>,
    is_over: bool,
    observer: &mut dyn Observer,
) -> Result<Trained> {
    let result = if is_over {
        Ok(())
    } else {
        fit_session(&mut session, checkpointer.as_ref(), observer)
    };
    let ended_early = match result {
        Ok(()) => None,
        // Further steps would fail the same way.
        Err(Error::Training(message)) if !session.best.is_empty() => Some(message),
        Err(e @ Error::Training(_)) => {
            if let Some(checkpointer) = checkpointer {
                checkpointer.folder.remove()?;
            }
            return Err(e);
        }
        Err(e) if checkpointer.is_some() => return Err(e),
        Err(Error::Stopped) if session.best.is_empty() => {
            let message =
                "stopped before the first evaluation on the validation split; nothing is kept";
            return Err(Error::Training(message.into()));
        }
        Err(e) if session.best.is_empty() => return Err(e),
        Err(e) => Some(e.to_string()),
    };
    let Some(best_model) = session.best.take() else {
        let message = "no epoch was evaluated yet, so there are no best weights";
        return Err(Error::Training(message.into()));
    };
    let deployed = session.graph.without_auxiliary();
    let weights = best_model.weights.of_nodes(&deployed);
    let description = description(&session.setup, &session.origin, &best_model, deployed);
    Ok(Trained {
        model: Model::new(description, weights)?,
        reward: best_model.reward,
        ended_early,
        folder: checkpointer.map(|checkpointer| checkpointer.folder),
    })
}

fn fit_session<K: Kernels>(
    session: &mut TrainSession<K>,
    checkpointer: Option<&Checkpointer>,
    observer: &mut dyn Observer,
) -> Result<()> {
    let setup = &session.setup;
    let train = &setup.config.train;
    let transform = Transform {
        scale: (train.scale[0], train.scale[1]),
        min_scale: train.scale_least,
        ..Transform::new(train.shorter_side_px, train.crop_px)
    };
    let images: Vec<usize> = (0..setup.source.train.len()).collect();
    let set = ImageSet {
        dataset: &*setup.source.train,
        indices: &images,
        info: &setup.source.info,
        transform: &transform,
        ignore: setup.ignore(),
        batch: train.batch,
        seed: setup.seed.child("train"),
    };
    let sampler = EpochSampler::new(set, train.samples);
    let distilled = session.teacher.as_ref().map(|teacher| Distilled {
        batches: &sampler,
        teacher: &teacher.network,
        crop_px: train.crop_px,
    });
    let batches: &dyn Batches = match &distilled {
        Some(distilled) => distilled,
        None => &sampler,
    };
    let how = Fit {
        epochs: train.epochs,
        until: train.epochs,
        rates: train.rates(),
        objective: Objective {
            loss: setup.task().loss(),
            custom: Some(setup.task()),
            auxiliary: train.auxiliary as f32,
            distillation: train.distillation as f32,
            targets: TargetScale::Output,
            crop_px: train.crop_px,
        },
        polyak: train.polyak,
    };
    let network = &mut session.network;
    let mut optimisers = Optimisers::new(network, train.encoder, train.decoder, train.clip_norm)?;
    let mut state = TrainState::new(network, &mut optimisers, train.polyak);
    match &session.saved {
        Some(saved) => state.load(saved)?,
        // From here on there is a checkpoint to resume from.
        None => checkpointer.map_or(Ok(()), |checkpointer| {
            checkpointer.keep(&state, &session.best)
        })?,
    }
    let mut watcher = Watcher {
        validation: Validation {
            setup,
            transform: &transform,
        },
        best: &mut session.best,
        checkpointer,
        observer,
        has_begun: false,
    };
    fit_on(&mut state, batches, &how, &mut watcher)?;
    observer.on(&Event::PhaseDone);
    Ok(())
}
