//! The encoder that a configuration names.

use nasfw_model::encoder::{Given, read};
use nasfw_sdk::graph::Graph;
use nasfw_sdk::{IoChannels, Seed};

use super::setup::any_graph;
use crate::config::Config;
use crate::error::{Error, Result};

/// The encoder of the space that `config` names, with the weights that it names.
///
/// # Errors
/// When a setting is wrong, the space has no encoder, no weights are named, or they do not fit.
pub fn encoder_of(config: &Config) -> Result<(Graph, Given)> {
    let space = config.make_space()?;
    let graph = any_graph(&*space, &IoChannels::rgb(1), Seed(0))?;
    let missing = |message: &str| Error::Config {
        file: None,
        message: message.into(),
    };
    let encoder = graph
        .encoder()?
        .ok_or_else(|| missing("this space has no encoder"))?;
    let file = (config.encoder.weights.as_ref())
        .ok_or_else(|| missing("encoder.weights is not set; name a file"))?;
    let given = read(file, &encoder)?;
    Ok((encoder, given))
}
