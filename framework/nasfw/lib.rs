//! Neural architecture search for dense prediction: segmentation, depth and pose.
//!
//! A [`Search`] evaluates networks that a controller proposes from a search space, for one task, and
//! records each trial in a run folder. A [`Training`] trains one of them in full, into a model folder.
//! A [`ModelEvaluation`] scores a model, a [`Predictor`] applies it to images, and [`export`] writes it for
//! other programs. The program `nasfw` is a client of this crate.
//!
//! ```
//! use nasfw::plugins::controllers::ppo::{Ppo, PpoConfig};
//! use nasfw::plugins::tasks::Depth;
//! use nasfw::sdk::{Blueprint, Net, Pick, Traced};
//! use nasfw::{ModelEvaluation, Search, Training};
//! use nasfw::sdk::graph::{ActivationKind, Conv};
//!
//! /// A decoder at one scale, its depth and width searched.
//! struct Stack;
//!
//! impl Blueprint for Stack {
//!     fn build(&self, pick: &mut Pick, net: &mut Net) -> nasfw::sdk::Result<()> {
//!         let width = pick.one_of("width", [8, 16, 32])?;
//!         let depth = pick.one_of("depth", [1, 2, 3])?;
//!         let mut x = net.encoder(|net| {
//!             net.conv_bn_act(net.image(), Conv::new(3, 16).stride(2), ActivationKind::Relu)
//!         });
//!         for _ in 0..depth {
//!             x = net.conv_bn_relu(x, 3, width);
//!         }
//!         net.head(x)
//!     }
//! }
//!
//! # let folder = tempfile::tempdir()?;
//! # let (runs, models) = (folder.path().join("run"), folder.path().join("model"));
//! let run = Search::new(Traced::new(Stack)?)
//!     .task(Depth)
//!     .controller::<Ppo>(PpoConfig::default())
//!     .trials(2)
//!     .seed(7)
//! #    .set("data.generator.train=24").set("data.generator.val=4").set("data.generator.side_px=32")
//! #    .set("warmup.samples=16").set("warmup.epochs=1").set("warmup.batch=8").set("warmup.crop_px=32")
//! #    .set("schedule.stage0.samples=16").set("schedule.stage0.epochs=1").set("schedule.stage0.batch=8")
//! #    .set("schedule.stage0.crop_px=32").set("schedule.stage1.samples=16").set("schedule.stage1.batch=8")
//! #    .set("schedule.stage1.crop_px=32").set("train.batch=4").set("train.crop_px=32")
//!     .run(&runs)?;
//! println!("{}", run.recommended()?.genotype());
//!
//! let trained = Training::of(&run)?.space(Traced::new(Stack)?).task(Depth).epochs(1).run(&models)?;
//! let result = ModelEvaluation::of(&trained.model)?.task(Depth).run()?;
//! println!("{} images, rms {:?} m", result.images, result.metrics.get("rms"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | item | does |
//! |---|---|
//! | [`Search`] | searches, or continues a run |
//! | [`Run`] | reads a run: trials, the recommended architecture, weights of the encoder |
//! | [`Training`], [`UnfinishedTraining`] | trains one architecture in full, over interruptions |
//! | [`ModelEvaluation`] | scores a model on a data set |
//! | [`Model`], [`Predictor`] | a trained network, and its predictions for images |
//! | [`Cancel`] | stops any of them from another thread |
//! | [`run_as_worker_if_asked`] | lets a program's own executable evaluate trials as a worker process |
//!
//! The crates below are modules here: [`sdk`] has the traits to implement, [`plugins`] the built-in members.

mod baseline;
mod evaluation;
mod observe;
mod process;
mod run;
mod search;
mod settings;
mod training;

pub use evaluation::ModelEvaluation;
pub use observe::Cancel;
pub use process::{run_as_worker_if_asked, use_threads};
pub use run::Run;
pub use search::Search;
pub use training::{Training, UnfinishedTraining};

pub use nasfw_device::Device;
pub use nasfw_engine::config::Preset;
pub use nasfw_engine::eval::EvalResult;
pub use nasfw_engine::search::Summary;
pub use nasfw_engine::train::Trained;
pub use nasfw_engine::{
    Config, Contender, Contenders, Ending, Error, Evaluation, Event, Observer, Result, Status,
    Trial,
};
pub use nasfw_model::export;
pub use nasfw_model::predict::{Output, Predictor};
pub use nasfw_model::{Description, Model};
pub use nasfw_network::fit::EvalRegion;

// The crates below, each a module.
pub use nasfw_abi as abi;
pub use nasfw_cache as cache;
pub use nasfw_data as data;
pub use nasfw_device as device;
pub use nasfw_disk as disk;
pub use nasfw_engine as engine;
pub use nasfw_model as model;
pub use nasfw_network as network;
pub use nasfw_plugin_host as plugin_host;
pub use nasfw_plugins as plugins;
pub use nasfw_report as report;
pub use nasfw_sdk as sdk;
pub use nasfw_surrogate as surrogate;
pub use nasfw_table as table;

/// Compiles the Rust of README.md.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
