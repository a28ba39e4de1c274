//! A controller: most decisions as in the best architecture so far, some at random.

use nasfw_sdk::controller::State;
use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::{Controller, Error, Outcome, Proposal, Result, Rng, Schema};
use serde::{Deserialize, Serialize};

nasfw_sdk::export_plugin!();
nasfw_sdk::register!(controller, NearBest, plugin: "template-name", name: "template-name",
    about: "near the best so far"); // Change: a line for `plugins list`.

/// Change: your settings. This one is set by `--set controller.bold=true`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    bold: bool,
}

/// Change: what the controller remembers; all of it goes through `save` and `load`.
#[derive(Serialize, Deserialize)]
struct NearBest {
    schema: Schema,
    random: f64,
    best: Option<(Vec<usize>, f64)>,
}

impl ControllerFromConfig for NearBest {
    type Config = Settings;

    fn from_config(settings: Settings, schema: &Schema, _: &mut Rng) -> Result<Self> {
        let random = if settings.bold { 0.5 } else { 0.2 };
        let schema = schema.clone();
        Ok(Self { schema, random, best: None })
    }
}
