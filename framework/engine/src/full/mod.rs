//! One architecture trained in full: encoder and decoder together, on the whole training part, the
//! best on the validation part kept.
//!
//! | file | holds |
//! |---|---|
//! | `best.rs` | the validation part, and the best weights so far |

mod best;

use nasfw_sdk::TargetScale;
use nasfw_sdk::graph::Graph;

use self::best::{Best, Judge};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::model::{Description, InputSize, Model, Normalisation, Provenance, WeightsFile};
use crate::network::kernels::Kernels;
use crate::network::{Network, Weights};
use crate::progress::{Event, Observer};
use crate::search::{Setup, cpu_only};
use crate::train::{Fit, ImageSet, Learner, Objective, Tick, fit_watched};

/// What is trained, and from where.
#[derive(Debug)]
pub struct Order<'a> {
    /// Space, task, data, seed, and the table `train`.
    pub config: &'a Config,
    /// The architecture.
    pub genotype: &'a str,
    /// Weights that the encoder starts from; arrays of other parts are passed over. They are drawn
    /// without, or read from `encoder.weights`.
    pub warm: Option<&'a Weights>,
    /// The fingerprint that the data must have, that of the run the architecture is from.
    pub data_fingerprint: Option<&'a str>,
}

/// How a training ended.
#[derive(Debug)]
pub struct Trained {
    /// The network as it was best on the validation part.
    pub model: Model,
    /// The reward of its metrics.
    pub reward: f64,
    /// Why it ended before all epochs were done, if so.
    pub ended_early: Option<String>,
}

/// Trains an architecture as the table `train` says.
///
/// When the observer asks to stop, or a step fails, what was best until then is the result.
///
/// # Errors
/// When a setting, the genotype or the data is wrong, or training ended before the first look at the
/// validation part.
pub fn train(order: &Order<'_>, observer: &mut dyn Observer) -> Result<Trained> {
    let kernels = cpu_only(order.config)?;
    let setup = Setup::new(order.config)?;
    if let Some(wanted) = order.data_fingerprint
        && wanted != setup.source.fingerprint
    {
        return Err(Error::Config {
            file: None,
            message: "the data is not what the run was made with; name other data with --data to \
                      train on it on purpose"
                .into(),
        });
    }
    let choices = setup.space.parse(order.genotype)?;
    let genotype = setup.space.genotype(&choices);
    let graph = setup.space.decode(&choices, &setup.io)?;
    setup.space.fault()?;
    let mut rng = setup.seed.stream("train/init");
    let mut network = Network::new(kernels, &graph, &mut rng)?;
    let is_encoder_warm = warm_up(&mut network, &graph, order.warm, &setup)?;
    setup.check_data(observer)?;
    let mut best = Best::default();
    let result = go(&mut network, &setup, &mut best, observer);
    setup.task.fault()?;
    let ended_early = match (result, best.is_empty()) {
        (Ok(()), _) => None,
        (Err(Error::Stopped), true) => {
            let message = "stopped before the first look at the validation part; nothing is kept";
            return Err(Error::Training(message.into()));
        }
        (Err(e), true) => return Err(e),
        (Err(e), false) => Some(e.to_string()),
    };
    let Some(found) = best.take() else {
        return Err(Error::Training("no epoch was judged".into()));
    };
    let train = &order.config.train;
    let deployed = graph.without_auxiliary();
    let weights = found.weights.of_nodes(&deployed);
    let description = Description {
        format: Description::FORMAT,
        task: order.config.task.clone(),
        data: setup.source.info.clone(),
        normalisation: Normalisation::default(),
        input: InputSize {
            height_px: train.crop_px,
            width_px: train.crop_px,
        },
        metrics: Some(found.metrics),
        provenance: Provenance {
            nasfw_version: env!("CARGO_PKG_VERSION").into(),
            genotype,
            space: order.config.space.clone(),
            plugins: order.config.plugins.clone(),
            seed: order.config.run.seed,
            data_fingerprint: setup.source.fingerprint.clone(),
            epoch: found.epoch,
            epochs: train.epochs,
            is_encoder_warm,
        },
        weights: WeightsFile::default(),
        graph: deployed,
    };
    Ok(Trained {
        model: Model::new(description, weights)?,
        reward: found.reward,
        ended_early,
    })
}

