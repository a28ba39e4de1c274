//! Members, data and splits of a configuration, made and checked before anything is written.

use std::sync::Arc;

use nasfw_data::{Cached, Dataset, Groups, Source, meta_split, open};
use nasfw_sdk::graph::Graph;
use nasfw_sdk::{IoChannels, Loss, SearchSpace, Seed, Stage, Task, check_stages, testing};

use super::members::Members;
use super::{data_check, task_data};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::progress::{Event, Observer};
use nasfw_model::encoder::{self, Given};
use nasfw_network::Weights;

/// Memory limit of decoded training images.
const IMAGE_CACHE_BYTES: usize = 1 << 30;

/// Members, data and splits of a search.
pub struct Setup {
    /// The resolved configuration.
    pub config: Config,
    /// Search space, task, schedule and controller.
    pub members: Members,
    /// The stages of the schedule.
    pub stages: Vec<Stage>,
    /// The data set; its training split is kept in memory once it has been read.
    pub source: Source,
    /// The training split as it is on disk.
    train: Arc<dyn Dataset>,
    /// Channels in and out.
    pub io: IoChannels,
    /// Training samples that candidates learn from.
    pub meta_train: Vec<usize>,
    /// Training samples that rewards are measured on (meta-val).
    pub meta_val: Vec<usize>,
    /// The run's seed.
    pub seed: Seed,
    /// The encoder shared by all candidates, if the space has one.
    pub encoder: Option<Graph>,
    /// The encoder's weights before the warm-up, if any were given.
    pub encoder_weights: Option<Weights>,
    /// A note to the user about these weights.
    encoder_note: Option<String>,
}

/// Opens the data set that `config` names, for `task`.
///
/// # Errors
/// When it is missing or damaged, or does not fit the task.
pub(crate) fn open_data(config: &Config, task: &Arc<dyn Task>) -> Result<Source> {
    check_ignore(task.loss(), config.data.ignore)?;
    match (&config.data.path, task.data()) {
        (None, Some(_)) => task_data::source(task),
        _ => Ok(open(&config.data, task.labels())?),
    }
}

/// Masks are read with `data.ignore`; a loss that ignored a different value would meet a class that
/// does not exist.
fn check_ignore(loss: Loss, data: u8) -> Result<()> {
    match loss {
        Loss::CrossEntropy { ignore } if ignore != data => Err(nasfw_sdk::Error::invalid(
            "task.ignore",
            ignore,
            format!("data.ignore is {data}; set both to the mask value of ignored pixels"),
        )
        .into()),
        _ => Ok(()),
    }
}

/// The graph of any architecture, to read the encoder from: it does not depend on the choices. A
/// few architectures may fail to build, as those of third-party spaces may; others are tried then.
pub(super) fn any_graph(space: &dyn SearchSpace, io: &IoChannels, seed: Seed) -> Result<Graph> {
    const ATTEMPTS: usize = 8;
    let mut rng = seed.stream("setup");
    let mut attempt = || space.decode(&testing::random_choices(space.schema(), &mut rng), io);
    let mut last = attempt();
    for _ in 1..ATTEMPTS {
        if !matches!(last, Err(nasfw_sdk::Error::Library { .. })) {
            break;
        }
        last = attempt();
    }
    Ok(last?)
}

impl Setup {
    /// Calls [`new`](Self::new), [`check_data`](Self::check_data) and
    /// [`announce_encoder`](Self::announce_encoder).
    pub(crate) fn checked(
        config: &Config,
        members: &Members,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let setup = Self::new(config, members)?;
        setup.check_data(observer)?;
        setup.announce_encoder(observer);
        Ok(setup)
    }

