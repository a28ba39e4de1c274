//! Sources of values: presets, files, `KEY=VALUE` and flags.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde_json::{Map, Value};

use super::Config;
use super::resolve::{Library, Registry, resolve};
use crate::error::{Error, Result};
use nasfw_plugin_host as plugins;

/// A named set of values on top of the built-in defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// A search in minutes on two cores.
    #[default]
    Demo,
    /// The figures of the paper.
    Paper,
    /// Only the built-in defaults.
    None,
}

impl FromStr for Preset {
    type Err = Error;
    fn from_str(name: &str) -> Result<Self> {
        match name {
            "demo" => Ok(Self::Demo),
            "paper" => Ok(Self::Paper),
            _ => Err(nasfw_sdk::Error::unknown("preset", name, ["demo", "paper"]).into()),
        }
    }
}

impl Preset {
    fn text(self) -> &'static str {
        match self {
            Self::Demo => include_str!("presets/demo.toml"),
            Self::Paper => include_str!("presets/paper.toml"),
            Self::None => "",
        }
    }
}

/// The kind of a layer, for messages and for how its member tables are read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LayerSource {
    /// A preset, whose member tables are keyed by the member's name (`[schedule.progressive]`),
    /// so that choosing another member finds its own settings.
    Preset(Preset),
    /// A file.
    File(PathBuf),
    /// Text that is not a user's file, e.g. the configuration stored in a run.
    Text(&'static str),
    /// The `--set` options, all together; the strings are as typed.
    Sets(Vec<String>),
    /// A flag of the command line, e.g. `--trials`.
    Flag(&'static str),
}

/// One layer: a tree of values and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) origin: LayerSource,
    pub(super) values: Map<String, Value>,
}

/// Values in order of precedence, the later over the earlier.
///
/// ```no_run
/// use nasfw_engine::config::{Layers, Preset};
/// let config = Layers::new(Preset::Demo)
///     .set(&["controller.lr=1e-3".into()])?
///     .flag("--trials", "run.trials", 40)
///     .resolve()?;
/// # Ok::<(), nasfw_engine::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Layers(Vec<Layer>);

impl Layers {
    /// A preset over the built-in defaults.
    pub fn new(preset: Preset) -> Self {
        // A preset is part of the program; a test reads each, so an unreadable one cannot ship.
        let values = parse(preset.text(), None).unwrap_or_default();
        Self(vec![Layer {
            origin: LayerSource::Preset(preset),
            values,
        }])
    }

