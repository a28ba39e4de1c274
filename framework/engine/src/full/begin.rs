//! The network before its first step, and that of a training to go on with.

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

/// Everything that a training needs, made and checked.
pub(super) struct Begun<K: Kernels> {
    pub(super) setup: Setup,
    pub(super) graph: Graph,
    pub(super) network: Network<K>,
    pub(super) origin: Origin,
    pub(super) best: Best,
    pub(super) teacher: Option<Teacher<K>>,
    /// Where it was interrupted.
    pub(super) saved: Option<Saved>,
}

impl<K: Kernels> Begun<K> {
    pub(super) fn new(kernels: K, order: &Order<'_>) -> Result<Self> {
        let mut begun = Self::fresh(kernels, order.config, order.genotype)?;
        let fingerprint = &begun.setup.source.fingerprint;
        if order.data_fingerprint.is_some_and(|f| f != fingerprint) {
            return Err(config_error(
                "the data is not what the run was made with; name other data with --data to train on \
                 it on purpose",
            ));
        }
        begun.origin.is_encoder_warm =
            warm_up(&mut begun.network, &begun.graph, order.warm, &begun.setup)?;
        Ok(begun)
    }

    /// `data` is where the data is now, if not where it was; `finish` says that nothing more is to be learned.
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
            // Nothing is learned any more.
            config.train.teacher = None;
        }
        // The encoder has begun from them.
        config.encoder.weights = None;
        let mut begun = Self::fresh(kernels, &config, &state.origin.genotype)?;
        if begun.setup.source.fingerprint != state.origin.data_fingerprint {
            return Err(config_error(
                "the data is not what the training was begun with; bring it back, or name with --data \
                 where it is now",
            ));
        }
        if !finish && begun.origin.teacher != state.origin.teacher {
            return Err(config_error(
                "train.teacher is not the model that the training was begun with; bring that one back",
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
        let genotype = setup.space.genotype(&choices)?;
        let graph = setup.space.decode(&choices, &setup.io)?;
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
    let unfit = |reason: String| {
        config_error(format!(
            "space.encoder is not the encoder that was warmed up: {reason}"
        ))
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

fn config_error(message: impl Into<String>) -> Error {
    Error::Config {
        file: None,
        message: message.into(),
    }
}
