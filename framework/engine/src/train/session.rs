//! The network before its first step: of a new training, or of one to resume.

use nasfw_sdk::graph::Graph;

use super::best::Best;
use super::checkpoint::{CheckpointFolder, TrainInputs, Unfinished};
use super::request::{Resume, TrainRequest};
use super::teacher::{self, Teacher};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::experiment::{GivenMembers, Setup};
use nasfw_network::fit::Checkpoint;
use nasfw_network::kernels::Kernels;
use nasfw_network::{Network, Weights};

/// Everything that a training needs, created and checked.
pub(super) struct TrainSession<K: Kernels> {
    pub(super) setup: Setup,
    pub(super) graph: Graph,
    pub(super) network: Network<K>,
    pub(super) origin: TrainInputs,
    pub(super) best: Best,
    pub(super) teacher: Option<Teacher<K>>,
    /// The checkpoint to resume from.
    pub(super) saved: Option<Checkpoint>,
}

impl<K: Kernels> TrainSession<K> {
    pub(super) fn new(kernels: K, request: &TrainRequest<'_>) -> Result<Self> {
        let mut session = Self::fresh(kernels, request.config, &request.members, request.genotype)?;
        let fingerprint = &session.setup.source.fingerprint;
        if request.data_fingerprint.is_some_and(|f| f != fingerprint) {
            return Err(config_error(
                "the data differs from the run's; to train on other data on purpose, name it with \
                 --data",
            ));
        }
        session.origin.is_encoder_warm = warm_up(
            &mut session.network,
            &session.graph,
            request.warm,
            &session.setup,
        )?;
        Ok(session)
    }

    pub(super) fn resumed(
        kernels: K,
        unfinished: Unfinished,
        how: &Resume<'_>,
    ) -> Result<(Self, CheckpointFolder)> {
        let (data, finish) = (how.data, how.finish);
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
        let mut session = Self::fresh(kernels, &config, &how.members, &state.origin.genotype)?;
        if session.setup.source.fingerprint != state.origin.data_fingerprint {
            return Err(config_error(
                "the data is not the data that the training was started with; restore it, or give its new \
                location with --data",
            ));
        }
        if !finish && session.origin.teacher != state.origin.teacher {
            return Err(config_error(
                "train.teacher is not the model that the training was started with; restore that one",
            ));
        }
        session.best = Best::restored(state.best, &arrays);
        session.origin = state.origin;
        session.saved = Some(Checkpoint {
            position: state.position,
            optimiser_steps: state.optimiser_steps,
            arrays,
        });
        Ok((session, folder))
    }

    fn fresh(kernels: K, config: &Config, members: &GivenMembers, genotype: &str) -> Result<Self> {
        let setup = Setup::new(config, &members.complete(config)?)?;
        let teacher = teacher::load(kernels.clone(), config, &setup)?;
        let choices = setup.space().parse(genotype)?;
        let genotype = setup.space().genotype(&choices)?;
        let graph = setup.space().decode(&choices, &setup.io)?;
        let mut rng = setup.seed.stream("train/init");
        let origin = TrainInputs {
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
    if taken != wanted {
        return Err(unfit(format!(
            "only {taken} of its {wanted} arrays are present"
        )));
    }
    Ok(true)
}

fn config_error(message: impl Into<String>) -> Error {
    Error::Config {
        file: None,
        message: message.into(),
    }
}
