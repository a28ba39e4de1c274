//! One architecture trained in full: encoder and decoder together, on the whole training part, the
//! best on the validation part kept.
//!
//! | file | holds |
//! |---|---|
//! | `order.rs` | what is trained, and from where; how a training ended |
//! | `begin.rs` | the network before its first step, and that of a training to go on with |
//! | `teacher.rs` | the teacher, a finished model |
//! | `watch.rs` | what happens beside the steps: progress, validation, checkpoints |
//! | `best.rs` | the validation part, and the best weights so far |
//! | `description.rs` | what the finished model says of itself |
//! | `checkpoint.rs` | what is kept of a training until its model is finished |

mod begin;
mod best;
mod checkpoint;
mod description;
mod order;
mod teacher;
mod watch;

use nasfw_data::Transform;
use nasfw_sdk::TargetScale;

use self::begin::Begun;
use self::best::Validation;
pub(crate) use self::best::reward;
use self::checkpoint::CheckpointFolder;
use self::description::description;
use self::watch::{Keeper, Watcher};
use crate::device::on_device;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::network::kernels::Kernels;
use crate::progress::{Event, Observer};
use crate::train::{Batches, Course, Fit, ImageSet, Learner, Objective, Passes, Taught, fit_on};

pub use checkpoint::{Unfinished, check_not_begun, unfinished_model};
pub use order::{Keep, Order, Resume, Trained};

/// Trains an architecture as the table `train` says.
///
/// When a step fails, what was best until then is the result. When the observer asks to stop, or anything
/// around the training fails, so it is without checkpoints; with them the training can be gone on with.
///
/// # Errors
/// When a setting, the genotype or the data is wrong, training ended before the first look at the
/// validation part, or it can be gone on with.
pub fn train(order: &Order<'_>, observer: &mut dyn Observer) -> Result<Trained> {
    on_device!(order.config.run.device, |kernels| {
        train_on(kernels, order, observer)
    })
}

fn train_on<K: Kernels>(
    kernels: K,
    order: &Order<'_>,
    observer: &mut dyn Observer,
) -> Result<Trained> {
    let begun = Begun::new(kernels, order)?;
    begun.setup.check_data(observer)?;
    let keeper = (order.keep.as_ref())
        .map(|keep| {
            Ok::<_, Error>(Keeper {
                folder: CheckpointFolder::create(keep.model)?,
                origin: begun.origin.clone(),
                every: keep.every_steps,
            })
        })
        .transpose()?;
    go(begun, keeper, false, observer)
}

/// Goes on with a training that was interrupted; it ends with what it would have ended with.
///
/// # Errors
/// As [`train`]; also when the data is not what the training was begun with.
pub fn resume(
    mut unfinished: Unfinished,
    how: &Resume<'_>,
    observer: &mut dyn Observer,
) -> Result<Trained> {
    if let Some(device) = how.device {
        unfinished.config.run.device = device.into();
    }
    let device = unfinished.config.run.device.clone();
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
    let (begun, folder) = Begun::again(kernels, unfinished, how.data, how.finish)?;
    let place = begun.saved.as_ref().map(|saved| saved.place);
    if let (false, Some(place)) = (how.finish, place) {
        begun.setup.check_data(observer)?;
        let (done, epochs) = (place.epoch, begun.setup.config.train.epochs);
        let mut text = format!("going on after epoch {done} of {epochs}");
        if place.step > 0 {
            text.push_str(&format!(", step {}", place.step));
        }
        observer.on(&Event::Note { text: &text });
    }
    let keeper = Keeper {
        folder,
        origin: begun.origin.clone(),
        every: how.every_steps,
    };
    go(begun, Some(keeper), how.finish, observer)
}

/// Trains until the end, unless `is_over` already, and makes the model.
fn go<K: Kernels>(
    mut begun: Begun<K>,
    keeper: Option<Keeper>,
    is_over: bool,
    observer: &mut dyn Observer,
) -> Result<Trained> {
    let result = match is_over {
        true => Ok(()),
        false => fit_begun(&mut begun, keeper.as_ref(), observer),
    };
    let ended_early = match result {
        Ok(()) => None,
        // The next steps would end alike.
        Err(Error::Training(message)) if !begun.best.is_empty() => Some(message),
        Err(e @ Error::Training(_)) => {
            if let Some(keeper) = keeper {
                keeper.folder.remove()?;
            }
            return Err(e);
        }
        Err(e) if keeper.is_some() => return Err(e),
        Err(Error::Stopped) if begun.best.is_empty() => {
            let message = "stopped before the first look at the validation part; nothing is kept";
            return Err(Error::Training(message.into()));
        }
        Err(e) if begun.best.is_empty() => return Err(e),
        Err(e) => Some(e.to_string()),
    };
    let Some(found) = begun.best.take() else {
        let message = "no epoch was judged yet, so there are no best weights";
        return Err(Error::Training(message.into()));
    };
    let deployed = begun.graph.without_auxiliary();
    let weights = found.weights.of_nodes(&deployed);
    let description = description(&begun.setup, &begun.origin, &found, deployed);
    Ok(Trained {
        model: Model::new(description, weights)?,
        reward: found.reward,
        ended_early,
        folder: keeper.map(|keeper| keeper.folder),
    })
}

fn fit_begun<K: Kernels>(
    begun: &mut Begun<K>,
    keeper: Option<&Keeper>,
    observer: &mut dyn Observer,
) -> Result<()> {
    let setup = &begun.setup;
    let train = &setup.config.train;
    let transform = Transform {
        scale: (train.scale[0], train.scale[1]),
        least_scale: train.scale_least,
        ..setup.transform(train.shorter_side_px, train.crop_px)
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
    let passes = Passes::new(set, train.samples);
    let taught = begun.teacher.as_ref().map(|teacher| Taught {
        batches: &passes,
        teacher: &teacher.network,
        crop_px: train.crop_px,
    });
    let batches: &dyn Batches = match &taught {
        Some(taught) => taught,
        None => &passes,
    };
    let how = Fit {
        epochs: train.epochs,
        rates: train.rates(),
        objective: Objective {
            loss: setup.task.loss(),
            own: Some(&*setup.task),
            auxiliary: train.auxiliary as f32,
            distillation: train.distillation as f32,
            targets: TargetScale::Output,
            crop_px: train.crop_px,
        },
        polyak: train.polyak,
    };
    let network = &mut begun.network;
    let mut learner = Learner::new(network, train.encoder, train.decoder, train.clip_norm)?;
    let mut course = Course::new(network, &mut learner, train.polyak);
    match &begun.saved {
        Some(saved) => course.load(saved)?,
        // From here on there is something to go on with.
        None => keeper.map_or(Ok(()), |keeper| keeper.keep(&course, &begun.best))?,
    }
    let mut watcher = Watcher {
        validation: Validation {
            setup,
            transform: &transform,
        },
        best: &mut begun.best,
        keeper,
        observer,
        has_begun: false,
    };
    fit_on(&mut course, batches, &how, &mut watcher)?;
    observer.on(&Event::PhaseDone);
    Ok(())
}