/// Gives the encoder the weights there are; whether there were any.
fn warm_up<K: Kernels>(
    network: &mut Network<K>,
    graph: &Graph,
    warm: Option<&Weights>,
    setup: &Setup,
) -> Result<bool> {
    let (Some(encoder), Some(weights)) =
        (graph.encoder()?, warm.or(setup.encoder_weights.as_ref()))
    else {
        return Ok(false);
    };
    let unfit = |reason: String| Error::Config {
        file: None,
        message: format!("space.encoder is not the encoder that was warmed up: {reason}"),
    };
    let wanted = network.parameters().weights().of_nodes(&encoder).len();
    let taken = (network.parameters_mut())
        .load(&weights.of_nodes(&encoder))
        .map_err(|e| unfit(e.to_string()))?;
    match taken == wanted {
        true => Ok(true),
        false => Err(unfit(format!("{taken} of its {wanted} arrays are there"))),
    }
}

fn go<K: Kernels>(
    network: &mut Network<K>,
    setup: &Setup,
    best: &mut Best,
    observer: &mut dyn Observer,
) -> Result<()> {
    let train = &setup.config.train;
    let transform = setup.transform(train.shorter_side_px, train.crop_px);
    let images = setup.source.train.len();
    let wanted = match train.samples {
        0 => images,
        n => n,
    };
    let indices: Vec<usize> = (0..images).cycle().take(wanted).collect();
    let batches = ImageSet {
        dataset: &*setup.source.train,
        indices: &indices,
        info: &setup.source.info,
        transform: &transform,
        ignore: setup.ignore(),
        batch: train.batch,
        seed: setup.seed.child("train"),
    };
    let how = Fit {
        epochs: train.epochs,
        decay: train.decay,
        objective: Objective {
            loss: setup.task.loss(),
            own: Some(&*setup.task),
            auxiliary: train.auxiliary as f32,
            distillation: 0.0,
            targets: TargetScale::Output,
            crop_px: train.crop_px,
        },
        polyak: train.polyak,
    };
    let mut learner = Learner::new(network, train.encoder, train.decoder, train.clip_norm)?;
    let judge = Judge {
        setup,
        transform: &transform,
    };
    // Both closures tell the observer.
    let observer = std::cell::RefCell::new(observer);
    let best = std::cell::RefCell::new(best);
    let mut tick = |tick: Tick| {
        let mut observer = observer.borrow_mut();
        if tick.done == 1 {
            observer.on(&Event::Phase {
                name: "training",
                steps: tick.steps,
            });
        }
        let note = match best.borrow().reward() {
            Some(reward) => format!("loss {:.3}, best reward {reward:.4}", tick.loss),
            None => format!("loss {:.3}", tick.loss),
        };
        let done = tick.done;
        observer.on(&Event::Step { done, note: &note });
        let loss = f64::from(tick.loss);
        observer.on(&Event::Loss { step: done, loss });
        match observer.should_stop() {
            true => Err(Error::Stopped),
            false => Ok(()),
        }
    };
    let mut look = |epoch: usize, network: &Network<K>| {
        let done = epoch + 1;
        if !done.is_multiple_of(train.validate_every) && done != train.epochs {
            return Ok(());
        }
        let (metrics, reward) = judge.judge(network)?;
        let headline: Vec<String> = (setup.task.headline().iter())
            .filter_map(|name| Some(format!("{name} {:.4}", metrics.get(name)?)))
            .collect();
        let judged = Event::Judged {
            epoch: done,
            reward,
            metrics: &metrics,
        };
        observer.borrow_mut().on(&judged);
        let is_best = best.borrow_mut().offer(done, metrics, reward, network);
        let text = format!(
            "epoch {done:>3} of {}  reward {reward:.4}  {}{}",
            train.epochs,
            headline.join("  "),
            if is_best { "  best so far" } else { "" }
        );
        observer.borrow_mut().on(&Event::Note { text: &text });
        Ok(())
    };
    fit_watched(network, &mut learner, &batches, &how, &mut tick, &mut look)?;
    observer.borrow_mut().on(&Event::PhaseDone);
    Ok(())
}
