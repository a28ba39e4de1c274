//! Settings: what a user can set, the sources of values, and the file format.
//!
//! A [`Config`] is resolved: every key has a value, and the file in a run folder records all of
//! them.
//! It is made from [`Layers`], each merged over the previous one:
//!
//! ```text
//! built-in defaults < preset < --config FILE < --set KEY=VALUE < flags such as --trials
//! ```
//!
//! The settings of a search space, controller, schedule or task belong to the registered item; the
//! engine learns their keys from the item's defaults.
//!
//! | file | holds |
//! |---|---|
//! | `settings.rs` | the engine's own tables and their defaults |
//! | `layer.rs` | sources of values; reading presets, files and `KEY=VALUE` |
//! | `merge.rs` | merging one tree into another, key by key |
//! | `resolve.rs` | layers → `Config` |
//! | `members.rs` | `Config` → space, task, schedule, controller |
//! | `ranges.rs` | range checks |
//! | `text.rs` | `Config` → TOML |

mod layer;
mod members;
mod merge;
mod ranges;
mod resolve;
mod settings;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use nasfw_data::DataConfig;
use nasfw_sdk::{MemberConfig, SpaceConfig};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use layer::{Layers, Preset};
pub(crate) use members::{value_name, value_type};
pub use settings::{
    EncoderConfig, FeaturesConfig, MetaConfig, OnFailure, RunConfig, TeacherConfig, TrainConfig,
    TrainDecay, WarmupConfig,
};

use crate::error::Result;

/// All settings that determine a search, with every key resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Libraries to load, as `PATH#sha256=HEX`, before any name is looked up.
    #[serde(default)]
    pub plugins: Vec<String>,
    /// The size of the search, and its device.
    pub run: RunConfig,
    /// The plugin whose search space is used, with the space's settings.
    pub space: SpaceConfig,
    /// The task that networks are searched for.
    pub task: MemberConfig,
    /// The controller, which proposes architectures.
    pub controller: MemberConfig,
    /// The reward schedule, which sets the stages of an evaluation.
    pub schedule: MemberConfig,
    /// The source of images and labels.
    pub data: DataConfig,
    /// The split of the training images.
    pub meta: MetaConfig,
    /// The source of the encoder's weights.
    pub encoder: EncoderConfig,
    /// The encoder's warm-up, which starts from `encoder.weights` if given.
    pub warmup: WarmupConfig,
    /// Distillation from a teacher.
    pub teacher: TeacherConfig,
    /// The cache of encoder outputs.
    pub features: FeaturesConfig,
    /// Full training of one architecture by `train`; a search does not read it.
    pub train: TrainConfig,
}

impl Config {
    /// Reads a configuration that [`to_toml`](Config::to_toml) wrote; keys that a later version
    /// added get their defaults.
    ///
    /// # Errors
    /// Names the unknown or wrong key and a value that would be accepted.
    pub fn from_toml(text: &str) -> Result<Self> {
        Layers::new(Preset::None)
            .text(text, "stored configuration")?
            .resolve()
    }

    /// The first key whose value differs from that in `other`, with both values as JSON.
    pub fn first_difference(&self, other: &Self) -> Option<(String, String, String)> {
        let json = |config: &Self| serde_json::to_value(config).unwrap_or_default();
        difference("", &json(self), &json(other))
    }

    /// The configuration as TOML, every key with its value; unset ones as comments.
    pub fn to_toml(&self) -> String {
        text::write(self)
    }
}

fn difference(path: &str, one: &Value, other: &Value) -> Option<(String, String, String)> {
    if one == other {
        return None;
    }
    if let (Value::Object(ones), Value::Object(others)) = (one, other) {
        let keys: BTreeSet<&String> = ones.keys().chain(others.keys()).collect();
        return keys.into_iter().find_map(|key| {
            let at = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
            let path = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            difference(&path, &at(ones), &at(others))
        });
    }
    Some((path.into(), one.to_string(), other.to_string()))
}
