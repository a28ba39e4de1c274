//! The engine: configuration, networks on dfdx, training, the search loop and its store.
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
//! | `device.rs` | device names, and dispatch to whichever one is named |
//! | `network/` | graph → fused steps on dfdx's tape; kernels per device |
//! | `encoder/` | encoder weights from files, also those of torchvision and timm |
//! | `train/` | losses, optimisers, batches, one training run |
//! | `search/` | the loop: propose, evaluate, update; features and teacher |
//! | `plugins/` | third-party libraries: checked, probed, loaded, called |
//! | `store/` | the run folder and its database |
//! | `full/` | one architecture trained in full |
//! | `folder.rs` | kinds of nasfw folders: a run, a model, an unfinished training |
//! | `data_check.rs` | check that a whole data set is readable |
//! | `eval.rs` | evaluation of a trained network on a data set |
//! | `model/` | a trained network as a folder |
//! | `predict.rs` | a trained network's predictions for an image |
//! | `disk/` | files and folders written whole or not at all |
//! | `export/` | export of a trained network to formats of other programs |
//! | `tensorboard/` | a search or training as event files |
//! | `timing/` | single steps and inferences, for timing and comparison |

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