    /// Opens the data that `config` names, splits it, and determines the encoder.
    ///
    /// # Errors
    /// When a name or value is wrong, or the data set does not fit the task.
    pub fn new(config: &Config, members: &Members) -> Result<Self> {
        config.check_ranges()?;
        let (space, task) = (members.space(), members.task());
        let seed = Seed(config.run.seed);
        // Wrong settings show here.
        members.controller(&mut seed.stream("check"))?;
        let mut source = open_data(config, &members.task)?;
        let train = source.train.clone();
        source.train = Arc::new(Cached::new(train.clone(), IMAGE_CACHE_BYTES));
        let io = IoChannels::rgb(task.output_channels(&source.info)?);
        (task.loss()).check_channels(io.output_channels, &source.info)?;
        let groups = Groups::of(&config.data)?;
        let numbers = groups.number(&*source.train)?;
        if groups.is_some() {
            let count = numbers.iter().max().map_or(0, |last| last + 1);
            source.description += &format!(", in {count} groups");
        }
        let (meta_train, meta_val) =
            meta_split(&numbers, config.meta.val_share, seed.child("meta"));
        let encoder = any_graph(space, &io, seed)?.encoder()?;
        let given: Option<Given> = match (&config.encoder.weights, &encoder) {
            (None, _) => None,
            (Some(file), Some(encoder)) => Some(encoder::read(file, encoder)?),
            (Some(file), None) => {
                let message = format!(
                    "encoder.weights: the space of plugin `{}` has no encoder to load {} into",
                    config.space.plugin,
                    file.display()
                );
                return Err(Error::Config {
                    file: None,
                    message,
                });
            }
        };
        let (encoder_weights, encoder_note) = match given {
            None => (None, None),
            Some(given) => (Some(given.weights), Some(given.note)),
        };
        let stages = members.schedule()?.stages().to_vec();
        check_stages(&stages, |at| format!("the schedule's stage {at}"))?;
        Ok(Self {
            config: config.clone(),
            stages,
            members: members.clone(),
            source,
            train,
            io,
            meta_train,
            meta_val,
            seed,
            encoder,
            encoder_weights,
            encoder_note,
        })
    }

    /// Checks that an architecture has the shared encoder, and reads the same maps of it and
    /// nothing else, so that cached features fit.
    ///
    /// # Errors
    /// When it does not, which violates the contract of a search space.
    pub(crate) fn check_encoder(&self, graph: &Graph) -> Result<()> {
        let broken = |message: &str| {
            let (node, message) = ("encoder".to_owned(), message.to_owned());
            Err(nasfw_sdk::Error::Graph { node, message }.into())
        };
        if graph.encoder()? != self.encoder {
            return broken(
                "differs from that of another architecture; all architectures of a space share their \
                 encoder and read the same maps of it",
            );
        }
        let maps = self.encoder.as_ref().map_or(1, |e| e.outputs().len());
        if graph.after_encoder()?.inputs().count() != maps {
            return broken(
                "the decoder also reads the image; give the encoder an identity node of the image",
            );
        }
        Ok(())
    }

    /// Reads the whole data set once, so that bad data does not stop a long run late.
    ///
    /// # Errors
    /// Lists everything that is wrong with the data set in one message.
    pub fn check_data(&self, observer: &mut dyn Observer) -> Result<()> {
        data_check::check_data(&self.config, &self.source, observer)
    }

    /// Tells the user which arrays the encoder's weights were read from, if any were given.
    pub(crate) fn announce_encoder(&self, observer: &mut dyn Observer) {
        if let Some(text) = &self.encoder_note {
            observer.on(&Event::Note { text });
        }
    }

    /// The search space.
    pub fn space(&self) -> &dyn SearchSpace {
        self.members.space()
    }

    /// The task.
    pub fn task(&self) -> &dyn Task {
        self.members.task()
    }

    /// Frees the memory of cached images, when workers read them instead.
    pub(crate) fn forget_images(&mut self) {
        self.source.train = self.train.clone();
    }

    /// Returns `wanted` training samples of a pass, or each image once for 0. If there are fewer
    /// images, they repeat with another augmentation: a pass costs the same on data sets of any
    /// size.
    pub(crate) fn training_samples(&self, wanted: usize) -> Vec<usize> {
        let wanted = match wanted {
            0 => self.meta_train.len(),
            n => n,
        };
        self.meta_train
            .iter()
            .copied()
            .cycle()
            .take(wanted)
            .collect()
    }

    /// The label value of ignored pixels.
    pub(crate) fn ignore(&self) -> u8 {
        self.config.data.ignore
    }
}
