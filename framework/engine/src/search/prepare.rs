//! Shared inputs of all evaluations, made once: encoder weights, and the data of every stage.

use std::sync::Arc;

use nasfw_data::Transform;
use nasfw_sdk::{Stage, StageInput};

use super::baseline::constant_reward;
use super::candidate::StageData;
use super::clock::{Clock, Work};
use super::result_cache::ResultCache;
use super::{features, warmup};
use crate::error::{Error, Result};
use crate::experiment::Setup;
use crate::progress::Observer;
use crate::store::{Run, RunView};
use nasfw_network::fit::PreparedSet;
use nasfw_network::kernels::Kernels;
use nasfw_network::{Network, Weights};

/// Name of the artifact with the weights of the warmed-up network, encoder and plain decoder.
pub const WARM_WEIGHTS: &str = "warmup.safetensors";

/// The inputs that all evaluations share.
pub(super) struct EvaluationInputs<'a, K: Kernels> {
    pub(super) setup: &'a Setup,
    pub(super) kernels: K,
    /// The weights that every candidate's encoder starts from.
    pub(super) encoder: Weights,
    /// One entry per stage; stages of one training share theirs.
    pub(super) stages: Vec<Arc<StageData>>,
}

/// Loads the warmed-up network that an earlier call left in the run, or trains and stores it.
pub(super) fn warm<K: Kernels>(
    kernels: &K,
    setup: &Setup,
    clock: &Clock,
    run: &mut Run,
    cache: &mut ResultCache,
    observer: &mut dyn Observer,
) -> Result<Option<Network<K>>> {
    if let Some(warm) = kept(kernels, setup, run)? {
        return Ok(Some(warm));
    }
    if let Some(bytes) = cache.warm_up(setup, observer) {
        run.write_artifact(WARM_WEIGHTS, &bytes)?;
        return warmup::restore(kernels, setup, &Weights::from_safetensors(&bytes)?);
    }
    let warm = clock.time(Work::WarmUp, || {
        warmup::warm_up(kernels, setup, clock, observer)
    });
    let warm = warm.map_err(|e| match e {
        Error::Network(nasfw_network::Error::Device(message)) => nasfw_network::Error::Device(
            format!("in the warm-up (warmup.batch, warmup.crop_px, warmup.width): {message}"),
        )
        .into(),
        other => other,
    })?;
    if let Some(warm) = &warm {
        let bytes = warm.parameters().weights().to_safetensors()?;
        run.write_artifact(WARM_WEIGHTS, &bytes)?;
        cache.keep_warm_up(setup, &bytes, observer);
    }
    Ok(warm)
}

/// Loads the warmed-up network of the run, as workers do.
///
/// # Errors
/// When it is missing but should be there.
pub(super) fn warm_of<K: Kernels>(
    kernels: &K,
    setup: &Setup,
    run: &RunView,
) -> Result<Option<Network<K>>> {
    match kept(kernels, setup, run)? {
        None if setup.encoder.is_some() => Err(Error::Run {
            run: run.folder().into(),
            message: format!("artifacts/{WARM_WEIGHTS} is not there yet"),
        }),
        warm => Ok(warm),
    }
}

fn kept<K: Kernels>(kernels: &K, setup: &Setup, run: &RunView) -> Result<Option<Network<K>>> {
    match run.artifact(WARM_WEIGHTS)? {
        Some(bytes) => warmup::restore(kernels, setup, &Weights::from_safetensors(&bytes)?),
        None => Ok(None),
    }
}

/// The reward of the constant-prediction baseline: recorded by an earlier call, or measured now.
pub(super) fn constant(setup: &Setup, clock: &Clock, run: &mut Run) -> Result<f64> {
    if let Some(reward) = run.constant_reward()? {
        return Ok(reward);
    }
    let last = &setup.stages[setup.stages.len() - 1];
    let crops = validation_crops(setup, clock, last)?;
    let reward = constant_reward(setup, &crops, last.crop_px)?;
    run.note_constant_reward(reward)?;
    Ok(reward)
}

impl<'a, K: Kernels> EvaluationInputs<'a, K> {
    /// Computes the data of every stage.
    pub(super) fn new(
        setup: &'a Setup,
        kernels: K,
        warm: Option<Network<K>>,
        clock: &Clock,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let mut stages: Vec<Arc<StageData>> = Vec::new();
        for stage in &setup.stages {
            let data = match (stages.last(), stage.source) {
                (Some(before), _) if stage.continues => before.clone(),
                (_, StageInput::Features) => {
                    let features = clock.time(Work::Features, || {
                        features::compute(setup, stage, warm.as_ref(), &kernels, observer)
                    })?;
                    Arc::new(StageData::Features(features))
                }
                (_, StageInput::Images) => {
                    Arc::new(StageData::Images(validation_crops(setup, clock, stage)?))
                }
            };
            stages.push(data);
        }
        let encoder = match (&warm, &setup.encoder) {
            (Some(warm), Some(graph)) => warm.parameters().weights().of_nodes(graph),
            _ => Weights::default(),
        };
        Ok(Self {
            setup,
            kernels,
            encoder,
            stages,
        })
    }
}

fn validation_crops(setup: &Setup, clock: &Clock, stage: &Stage) -> Result<PreparedSet> {
    let transform = Transform::new(stage.shorter_side_px, stage.crop_px);
    let (set, info) = (&*setup.source.train, &setup.source.info);
    clock.time(Work::Data, || {
        Ok(PreparedSet::new(
            set,
            &setup.meta_val,
            info,
            &transform,
            setup.ignore(),
        )?)
    })
}
