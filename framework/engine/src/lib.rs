//! The engine: configuration, experiments, searches and their store, full training, evaluation.
//!
//! ```text
//! config ──▶ experiment ──▶ search ──▶ store
//!                 │
//!                 ├──▶ train
//!                 └──▶ eval
//! ```
//!
//! | folder | holds |
//! |---|---|
//! | `config/` | settings, presets, overlays; every key a user can set |
//! | `experiment/` | members, data and splits that a configuration names |
//! | `search/` | the loop: propose, evaluate, tell; features and teacher; `executor/` in workers |
//! | `store/` | the run folder and its database |
//! | `train/` | one architecture trained in full |
//! | `eval.rs` | a trained network's metrics on a data set |
//! | `trial.rs`, `progress.rs` | the record of a trial; events for whoever watches |
//! | `tensorboard/` | a search or training as event files |
//! | `timing/` | single steps and inferences, to be timed and compared |

pub mod config;
pub mod error;
pub mod eval;
pub mod experiment;
pub mod progress;
pub mod search;
pub mod store;
pub mod tensorboard;
pub mod timing;
pub mod train;
pub mod trial;

pub use config::Config;
pub use error::{Error, Result};
pub use progress::{Event, Observer};
pub use trial::{Evaluation, Status, Trial};
