//! Settings: what a user can set, where values come from, and how they are written down.
//!
//! A [`Config`] is resolved: every key has its value, and the file in a run folder says all of it.
//! It is made from [`Layers`], each laid over the one before:
//!
//! ```text
//! built-in defaults < preset < --config FILE < --set KEY=VALUE < flags such as --trials
//! ```
//!
//! The settings of a search space, controller, schedule or task belong to the registered item; the
//! engine knows their keys only from the item's defaults.
//!
//! | file | holds |
//! |---|---|
//! | `settings.rs` | the engine's own tables and their defaults |
//! | `layer.rs` | where a value comes from; reading presets, files and `KEY=VALUE` |
//! | `merge.rs` | laying one tree over another, key by key |
//! | `resolve.rs` | layers → `Config` |
//! | `members.rs` | `Config` → space, task, schedule, controller; range checks |
//! | `text.rs` | `Config` → TOML |

mod layer;
mod members;
mod merge;
mod resolve;
mod settings;
mod text;

#[cfg(test)]
mod tests;

use nasfw_data::DataConfig;
use nasfw_sdk::{MemberConfig, SpaceConfig};
use serde::{Deserialize, Serialize};

pub use layer::{Layers, Preset};
pub use settings::{
    EncoderConfig, FeaturesConfig, MetaConfig, OnFailure, RunConfig, TeacherConfig, TrainConfig,
    TrainDecay, WarmupConfig,
};

use crate::error::Result;

/// Everything that decides a search, with every key resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Libraries to load, as `PATH#sha256=HEX`, before anything is looked up by name.
    #[serde(default)]
    pub plugins: Vec<String>,
    /// How much is searched, and on what.
    pub run: RunConfig,
    /// The plugin whose search space is used, with the space's settings.
    pub space: SpaceConfig,
    /// What the networks are for.
    pub task: MemberConfig,
    /// What proposes architectures.
    pub controller: MemberConfig,
    /// What judges them, and for how long.
    pub schedule: MemberConfig,
    /// Where images and truth come from.
    pub data: DataConfig,
    /// The split of the training images.
    pub meta: MetaConfig,
    /// Where the encoder's weights come from.
    pub encoder: EncoderConfig,
    /// How the encoder learns when no weights are given.
    pub warmup: WarmupConfig,
    /// Whether a teacher is distilled.
    pub teacher: TeacherConfig,
    /// The cache of encoder outputs.
    pub features: FeaturesConfig,
    /// How one architecture is trained in full, by `train`; a search does not read it.
    pub train: TrainConfig,
}

impl Config {
    /// Reads a configuration that [`to_toml`](Config::to_toml) wrote; keys that a later version
    /// added get their defaults.
    ///
    /// # Errors
    /// Names the key that is unknown or wrong, and what would be right.
    pub fn from_toml(text: &str) -> Result<Self> {
        Layers::new(Preset::None)
            .text(text, "stored configuration")?
            .resolve()
    }

    /// The configuration as TOML, every key with its value; unset ones as comments.
    pub fn to_toml(&self) -> String {
        text::write(self)
    }
}
