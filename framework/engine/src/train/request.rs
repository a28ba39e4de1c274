//! What is trained, and from where; how a training ended.

use std::path::Path;

use super::checkpoint::CheckpointFolder;
use crate::config::Config;
use crate::error::Result;
use crate::experiment::Members;
use nasfw_device::Device;
use nasfw_model::Model;
use nasfw_network::Weights;

/// What is trained, and from where.
#[derive(Debug)]
pub struct TrainRequest<'a> {
    /// Space, task, data, seed, and the table `train`.
    pub config: &'a Config,
    /// Search space and task, where they are not those that `config` names.
    pub members: Option<&'a Members>,
    /// The architecture.
    pub genotype: &'a str,
    /// Weights that the encoder starts from; arrays of other parts are passed over. They are drawn
    /// without, or read from `encoder.weights`.
    pub warm: Option<&'a Weights>,
    /// The fingerprint that the data must have, that of the run the architecture is from.
    pub data_fingerprint: Option<&'a str>,
    /// Where the training is kept in case of an interruption; without, an interrupted one is lost.
    pub keep: Option<CheckpointPolicy<'a>>,
}

/// Where a training is kept in case of an interruption.
#[derive(Clone, Copy, Debug)]
pub struct CheckpointPolicy<'a> {
    /// The folder that the model is to have; checkpoints are written beside it.
    pub model: &'a Path,
    /// Steps between checkpoints beside those at the end of each epoch; 0 for none.
    pub every_steps: usize,
}

/// How a training goes on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resume<'a> {
    /// Where the data is now, if it was moved.
    pub data: Option<&'a Path>,
    /// Search space and task, where they are not those that the configuration names.
    pub members: Option<&'a Members>,
    /// The device to compute on from here, if another than before.
    pub device: Option<Device>,
    /// As [`CheckpointPolicy::every_steps`].
    pub every_steps: usize,
    /// Do not train on: what was best so far is the result.
    pub finish: bool,
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
    pub(super) folder: Option<CheckpointFolder>,
}

impl Trained {
    /// Writes the model into the new folder `folder`, and removes the checkpoint.
    ///
    /// # Errors
    /// As [`Model::save`].
    pub fn save(&mut self, folder: &Path) -> Result<()> {
        self.model.save(folder)?;
        self.folder.take().map_or(Ok(()), CheckpointFolder::remove)
    }
}
