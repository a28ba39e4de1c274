//! Settings of a builder, kept until it runs.

use std::path::{Path, PathBuf};

use nasfw_engine::config::{Layers, Preset};
use nasfw_engine::{Error, Result};

/// A change of settings, applied in the order given.
#[derive(Clone, Debug)]
enum Change {
    /// A TOML file.
    File(PathBuf),
    /// `KEY=VALUE`.
    Set(String),
    /// A value for the key, with the method's name for messages.
    Value(&'static str, &'static str, serde_json::Value),
    /// A path for the key.
    Path(&'static str, &'static str, PathBuf),
    /// A library, by path.
    Library(String),
}

/// A base and changes of it. Errors show when it is resolved.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    base: Layers,
    changes: Vec<Change>,
}

impl Settings {
    pub(crate) fn new(base: Layers) -> Self {
        Self {
            base,
            changes: Vec::new(),
        }
    }

    /// Replaces the base by a preset's.
    pub(crate) fn preset(&mut self, preset: Preset) {
        self.base = Layers::new(preset);
    }

    pub(crate) fn file(&mut self, file: &Path) {
        self.changes.push(Change::File(file.into()));
    }

    pub(crate) fn set(&mut self, option: &str) {
        self.changes.push(Change::Set(option.into()));
    }

    pub(crate) fn value(
        &mut self,
        method: &'static str,
        key: &'static str,
        value: impl Into<serde_json::Value>,
    ) {
        self.changes.push(Change::Value(method, key, value.into()));
    }

    pub(crate) fn path(&mut self, method: &'static str, key: &'static str, path: &Path) {
        self.changes.push(Change::Path(method, key, path.into()));
    }

    pub(crate) fn library(&mut self, reference: &str) {
        self.changes.push(Change::Library(reference.into()));
    }

    pub(crate) fn layers(&self) -> Result<Layers> {
        self.over(self.base.clone())
    }

    /// The changes over another base.
    pub(crate) fn over(&self, mut layers: Layers) -> Result<Layers> {
        let mut has_space = false;
        for change in &self.changes {
            layers = match change {
                Change::File(file) => layers.file(file)?,
                Change::Set(option) => layers.set(std::slice::from_ref(option))?,
                Change::Value(method, key, value) => layers.flag(method, key, value.clone()),
                Change::Path(method, key, path) => layers.flag(method, key, text(method, path)?),
                Change::Library(reference) => {
                    let layers = layers.library(reference, !has_space)?;
                    has_space |= nasfw_plugin_host::load(reference)?.space().is_some();
                    layers
                }
            };
        }
        Ok(layers)
    }
}

fn text<'a>(method: &str, path: &'a Path) -> Result<&'a str> {
    path.to_str().ok_or_else(|| Error::Config {
        file: None,
        message: format!("{method} {}: the path is not valid UTF-8", path.display()),
    })
}

/// Adds the methods of settings that every builder takes to one with a field `settings`.
macro_rules! configured {
    ($builder:ident) => {
        impl $builder<'_> {
            /// Reads images and ground truth from `folder`, in any of the supported layouts.
            #[must_use]
            pub fn data(mut self, folder: impl AsRef<std::path::Path>) -> Self {
                self.settings.path("data", "data.path", folder.as_ref());
                self
            }

            /// Computes on `device`.
            #[must_use]
            pub fn device(mut self, device: crate::Device) -> Self {
                (self.settings).value("device", "run.device", device.to_string());
                self
            }

            /// Reads settings from a TOML file, such as the `config.toml` of a run.
            #[must_use]
            pub fn config_file(mut self, file: impl AsRef<std::path::Path>) -> Self {
                self.settings.file(file.as_ref());
                self
            }

            /// Sets any key: `KEY=VALUE`, e.g. `space.width=64`. docs/settings.md lists the keys.
            #[must_use]
            pub fn set(mut self, option: &str) -> Self {
                self.settings.set(option);
                self
            }
        }
    };
}
pub(crate) use configured;

/// Adds the settings of a builder that trains networks.
macro_rules! trained {
    ($builder:ident) => {
        impl $builder<'_> {
            /// Starts the encoder from a safetensors file in the names of nasfw, torchvision or timm.
            #[must_use]
            pub fn encoder_weights(mut self, file: impl AsRef<std::path::Path>) -> Self {
                (self.settings).path("encoder_weights", "encoder.weights", file.as_ref());
                self
            }

            /// Seed of all random decisions; the same seed gives the same result.
            #[must_use]
            pub fn seed(mut self, seed: u64) -> Self {
                self.settings.value("seed", "run.seed", seed);
                self
            }
        }
    };
}
pub(crate) use trained;

/// Adds `map_layers` to a builder with a field `settings`.
macro_rules! layered {
    ($builder:ident) => {
        impl $builder<'_> {
            /// Changes all settings so far with `change`.
            ///
            /// # Errors
            /// The errors of `change`, and of the settings so far.
            pub fn map_layers<E: From<crate::Error>>(
                mut self,
                change: impl FnOnce(
                    crate::engine::config::Layers,
                ) -> Result<crate::engine::config::Layers, E>,
            ) -> Result<Self, E> {
                self.settings = crate::settings::Settings::new(change(self.settings.layers()?)?);
                Ok(self)
            }
        }
    };
}
pub(crate) use layered;
