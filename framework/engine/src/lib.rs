//! The engine: configuration, the search loop and its store, full training, evaluation.
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
//! | `experiment/` | members, data and splits that a search, a training and an evaluation share |
//! | `search/` | the loop: propose, evaluate, update; features and teacher |
//! | `store/` | the run folder and its database |
//! | `train/` | full training of one architecture |
//! | `eval.rs` | evaluation of a trained network on a data set |
//! | `trial.rs` | the record of one evaluated architecture |
//! | `contenders.rs` | the architectures that may be the best of a run |
//! | `machine.rs` | the machine that a search runs on |
//! | `progress.rs` | events of a run, and the observer that receives them |
//! | `tensorboard/` | a search or training as event files |
//! | `timing/` | single steps and inferences, for timing and comparison |
//! | `error.rs` | errors, grouped by what the reader can do about them |

pub mod config;
mod contenders;
pub mod error;
pub mod eval;
pub mod experiment;
mod machine;
pub mod progress;
pub mod search;
pub mod store;
pub mod tensorboard;
pub mod timing;
pub mod train;
pub mod trial;

pub use config::Config;
pub use contenders::{Contender, Contenders};
pub use error::{Error, Result};
pub use machine::Machine;
pub use progress::{Event, Observer};
pub use trial::{Ending, Evaluation, RecordedProposal, Status, Trial};
