//! The network before its first step: of a new training, or of one to resume.

use std::path::Path;

use nasfw_sdk::graph::Graph;

use super::best::Best;
use super::checkpoint::{CheckpointFolder, Origin, Unfinished};
use super::order::Order;
use super::teacher::{self, Teacher};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::network::kernels::Kernels;
use crate::network::{Network, Weights};
use crate::search::Setup;
use crate::train::Saved;

/// Everything that a training needs, created and checked.
pub(super) struct Begun<K: Kernels> {
    pub(super) setup: Setup,
    pub(super) graph: Graph,
    pub(super) network: Network<K>,
    pub(super) origin: Origin,
    pub(super) best: Best,
    pub(super) teacher: Option<Teacher<K>>,
    /// The position where it was interrupted.
    pub(super) saved: Option<Saved>,
}

impl<K: Kernels> Begun<K> {
    pub(super) fn new(kernels: K, order: &Order<'_>) -> Result<Self> {
        let mut begun = Self::fresh(kernels, order.config, order.genotype)?;
        let fingerprint = &begun.setup.source.fingerprint;
        if order.data_fingerprint.is_some_and(|f| f != fingerprint) {
            return Err(config_error(
                "the data differs from the run's; to train on other data on purpose, name it with \
                 --data",
            ));
        }
        begun.origin.is_encoder_warm =
            warm_up(&mut begun.network, &begun.graph, order.warm, &begun.setup)?;
        Ok(begun)
    }

    /// `data` is the present location of the data, if it was moved; `finish` means that no more
    /// training is wanted.
    pub(super) fn again(
        kernels: K,
        unfinished: Unfinished,
        data: Option<&Path>,
        finish: bool,
    ) -> Result<(Self, CheckpointFolder)> {
        let Unfinished {
            folder,
            state,
            arrays,
            mut config,
        } = unfinished;
        if let Some(path) = data {
            let absolute = std::path::absolute(path).map_err(|source| Error::Io {
                path: path.into(),
                source,
            })?;
            config.data.path = Some(absolute);
        }
        if finish {
            // No more training takes place.
            config.train.teacher = None;
        }
        // The encoder already started from them.
        config.encoder.weights = None;
        let mut begun = Self::fresh(kernels, &config, &state.origin.genotype)?;
        if begun.setup.source.fingerprint != state.origin.data_fingerprint {
            return Err(config_error(
                "the data differs from what the training started with; restore it, or name its present \
                 location with --data",
            ));
        }
        if !finish && begun.origin.teacher != state.origin.teacher {
            return Err(config_error(
                "train.teacher is not the model that the training started with; restore that model",
            ));
        }
        begun.best = Best::restored(state.best, &arrays);
        begun.origin = state.origin;
        begun.saved = Some(Saved {
            place: state.place,
            optimiser_steps: state.optimiser_steps,
            arrays,
        });
        Ok((begun, folder))
    }

    fn fresh(kernels: K, config: &Config, genotype: &str) -> Result<Self> {
        let setup = Setup::new(config)?;
        let teacher = teacher::load(kernels.clone(), config, &setup)?;
        let choices = setup.space.parse(genotype)?;
        let genotype = setup.space.genotype(&choices);
        let graph = setup.space.decode(&choices, &setup.io)?;
        setup.space.fault()?;
        let mut rng = setup.seed.stream("train/init");
        let origin = Origin {
            nasfw_version: env!("CARGO_PKG_VERSION").into(),
            genotype,
            config: config.to_toml(),
            data_fingerprint: setup.source.fingerprint.clone(),
            is_encoder_warm: false,
            teacher: teacher.as_ref().map(|t| t.blake3.clone()),
        };
        Ok(Self {
            network: Network::new(kernels, &graph, &mut rng)?,
            setup,
            graph,
            origin,
            best: Best::default(),
            teacher,
            saved: None,
        })
    }
}

/// Loads the given weights into the encoder; returns true if there were any.
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
    let unfit = |reason: String| {
        config_error(format!(
            "space.encoder differs from the encoder that was warmed up: {reason}"
        ))
    };
    let wanted = network.parameters().weights().of_nodes(&encoder).len();
    let taken = (network.parameters_mut())
        .load(&weights.of_nodes(&encoder))
        .map_err(|e| unfit(e.to_string()))?;
    match taken == wanted {
        true => Ok(true),
        false => Err(unfit(format!(
            "only {taken} of its {wanted} arrays are present"
        ))),
    }
}

fn config_error(message: impl Into<String>) -> Error {
    Error::Config {
        file: None,
        message: message.into(),
    }
}
