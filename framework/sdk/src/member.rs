//! Registered items with the settings they are made from, as configurations and models name them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The search space, named by its plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpaceConfig {
    /// The plugin that brings the space.
    pub plugin: String,
    /// The space's own settings, complete; an object.
    #[serde(flatten)]
    pub settings: Value,
}

/// A controller, schedule or task, named, with its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberConfig {
    /// Its registered name.
    pub name: String,
    /// Its own settings, complete; an object.
    #[serde(flatten)]
    pub settings: Value,
}
