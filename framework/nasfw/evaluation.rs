//! The evaluation of a model on a data set.

use std::fmt;
use std::sync::Arc;

use nasfw_engine::eval::{self, EvalRequest, EvalResult, evaluate};
use nasfw_engine::{Config, Error, Result};
use nasfw_model::Model;
use nasfw_network::fit::EvalRegion;
use nasfw_plugin_host as plugin_host;
use nasfw_sdk::{Split, Task};

use crate::observe::{Watch, watched};
use crate::settings::{Settings, configured, layered};

/// An evaluation of a model on a split of a data set, by the code that evaluates during training.
///
/// Without other settings it sees the images of the validation split whole, at the scale of the
/// training.
///
/// ```no_run
/// let model = nasfw::Model::load("models/first".as_ref())?;
/// let result = nasfw::ModelEvaluation::of(&model)?.data("rooms").run()?;
/// println!("{} images, rms {:?} m", result.images, result.metrics.get("rms"));
/// # Ok::<(), nasfw::Error>(())
/// ```
pub struct ModelEvaluation<'a> {
    model: &'a Model,
    settings: Settings,
    libraries: Vec<String>,
    task: Option<Arc<dyn Task>>,
    split: Split,
    region: EvalRegion,
    watch: Watch<'a>,
}

configured!(ModelEvaluation);
layered!(ModelEvaluation);
watched!(ModelEvaluation);

impl<'a> ModelEvaluation<'a> {
    /// An evaluation of `model`: with its task, and as its data was read. Without
    /// [`data`](Self::data), the images are the generated scenes that it was trained on.
    ///
    /// # Errors
    /// Never for a model that was read from a folder.
    pub fn of(model: &'a Model) -> Result<Self> {
        Ok(Self {
            model,
            settings: Settings::new(eval::settings(model.description())?),
            libraries: Vec::new(),
            task: None,
            split: Split::Val,
            region: EvalRegion::Whole,
            watch: Watch::default(),
        })
    }

    /// Scores with `task`: for a model of a training that was given it.
    #[must_use]
    pub fn task<T: Task + 'static>(mut self, task: T) -> Self {
        self.task = Some(Arc::new(task));
        self
    }

    /// Evaluates on this split of the data.
    #[must_use]
    pub fn split(mut self, split: Split) -> Self {
        self.split = split;
        self
    }

    /// Shows the network whole images, or the central crops that training scores.
    #[must_use]
    pub fn region(mut self, region: EvalRegion) -> Self {
        self.region = region;
        self
    }

    /// Loads a plugin library that the model's task is from. Needs
    /// [`run_as_worker_if_asked`](crate::run_as_worker_if_asked).
    #[must_use]
    pub fn library(mut self, reference: &str) -> Self {
        self.libraries.push(reference.into());
        self
    }

    /// The model's settings with these on top.
    ///
    /// # Errors
    /// When a name, key or value is wrong, or the model's task is from a library that is not loaded.
    pub fn config(&self) -> Result<Config> {
        for reference in &self.libraries {
            plugin_host::load(reference)?;
        }
        let description = self.model.description();
        self.settings.layers()?.resolve().map_err(|e| {
            let libraries = description.provenance.plugins.join(", ");
            match e {
                Error::Contract(nasfw_sdk::Error::UnknownName { .. }) if !libraries.is_empty() => {
                    Error::Config {
                        file: None,
                        message: format!(
                            "{e}; the model was trained with {libraries}: load it with --plugin"
                        ),
                    }
                }
                e => e,
            }
        })
    }

    /// Evaluates.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn run(mut self) -> Result<EvalResult> {
        let config = self.config()?;
        let request = EvalRequest {
            model: self.model,
            config: &config,
            task: self.task,
            split: self.split,
            region: self.region,
        };
        evaluate(&request, &mut self.watch)
    }
}

impl fmt::Debug for ModelEvaluation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelEvaluation")
            .field("settings", &self.settings)
            .field("split", &self.split)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
