//! One architecture trained in full, from settings to a model.

use std::path::{Path, PathBuf};

use nasfw_device::Device;
use nasfw_disk::NewFolder;
use nasfw_engine::config::{Layers, Preset};
use nasfw_engine::experiment::GivenMembers;
use nasfw_engine::train::{
    CheckpointPolicy, Resume, TrainRequest, Trained, Unfinished, check_not_begun, resume, train,
};
use nasfw_engine::{Config, Result, Trial};
use nasfw_network::Weights;
use nasfw_sdk::{SearchSpace, Task};

use crate::observe::{Watch, watched};
use crate::run::Run;
use crate::settings::{Settings, configured, layered, trained};

/// A training of one architecture in full, end to end, best weights on the validation split.
///
/// ```no_run
/// let run = nasfw::Run::open("runs/first")?;
/// let trained = nasfw::Training::of(&run)?.epochs(30).run("models/first")?;
/// println!("{:?}", trained.model.description().metrics);
/// # Ok::<(), nasfw::Error>(())
/// ```
#[derive(Debug)]
pub struct Training<'a> {
    settings: Settings,
    members: GivenMembers,
    genotype: String,
    /// The run it is from, for its data and its warmed-up encoder.
    origin: Option<RunOrigin>,
    checkpoint_every: usize,
    watch: Watch<'a>,
}

/// Facts of the run that an architecture is from.
#[derive(Debug)]
struct RunOrigin {
    config: Config,
    warm: Option<Weights>,
    data_fingerprint: String,
}

impl RunOrigin {
    /// The run's warmed-up encoder, unless `config` says to start from something else.
    fn warm_for(&self, config: &Config) -> Option<&Weights> {
        (self.warm.as_ref()).filter(|_| config.encoder == self.config.encoder)
    }
}

configured!(Training);
trained!(Training);
layered!(Training);
watched!(Training);

impl Training<'_> {
    /// Trains the recommended architecture of `run`, with the run's settings, data and warmed-up encoder.
    ///
    /// # Errors
    /// When no trial has a reward yet, or the record cannot be read.
    pub fn of(run: &Run) -> Result<Self> {
        Self::of_trial(run, &run.recommended()?)
    }

    /// Trains the architecture of one trial of `run`.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn of_trial(run: &Run, trial: &Trial) -> Result<Self> {
        let config = run.config()?.for_training()?;
        let base = Layers::new(Preset::None).text(&config.to_toml(), "the run's configuration")?;
        let mut new = Self::over(base, trial.genotype());
        new.origin = Some(RunOrigin {
            warm: run.warm_weights()?,
            data_fingerprint: run.data_fingerprint()?,
            config,
        });
        Ok(new)
    }

    /// Trains the architecture `genotype` of the search space that `layers` name.
    pub fn with_layers(layers: Layers, genotype: &str) -> Self {
        Self::over(layers, genotype)
    }

    /// Trains the architecture `genotype` of the space of the plugin called `space`.
    pub fn named(space: &str, genotype: &str) -> Self {
        let mut new = Self::over(Layers::new(Preset::Demo), genotype);
        new.settings.value("named", "space.plugin", space);
        new
    }

    fn over(base: Layers, genotype: &str) -> Self {
        Self {
            settings: Settings::new(base),
            members: GivenMembers::default(),
            genotype: genotype.into(),
            origin: None,
            checkpoint_every: 0,
            watch: Watch::default(),
        }
    }

    /// Decodes the architecture with `space`: for a run of a search that was given it.
    #[must_use]
    pub fn space<S: SearchSpace + 'static>(mut self, space: S) -> Self {
        self.members.space(space);
        self
    }

    /// Trains for `task`: for a run of a search that was given it.
    #[must_use]
    pub fn task<T: Task + 'static>(mut self, task: T) -> Self {
        self.members.task(task);
        self
    }

    /// Learns from the outputs of the model in `folder` as well, weighted by `train.distillation`.
    #[must_use]
    pub fn teacher(mut self, folder: impl AsRef<Path>) -> Self {
        (self.settings).path("teacher", "train.teacher", folder.as_ref());
        self
    }

    /// Number of passes over the training split.
    #[must_use]
    pub fn epochs(mut self, epochs: u64) -> Self {
        self.settings.value("epochs", "train.epochs", epochs);
        self
    }

    /// Writes a checkpoint every `steps` steps, besides one after each epoch; 0 for none.
    #[must_use]
    pub fn checkpoint_every(mut self, steps: usize) -> Self {
        self.checkpoint_every = steps;
        self
    }

    /// The complete configuration that these settings give.
    ///
    /// # Errors
    /// When a name, key or value is wrong; the message says what would be accepted.
    pub fn config(&self) -> Result<Config> {
        self.members.named_in(self.settings.layers()?).resolve()
    }

    /// Trains, and writes the new model folder `model`; until it is finished, the training is kept in
    /// `model.unfinished`.
    ///
    /// # Errors
    /// Before any work, when a setting, the data or the folder is wrong; [`Error::Stopped`](crate::Error)
    /// when it was cancelled, and [`UnfinishedTraining`] continues it.
    pub fn run(mut self, model: impl AsRef<Path>) -> Result<Trained> {
        let model = model.as_ref();
        let mut config = self.members.named_in(self.settings.layers()?).resolve()?;
        check_not_begun(model)?;
        NewFolder::check_free(model)?;
        let origin = self.origin.take();
        let warm = origin.as_ref().and_then(|origin| origin.warm_for(&config));
        if warm.is_some() {
            // The warm-up that began from them is over.
            config.encoder.weights = None;
        }
        let is_same_data = |origin: &&RunOrigin| config.data == origin.config.data;
        let request = TrainRequest {
            config: &config,
            members: self.members.clone(),
            genotype: &self.genotype,
            warm,
            data_fingerprint: (origin.as_ref().filter(is_same_data))
                .map(|origin| origin.data_fingerprint.as_str()),
            keep: Some(CheckpointPolicy {
                model,
                every_steps: self.checkpoint_every,
            }),
        };
        let mut trained = train(&request, &mut self.watch)?;
        trained.save(model)?;
        Ok(trained)
    }
}

