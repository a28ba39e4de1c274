//! Layers → `Config`.

use std::path::Path;

use nasfw_data::DataConfig;
use nasfw_network::Weights;
use nasfw_sdk::registry::{ControllerEntry, ScheduleEntry, SpaceEntry, TaskEntry, at_path};
use serde_json::{Map, Value};

use super::layer::{Layer, LayerSource};
use super::members::is_value;
use super::merge::{error, overlay};
use super::{
    Config, EncoderConfig, FeaturesConfig, MetaConfig, RunConfig, TeacherConfig, TrainConfig,
    WarmupConfig,
};
use crate::error::{Error, Result};

/// The tables that name a registered item: table, key of the name, default name.
const MEMBERS: [(&str, &str, &str); 4] = [
    ("space", "plugin", "segm"),
    ("task", "name", "segm"),
    ("controller", "name", "bayes"),
    ("schedule", "name", "progressive"),
];

/// A lookup of the default settings of the member called `name` in `table`.
pub(super) trait Defaults {
    fn of(&self, table: &str, name: &str) -> Result<Value>;

    /// The settings of the space of plugin `space` with which its encoder takes the weights in a
    /// file, where it knows them.
    fn for_weights(&self, space: &str, file: &Path) -> Option<Map<String, Value>>;
}

/// The items registered in this program.
pub(super) struct Registry;

impl Defaults for Registry {
    fn of(&self, table: &str, name: &str) -> Result<Value> {
        if is_value(name) {
            return Ok(Value::Object(Map::new()));
        }
        Ok(match table {
            "space" => (SpaceEntry::of_plugin(name)?.defaults)(),
            "task" => (TaskEntry::find(name)?.defaults)(),
            "controller" => (ControllerEntry::find(name)?.defaults)(),
            _ => (ScheduleEntry::find(name)?.defaults)(),
        })
    }

    fn for_weights(&self, space: &str, file: &Path) -> Option<Map<String, Value>> {
        let entry = SpaceEntry::of_plugin(space).ok()?;
        if entry.about.library.is_some() {
            return None;
        }
        // What cannot be read is reported where it is used.
        let shapes = Weights::shapes_in_safetensors(&std::fs::read(file).ok()?).ok()?;
        let space = (entry.build)(&(entry.defaults)()).ok()?;
        space.settings_for_weights(&|name| shapes.get(name).cloned())
    }
}

/// The facts about a library that a configuration needs.
pub(super) struct Library {
    /// The reference recorded in the configuration.
    pub(super) recorded: String,
    /// The plugin whose search space it brings, if any.
    pub(super) space: Option<String>,
}

/// Merges the layers over the defaults; `load` loads a library that they name.
pub(super) fn resolve(
    layers: &[Layer],
    registry: &dyn Defaults,
    load: &mut dyn FnMut(&str) -> Result<Library>,
) -> Result<Config> {
    let mut tree = engine_defaults()?;
    let (libraries, their_space) = libraries(layers, load)?;
    tree.insert("plugins".into(), libraries.into());
    let mut names = Vec::new();
    for (table, key, default) in MEMBERS {
        let default = match (table, &their_space) {
            ("space", Some(space)) => space.as_str(),
            _ => default,
        };
        let (name, settings) = member_defaults(layers, table, key, default, registry)?;
        tree.insert(table.into(), Value::Object(settings));
        names.push((table, key, name));
    }
    let is_preset = |layer: &&Layer| matches!(layer.origin, LayerSource::Preset(_));
    let presets = layers.iter().take_while(is_preset).count();
    for (at, layer) in layers.iter().enumerate() {
        if at == presets {
            follow_weights(&mut tree, layers, &names[0].2, registry)?;
        }
        let mut values = for_members(layer, &names)?;
        values.remove("plugins");
        overlay(&mut tree, &values, "", &layer.origin)?;
    }
    absolute_paths(&mut tree);
    serde_path_to_error::deserialize(Value::Object(tree)).map_err(|e| Error::Config {
        file: None,
        message: at_path(&e),
    })
}

/// Loads the libraries of all layers; each layer adds to the previous ones. The first library with
/// a search space provides the default space.
fn libraries(
    layers: &[Layer],
    load: &mut dyn FnMut(&str) -> Result<Library>,
) -> Result<(Vec<String>, Option<String>)> {
    let mut all: Vec<String> = Vec::new();
    let mut first_space = None;
    for layer in layers {
        let Some(given) = layer.values.get("plugins") else {
            continue;
        };
        let wrong = || {
            let message = format!("{given} is not allowed; expected a list of paths");
            error("plugins", message, &layer.origin)
        };
        for reference in given.as_array().ok_or_else(wrong)? {
            let Library { recorded, space } = load(reference.as_str().ok_or_else(wrong)?)?;
            first_space = first_space.or(space);
            if !all.contains(&recorded) {
                all.push(recorded);
            }
        }
    }
    Ok((all, first_space))
}

