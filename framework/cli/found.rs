//! `RUN[#ID]`: an architecture that a search found.

use std::path::Path;

use nasfw_engine::search::{WARM_WEIGHTS, best};
use nasfw_engine::store::{Run, RunView};
use nasfw_engine::{Config, Trial};
use nasfw_network::Weights;

use crate::exit::Failure;

/// A trial of a run, with everything needed to rebuild its network.
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
    /// The encoder weights that all trials of the run started from; `None` before the warm-up is
    /// done.
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
        // A folder's name may itself contain a #.
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
                        0 => "the run has no trials yet".to_owned(),
                        n => format!("the run has trials 0 to {}", n - 1),
                    };
                    Failure::Input(format!("--from {text}: no trial `{id}`; {known}"))
                })?
        }
        None => best(&trials)
            .ok_or_else(|| Failure::Input(format!(
                "--from {text}: no trial has a reward yet; continue the search with `nasfw resume {folder}`"
            )))?,
    };
    Ok(BestModel {
        config: view.config()?,
        outputs: view.outputs()?,
        trial: trial.clone(),
        view,
    })
}