/// A training that was interrupted, to continue; it ends with the model it would have ended with.
#[derive(Debug)]
pub struct UnfinishedTraining<'a> {
    model: PathBuf,
    unfinished: Unfinished,
    data: Option<PathBuf>,
    members: GivenMembers,
    device: Option<Device>,
    checkpoint_every: usize,
    finish: bool,
    watch: Watch<'a>,
}

watched!(UnfinishedTraining);

impl UnfinishedTraining<'_> {
    /// Opens the unfinished training of the future model folder `model`.
    ///
    /// # Errors
    /// When there is none, its checkpoint is damaged, or another process is at work on it.
    pub fn open(model: impl AsRef<Path>) -> Result<Self> {
        Ok(Self {
            unfinished: Unfinished::open(model.as_ref())?,
            model: model.as_ref().into(),
            data: None,
            members: GivenMembers::default(),
            device: None,
            checkpoint_every: 0,
            finish: false,
            watch: Watch::default(),
        })
    }

    /// The configuration it was started with.
    pub fn config(&self) -> &Config {
        self.unfinished.config()
    }

    /// Decodes the architecture with `space`: for a training that was given it.
    #[must_use]
    pub fn space<S: SearchSpace + 'static>(mut self, space: S) -> Self {
        self.members.space(space);
        self
    }

    /// Trains for `task`: for a training that was given it.
    #[must_use]
    pub fn task<T: Task + 'static>(mut self, task: T) -> Self {
        self.members.task(task);
        self
    }

    /// Reads the data from `folder`, where it was moved to.
    #[must_use]
    pub fn data(mut self, folder: impl AsRef<Path>) -> Self {
        self.data = Some(folder.as_ref().into());
        self
    }

    /// Device to compute on from here.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = Some(device);
        self
    }

    /// As [`Training::checkpoint_every`].
    #[must_use]
    pub fn checkpoint_every(mut self, steps: usize) -> Self {
        self.checkpoint_every = steps;
        self
    }

    /// Trains no further: the best weights so far are the result.
    #[must_use]
    pub fn finish(mut self) -> Self {
        self.finish = true;
        self
    }

    /// Trains to the end, and writes the model folder.
    ///
    /// # Errors
    /// As [`Training::run`]; also when the data is not what the training was started with.
    pub fn run(mut self) -> Result<Trained> {
        let how = Resume {
            data: self.data.as_deref(),
            members: self.members,
            device: self.device,
            every_steps: self.checkpoint_every,
            finish: self.finish,
        };
        let mut trained = resume(self.unfinished, &how, &mut self.watch)?;
        trained.save(&self.model)?;
        Ok(trained)
    }
}
