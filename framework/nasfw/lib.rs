//! Neural architecture search for dense prediction: segmentation, depth and pose.
//!
//! A [`Search`] evaluates networks that a controller proposes from a search space, for one task, and
//! records each trial in a run folder. A [`Training`] trains one of them in full, into a model folder.
//! An [`Evaluation`] scores a model, a [`Predictor`] applies it to images, and [`export`] writes it for
//! other programs. The program `nasfw` is a client of this crate.
//!
//! FRONT
//!
//! | item | does |
//! |---|---|
//! | [`Search`] | searches, or continues a run |
//! | [`Run`] | reads a run: trials, the best architecture, weights of the encoder |
//! | [`Training`], [`UnfinishedTraining`] | trains one architecture in full, over interruptions |
//! | [`Evaluation`] | scores a model on a data set |
//! | [`Model`], [`Predictor`] | a trained network, and its predictions for images |
//! | [`Cancel`] | stops any of them from another thread |
//! | [`serve`] | lets a program's own executable evaluate trials as a worker process |
//!
//! The crates below are modules here: [`sdk`] has the traits to implement, [`plugins`] the built-in members.

mod evaluation;
mod observe;
mod process;
mod run;
mod search;
mod settings;
mod training;

pub use evaluation::Evaluation;
pub use observe::Cancel;
pub use process::{serve, use_threads};
pub use run::Run;
pub use search::Search;
pub use training::{Training, UnfinishedTraining};

pub use nasfw_device::Device;
pub use nasfw_engine::config::Preset;
pub use nasfw_engine::eval::Report;
pub use nasfw_engine::train::Trained;
pub use nasfw_engine::{Config, Error, Event, Observer, Result, Status, Trial};
pub use nasfw_model::export;
pub use nasfw_model::predict::{Output, Predictor};
pub use nasfw_model::{Description, Model};
pub use nasfw_network::fit::View;

// The crates below, each a module.
pub use nasfw_abi as abi;
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
