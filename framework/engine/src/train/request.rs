//! The request for a training, and its result.

use std::path::Path;

use super::checkpoint::CheckpointFolder;
use crate::config::Config;
use crate::error::Result;
use crate::experiment::GivenMembers;
use nasfw_device::Device;
use nasfw_model::Model;
use nasfw_network::Weights;

/// A training to run: what is trained, and from where.
pub struct TrainRequest<'a> {
    /// Space, task, data, seed, and the table `train`.
    pub config: &'a Config,
    /// Members in place of those that `config` names.
    pub members: GivenMembers,
    /// The architecture.
    pub genotype: &'a str,
    /// Weights that the encoder starts from; arrays of other parts are skipped. Without them it
    /// starts from `encoder.weights`, or at random.
    pub warm: Option<&'a Weights>,
    /// The fingerprint that the data must have: that of the run the architecture is from.
    pub data_fingerprint: Option<&'a str>,
    /// The checkpoints for the case of an interruption; without them, an interrupted training is
    /// lost.
    pub keep: Option<CheckpointPolicy<'a>>,
}

/// Place and frequency of checkpoints.
#[derive(Clone, Copy, Debug)]
pub struct CheckpointPolicy<'a> {
    /// The folder of the future model; checkpoints are written beside it.
    pub model: &'a Path,
    /// Steps between checkpoints, in addition to one at the end of each epoch; 0 for none.
    pub every_steps: usize,
}

/// Options of a resumed training.
#[derive(Clone, Default)]
pub struct Resume<'a> {
    /// The present location of the data, if it was moved.
    pub data: Option<&'a Path>,
    /// Members in place of those that the configuration names.
    pub members: GivenMembers,
    /// The device to compute on from here, if another than before.
    pub device: Option<Device>,
    /// As [`CheckpointPolicy::every_steps`].
    pub every_steps: usize,
    /// Stop training: the best weights so far are the result.
    pub finish: bool,
}

/// The result of a training.
#[derive(Debug)]
pub struct Trained {
    /// The model with its best weights by the validation split.
    pub model: Model,
    /// The reward of its metrics.
    pub reward: f64,
    /// The reason why it ended before all epochs were done, if it did.
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
