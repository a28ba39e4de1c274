//! `RUN[#ID]`: an architecture that a search found.

use std::path::Path;

use nasfw_engine::search::{WARM_WEIGHTS, best};
use nasfw_engine::store::{Run, RunView};
use nasfw_engine::{Config, Trial};
use nasfw_network::Weights;

use crate::exit::Failure;

/// A trial of a run, with what is needed to build its network again.
pub(crate) struct BestModel {
    /// The run's configuration.
    pub(crate) config: Config,
    /// Output channels of the run's networks.
    pub(crate) outputs: u32,
    /// The trial.
    pub(crate) trial: Trial,
    view: RunView,
}

impl BestModel {
    /// Weights of the encoder that all trials of the run started from, if it has got so far.
    pub(crate) fn warm_weights(&self) -> Result<Option<Weights>, Failure> {
        let bytes = self.view.artifact(WARM_WEIGHTS)?;
        Ok(bytes.map(|b| Weights::from_safetensors(&b)).transpose()?)
    }

    /// The fingerprint of the run's data.
    pub(crate) fn data_fingerprint(&self) -> Result<String, Failure> {
        Ok(self.view.data_fingerprint()?)
    }
}

/// The trial that `text` names: `RUN#ID`, or the best one of `RUN`.
pub(crate) fn find(text: &str) -> Result<BestModel, Failure> {
    let (folder, id) = match text.rsplit_once('#') {
        // A folder's name may hold a # itself.
        Some((folder, id)) if !Path::new(text).exists() => (folder, Some(id)),
        _ => (text, None),
    };
    let view = Run::read(Path::new(folder))?;
    let trials = view.trials()?;
    let trial = match id {
        Some(id) => {
            let wanted = id.parse::<u64>().ok();
            trials
                .iter()
                .find(|t| Some(t.id) == wanted)
                .ok_or_else(|| {
                    let known = match trials.len() {
                        0 => "it has no trial yet".to_owned(),
                        n => format!("it has trials 0 to {}", n - 1),
                    };
                    Failure::Input(format!("--from {text}: no trial `{id}`; {known}"))
                })?
        }
        None => best(&trials)
            .ok_or_else(|| Failure::Input(format!(
                "--from {text}: no trial has a reward yet; `nasfw resume {folder}` goes on with the search"
            )))?,
    };
    Ok(BestModel {
        config: view.config()?,
        outputs: view.outputs()?,
        trial: trial.clone(),
        view,
    })
}
