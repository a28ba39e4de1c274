//! Everything that runs: configuration, networks on dfdx, training, the search loop, its store.
//!
//! ```text
//! config ──▶ search ──▶ candidate ──▶ train ──▶ network ──▶ kernels
//!              │            │            │
//!            store       features      loss
//! ```
//!
//! | folder | holds |
//! |---|---|
//! | `config/` | settings, presets, overlays; every key a user can set |
//! | `device.rs` | names of devices, and work on whichever one is named |
//! | `network/` | graph → fused steps on dfdx's tape; kernels per device |
//! | `encoder/` | encoder weights from files, also those of torchvision and timm |
//! | `train/` | losses, optimisers, batches, one training run |
//! | `search/` | the loop: propose, judge, tell; features and teacher |
//! | `plugins/` | libraries of other people: checked, tried, loaded, called |
//! | `store/` | the run folder and its database |
//! | `full/` | one architecture trained in full |
//! | `folder.rs` | what a folder of ours is: a run, a model, an unfinished training |
//! | `data_check.rs` | is all of a data set readable? |
//! | `eval.rs` | how good a trained network is on a data set |
//! | `model/` | a trained network as a folder |
//! | `predict.rs` | what a trained network says of an image |
//! | `disk/` | files and folders written whole or not at all |
//! | `export/` | a trained network in formats that other programs read |
//! | `tensorboard/` | a search or training as event files |
//! | `timing/` | single steps and inferences, to be timed and compared |

pub mod config;
mod data_check;
pub mod device;
mod disk;
pub mod encoder;
pub mod error;
pub mod eval;
pub mod export;
pub mod folder;
pub mod full;
pub mod model;
pub mod network;
pub mod plugins;
pub mod predict;
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
pub use trial::{Judged, Status, Trial};
