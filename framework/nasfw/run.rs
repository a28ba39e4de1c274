//! A run that was recorded.

use std::path::Path;

use nasfw_engine::search::{self, Summary, WARM_WEIGHTS};
use nasfw_engine::store::RunView;
use nasfw_engine::{Config, Contenders, Error, Result, Trial};
use nasfw_network::Weights;

/// A run folder, read; a search may be writing to it meanwhile.
///
/// ```no_run
/// let run = nasfw::Run::open("runs/first")?;
/// for trial in run.trials()? {
///     println!("{} {} {:?}", trial.id(), trial.genotype(), trial.reward);
/// }
/// # Ok::<(), nasfw::Error>(())
/// ```
#[derive(Debug)]
pub struct Run {
    view: RunView,
    summary: Option<Summary>,
    baseline: Option<Summary>,
}

impl Run {
    /// Opens the run in `folder`.
    ///
    /// # Errors
    /// When there is none, a newer version made it, or it is damaged.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        Ok(Self {
            view: RunView::open(folder.as_ref())?,
            summary: None,
            baseline: None,
        })
    }

    /// The run that a search has just written.
    pub(crate) fn of(summary: Summary, baseline: Option<Summary>) -> Result<Self> {
        Ok(Self {
            view: RunView::open(&summary.run)?,
            summary: Some(summary),
            baseline,
        })
    }

    /// The run folder.
    pub fn folder(&self) -> &Path {
        self.view.folder()
    }

    /// The configuration, with the number of trials wanted now.
    ///
    /// # Errors
    /// When it cannot be read back, e.g. because a plugin it names is not in this program.
    pub fn config(&self) -> Result<Config> {
        self.view.config()
    }

    /// The finished trials, in their order.
    ///
    /// # Errors
    /// When the record is damaged.
    pub fn trials(&self) -> Result<Vec<Trial>> {
        self.view.trials()
    }

    /// The trial with this id.
    ///
    /// # Errors
    /// When there is none.
    pub fn trial(&self, id: u64) -> Result<Trial> {
        let mut trials = self.trials()?;
        match trials.iter().position(|trial| trial.id() == id) {
            Some(at) => Ok(trials.swap_remove(at)),
            None => Err(self.error(match trials.len() {
                0 => format!("no trial `{id}`; it has no trial yet"),
                n => format!("no trial `{id}`; it has trials 0 to {}", n - 1),
            })),
        }
    }

    /// The trial with the highest reward, complete ones first. Of many noisy rewards the highest is
    /// most likely a lucky one; [`recommended`](Self::recommended) takes that off.
    ///
    /// # Errors
    /// When no trial has a reward yet.
    pub fn best(&self) -> Result<Trial> {
        search::best(&self.trials()?)
            .cloned()
            .ok_or_else(|| self.no_reward())
    }

    /// The first trial with the architecture that is most likely the best, by a model of all trials:
    /// the first of the [`contenders`](Self::contenders); [`best`](Self::best) while those are not
    /// known.
    ///
    /// # Errors
    /// When no trial has a reward yet.
    pub fn recommended(&self) -> Result<Trial> {
        self.view.recommended()?.ok_or_else(|| self.no_reward())
    }

    /// The architectures that may be the best, with intervals. `None` while a search is active, after
    /// a crash until the run is continued, and where no trial is complete.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn contenders(&self) -> Result<Option<Contenders>> {
        self.view.contenders()
    }

    fn no_reward(&self) -> Error {
        let more = match self.is_complete() {
            Ok(true) => " --trials N",
            _ => "",
        };
        self.error(format!(
            "no trial has a reward yet; `nasfw resume {}{more}` continues the search",
            self.folder().display()
        ))
    }

    /// Returns true when all trials wanted are finished.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn is_complete(&self) -> Result<bool> {
        let wanted = self.view.trials_wanted()?;
        Ok(wanted.is_some_and(|wanted| self.view.finished().is_ok_and(|n| n >= wanted)))
    }

    /// The result of the call that returned this run; none for one that was opened.
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// The result of the search of `run.baseline`, where the call that returned this run made one.
    pub fn baseline(&self) -> Option<&Summary> {
        self.baseline.as_ref()
    }

    /// Output channels of the run's networks.
    ///
    /// # Errors
    /// When the run has not got so far.
    pub fn output_channels(&self) -> Result<u32> {
        self.view.outputs()
    }

    /// The weights that every trial's encoder started from, if the run has got so far.
    ///
    /// # Errors
    /// When they are damaged.
    pub fn warm_weights(&self) -> Result<Option<Weights>> {
        let bytes = self.view.artifact(WARM_WEIGHTS)?;
        Ok(bytes.map(|b| Weights::from_safetensors(&b)).transpose()?)
    }

    /// The fingerprint of the run's data set.
    ///
    /// # Errors
    /// When the run has not got so far.
    pub fn data_fingerprint(&self) -> Result<String> {
        self.view.data_fingerprint()
    }

    fn error(&self, message: String) -> Error {
        Error::Run {
            run: self.folder().into(),
            message,
        }
    }
}
