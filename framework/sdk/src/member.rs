//! Names and settings of registered items, as recorded in configurations and models.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The search space, named by its plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpaceConfig {
    /// The plugin that provides the space.
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
