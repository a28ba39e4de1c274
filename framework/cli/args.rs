//! Arguments that several commands take.

use std::path::{Path, PathBuf};

use nasfw::device::Device;
use nasfw::engine::config::{Layers, Preset};
use nasfw::plugin_host::is_library;
use nasfw::sdk::Size;
use nasfw::sdk::registry::SpaceEntry;

use crate::exit::Failure;

/// The largest seed: TOML, in which configurations are stored, has signed integers.
pub(crate) const MAX_SEED: u64 = i64::MAX as u64;
/// More threads than any machine this runs on; a larger number is a slip.
pub(crate) const MAX_THREADS: u64 = 1024;

/// Settings from a file and from the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct SettingsArgs {
    /// Read settings from a TOML file, such as a run's config.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set one value, e.g. --set space.width=64; may be repeated. `run --dry-run` shows all keys
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
}

impl SettingsArgs {
    /// Preset, then file, then `--set`.
    pub(crate) fn layers(&self, preset: Preset) -> Result<Layers, Failure> {
        self.over(Layers::new(preset))
    }

    /// `layers`, then file, then `--set`.
    pub(crate) fn over(&self, mut layers: Layers) -> Result<Layers, Failure> {
        if let Some(file) = &self.config {
            layers = layers.file(file)?;
        }
        Ok(layers.set(&self.sets)?)
    }
}

/// What computes; no result depends on how many threads do.
#[derive(Debug, clap::Args)]
pub(crate) struct ComputeArgs {
    /// Threads to compute with, 0 for one per core; the result does not depend on it [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MAX_THREADS))]
    pub(crate) threads: Option<u64>,
    /// What to compute on: cpu, or cuda:N in a program built with CUDA [default: cpu; a run or a training goes
    /// on where it was]
    #[arg(long, value_name = "DEVICE")]
    pub(crate) device: Option<Device>,
}

impl ComputeArgs {
    /// The layers with these on top.
    pub(crate) fn over(&self, mut layers: Layers) -> Layers {
        if let Some(threads) = self.threads {
            layers = layers.flag("--threads", "run.threads", threads);
        }
        match self.device {
            Some(device) => layers.flag("--device", "run.device", device.to_string()),
            None => layers,
        }
    }
}

/// Plugins by name or as libraries.
#[derive(Debug, clap::Args)]
pub(crate) struct PluginArgs {
    /// The plugin whose search space is used, by name or as a library, ./libx.so; may be repeated:
    /// libraries bring whatever else they have, and their space is used if none before gives one. A
    /// name comes first. ./libx.so#sha256=HEX loads these bytes only [default: segm]
    #[arg(long = "plugin", value_name = "NAME|FILE")]
    plugins: Vec<String>,
}

impl PluginArgs {
    /// Whether there is a plugin of each name; libraries must be loaded by then.
    pub(crate) fn check_names(&self) -> Result<(), Failure> {
        for name in self.plugins.iter().filter(|plugin| !is_library(plugin)) {
            SpaceEntry::of_plugin(name)?;
        }
        Ok(())
    }

    /// The layers with these plugins on top; libraries are loaded.
    pub(crate) fn over(&self, mut layers: Layers) -> Result<Layers, Failure> {
        let mut has_space = false;
        for plugin in &self.plugins {
            if is_library(plugin) {
                layers = layers.library(plugin, !has_space)?;
                has_space = has_space || nasfw::plugin_host::load(plugin)?.space().is_some();
            } else if has_space {
                return Err(Failure::Input(format!(
                    "--plugin {plugin}: another --plugin gives the search space already; leave \
                     one of them out"
                )));
            } else {
                layers = layers.flag("--plugin", "space.plugin", plugin.as_str());
                has_space = true;
            }
        }
        Ok(layers)
    }
}

/// The layers with a path that a flag gave, if it did.
pub(crate) fn path_flag(
    layers: Layers,
    flag: &'static str,
    key: &str,
    path: Option<&Path>,
) -> Result<Layers, Failure> {
    let Some(path) = path else {
        return Ok(layers);
    };
    match path.to_str() {
        Some(text) => Ok(layers.flag(flag, key, text)),
        None => Err(Failure::Input(format!(
            "{flag} {}: the path is not valid UTF-8",
            path.display()
        ))),
    }
}

/// A size from `HEIGHTxWIDTH`.
pub(crate) fn size(text: &str) -> Result<Size, String> {
    // The largest side for which no cost overflows; images are far smaller.
    const MAX_PX: usize = 1 << 16;
    let side = |s: &str| s.parse().ok().filter(|px| (1..=MAX_PX).contains(px));
    let sides = text
        .split_once('x')
        .and_then(|(h, w)| Some(Size::new(side(w)?, side(h)?)));
    sides.ok_or_else(|| format!("expected HEIGHTxWIDTH of 1 to {MAX_PX} pixels, e.g. 512x512"))
}