/// Settings of the space that follow from a file of encoder weights take the place of a preset's.
/// A stored configuration has all settings, and its file may be gone.
fn follow_weights(
    tree: &mut Map<String, Value>,
    layers: &[Layer],
    space: &str,
    registry: &dyn Defaults,
) -> Result<()> {
    let is_stored = |layer: &Layer| matches!(layer.origin, LayerSource::Text(_));
    let named = layers.iter().rev().find_map(|layer| {
        let encoder = layer.values.get("encoder")?;
        encoder.get("weights")?.as_str()
    });
    let Some(file) = named.filter(|_| !layers.iter().any(is_stored)) else {
        return Ok(());
    };
    match registry.for_weights(space, Path::new(file)) {
        Some(settings) => {
            let values = Map::from_iter([("space".to_owned(), Value::Object(settings))]);
            overlay(
                tree,
                &values,
                "",
                &LayerSource::Text("the encoder's weights"),
            )
        }
        None => Ok(()),
    }
}

/// The tables that are the engine's own.
fn engine_defaults() -> Result<Map<String, Value>> {
    let tables = [
        ("run", serde_json::to_value(RunConfig::default())),
        ("data", serde_json::to_value(DataConfig::default())),
        ("meta", serde_json::to_value(MetaConfig::default())),
        ("encoder", serde_json::to_value(EncoderConfig::default())),
        ("warmup", serde_json::to_value(WarmupConfig::default())),
        ("teacher", serde_json::to_value(TeacherConfig::default())),
        ("features", serde_json::to_value(FeaturesConfig::default())),
        ("train", serde_json::to_value(TrainConfig::default())),
    ];
    let mut tree = Map::new();
    for (name, value) in tables {
        let value = value.map_err(|e| Error::Config {
            file: None,
            message: format!("defaults of `{name}`: {e}"),
        })?;
        tree.insert(name.into(), value);
    }
    // Left out of JSON while unset, but still a key.
    if let Some(Value::Object(data)) = tree.get_mut("data") {
        for key in ["path", "group"] {
            data.entry(key).or_insert(Value::Null);
        }
    }
    Ok(tree)
}

/// The member's name from the last layer that sets it, and that member's default settings.
fn member_defaults(
    layers: &[Layer],
    table: &str,
    key: &str,
    default: &str,
    registry: &dyn Defaults,
) -> Result<(String, Map<String, Value>)> {
    let mut found = (default.to_owned(), None);
    for layer in layers {
        match layer.values.get(table).and_then(|t| t.get(key)) {
            Some(Value::String(name)) => found = (name.clone(), Some(&layer.origin)),
            Some(other) if !matches!(layer.origin, LayerSource::Preset(_)) => {
                let message = format!("{other} is not allowed; expected a name");
                return Err(error(&format!("{table}.{key}"), message, &layer.origin));
            }
            _ => {}
        }
    }
    let (name, origin) = found;
    let settings = registry.of(table, &name).map_err(|e| match origin {
        // A flag needs no explanation; for a file, name it.
        Some(LayerSource::Flag(_)) | None => e,
        Some(origin) => error(&format!("{table}.{key}"), e, origin),
    })?;
    let mut map = match settings {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    map.insert(key.into(), name.clone().into());
    Ok((name, map))
}

/// The layer's values, without member tables that were meant for another member.
fn for_members(layer: &Layer, names: &[(&str, &str, String)]) -> Result<Map<String, Value>> {
    let mut values = layer.values.clone();
    for (table, key, name) in names {
        let Some(given) = values.get_mut(*table) else {
            continue;
        };
        let Value::Object(map) = given else {
            let message = format!("expected a table; to choose one by name set {table}.{key}");
            return Err(error(table, message, &layer.origin));
        };
        match &layer.origin {
            LayerSource::Preset(_) => {
                let chosen = map.remove(name);
                *given = chosen.unwrap_or_else(|| Value::Object(Map::new()));
            }
            // A file names ppo and a flag names random: the file's settings are for ppo.
            LayerSource::File(_) | LayerSource::Text(_) => {
                let named = map.get(*key).and_then(Value::as_str);
                if named.is_some_and(|named| named != name) {
                    values.remove(*table);
                }
            }
            // The name itself was handled above; a later layer may have changed it.
            LayerSource::Sets(_) | LayerSource::Flag(_) => {
                map.remove(*key);
            }
        }
    }
    Ok(values)
}

/// Makes paths absolute, because a run may be resumed from another folder.
fn absolute_paths(tree: &mut Map<String, Value>) {
    let paths = [
        ("data", "path"),
        ("encoder", "weights"),
        ("train", "teacher"),
    ];
    for (table, key) in paths {
        let Some(value) = tree.get_mut(table).and_then(|t| t.get_mut(key)) else {
            continue;
        };
        let absolute = value
            .as_str()
            .filter(|p| !p.is_empty())
            .map(std::path::absolute);
        if let Some(Ok(path)) = absolute
            && let Some(path) = path.to_str()
        {
            *value = path.into();
        }
    }
}