    /// Adds the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read or is not TOML.
    pub fn file(mut self, path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::Config {
            file: Some(path.into()),
            message: format!("cannot be read: {e}"),
        })?;
        self.0.push(Layer {
            values: parse(&text, Some(path))?,
            origin: LayerSource::File(path.into()),
        });
        Ok(self)
    }

    /// Adds TOML text; messages refer to it as `name`.
    ///
    /// # Errors
    /// When it is not TOML.
    pub fn text(mut self, text: &str, name: &'static str) -> Result<Self> {
        self.0.push(Layer {
            values: parse(text, None)?,
            origin: LayerSource::Text(name),
        });
        Ok(self)
    }

    /// Adds values as they are; messages refer to their source as `name`.
    pub(crate) fn values(mut self, values: Map<String, Value>, name: &'static str) -> Self {
        self.0.push(Layer {
            values,
            origin: LayerSource::Text(name),
        });
        self
    }

    /// Adds options of the form `KEY=VALUE`: a dotted key and a TOML value, or a plain string.
    ///
    /// # Errors
    /// When one has no key or no `=`, or two of them contradict each other's structure.
    pub fn set(mut self, options: &[String]) -> Result<Self> {
        let mut values = Map::new();
        for option in options {
            let fail = |message: &str| Error::Config {
                file: None,
                message: format!("--set {option}: {message}"),
            };
            let (key, value) = (option.split_once('='))
                .ok_or_else(|| fail("expected KEY=VALUE, e.g. controller.lr=1e-3"))?;
            let path: Vec<&str> = key.trim().split('.').collect();
            if path.iter().any(|part| part.is_empty()) {
                return Err(fail("the key or one of its parts is empty"));
            }
            if !insert(&mut values, &path, parse_value(value)) {
                return Err(fail(
                    "another --set gives a parent of this key a plain value",
                ));
            }
        }
        self.0.push(Layer {
            origin: LayerSource::Sets(options.to_vec()),
            values,
        });
        Ok(self)
    }

    /// Adds one value given by the flag `name`; an unknown key is reported by
    /// [`resolve`](Layers::resolve).
    pub fn flag(mut self, name: &'static str, key: &str, value: impl Into<Value>) -> Self {
        let mut values = Map::new();
        let path: Vec<&str> = key.split('.').collect();
        insert(&mut values, &path, value.into());
        self.0.push(Layer {
            origin: LayerSource::Flag(name),
            values,
        });
        self
    }

    /// Adds a library, a path with `#sha256=HEX` if it must have exactly these bytes. It is loaded
    /// immediately; if it brings a search space and `is_space` is true, that space is searched.
    ///
    /// # Errors
    /// As [`plugins::load`].
    pub fn library(self, reference: &str, is_space: bool) -> Result<Self> {
        let loaded = plugins::load(reference)?;
        let layers = self.flag("--plugin", "plugins", vec![loaded.reference.clone()]);
        Ok(match loaded.space().filter(|_| is_space) {
            Some(space) => layers.flag("--plugin", "space.plugin", space),
            None => layers,
        })
    }

    /// Resolves the layers into a checked configuration. Libraries that it names are loaded.
    ///
    /// # Errors
    /// Names the key, its source, and a value that would be accepted.
    pub fn resolve(&self) -> Result<Config> {
        let config = resolve(&self.0, &Registry, &mut |reference| {
            let loaded = plugins::load(reference)?;
            Ok(Library {
                recorded: loaded.reference.clone(),
                space: loaded.space().map(str::to_owned),
            })
        })?;
        config.check()?;
        Ok(config)
    }

    /// The layers themselves, for tests that bring their own members.
    #[cfg(test)]
    pub(super) fn layers(&self) -> &[Layer] {
        &self.0
    }
}

pub(super) fn parse(text: &str, file: Option<&Path>) -> Result<Map<String, Value>> {
    let fail = |message: String| Error::Config {
        file: file.map(Path::to_path_buf),
        message,
    };
    let table: toml::Table = toml::from_str(text).map_err(|e| fail(e.to_string()))?;
    match from_toml(toml::Value::Table(table)) {
        Value::Object(map) => Ok(map),
        _ => Ok(Map::new()),
    }
}

/// Reads `text` as a TOML value, or takes it as a string.
fn parse_value(text: &str) -> Value {
    let table: Option<toml::Table> = toml::from_str(&format!("v = {text}")).ok();
    match table {
        // A line break in the text could smuggle in further keys; treat such text as a plain
        // string.
        Some(mut table) if table.len() == 1 => {
            table.remove("v").map_or_else(|| text.into(), from_toml)
        }
        _ => text.trim().into(),
    }
}

fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(s) => Value::String(s),
        toml::Value::Integer(i) => Value::from(i),
        // JSON has no infinity; as text it triggers a type error that names the key.
        toml::Value::Float(f) => {
            serde_json::Number::from_f64(f).map_or_else(|| f.to_string().into(), Value::Number)
        }
        toml::Value::Boolean(b) => Value::Bool(b),
        toml::Value::Datetime(d) => Value::String(d.to_string()),
        toml::Value::Array(a) => Value::Array(a.into_iter().map(from_toml).collect()),
        toml::Value::Table(t) => {
            Value::Object(t.into_iter().map(|(k, v)| (k, from_toml(v))).collect())
        }
    }
}

/// Sets the value at a path; returns false when a part of the path already is a plain value.
fn insert(map: &mut Map<String, Value>, path: &[&str], value: Value) -> bool {
    match path {
        [] => false,
        [last] => {
            map.insert((*last).into(), value);
            true
        }
        [first, rest @ ..] => match map
            .entry(*first)
            .or_insert_with(|| Value::Object(Map::new()))
        {
            Value::Object(inner) => insert(inner, rest, value),
            _ => false,
        },
    }
}
