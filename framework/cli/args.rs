//! Arguments that several commands take.

use std::path::{Path, PathBuf};

use nasfw::device::Device;
use nasfw::engine::config::{Layers, Preset};
use nasfw::plugin_host::is_library;
use nasfw::sdk::Size;
use nasfw::sdk::registry::SpaceEntry;

use crate::exit::Failure;

/// The largest seed: configurations are stored as TOML, which has signed integers.
pub(crate) const MAX_SEED: u64 = i64::MAX as u64;
/// Maximum number of threads; no machine has this many cores.
pub(crate) const MAX_THREADS: u64 = 1024;

/// Settings from a file and from the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct SettingsArgs {
    /// TOML file of settings, such as a run's config.toml
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set one value, e.g. space.width=64; may be repeated. `run --dry-run` prints all keys
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
}

impl SettingsArgs {
    /// The layers: preset, then file, then `--set`.
    pub(crate) fn layers(&self, preset: Preset) -> Result<Layers, Failure> {
        self.over(Layers::new(preset))
    }

    /// Adds file, then `--set`, on top of `layers`.
    pub(crate) fn over(&self, mut layers: Layers) -> Result<Layers, Failure> {
        if let Some(file) = &self.config {
            layers = layers.file(file)?;
        }
        Ok(layers.set(&self.sets)?)
    }
}

/// Threads and device; no result depends on the number of threads.
#[derive(Debug, clap::Args)]
pub(crate) struct ComputeArgs {
    /// Number of threads, 0 for one per core; the result does not depend on it [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MAX_THREADS))]
    pub(crate) threads: Option<u64>,
    /// Device: cpu, or cuda:N in a program built with CUDA [default: cpu, or that of the run or
    /// training]
    #[arg(long, value_name = "DEVICE")]
    pub(crate) device: Option<Device>,
}

impl ComputeArgs {
    /// Adds these flags on top of `layers`.
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
    /// Plugin whose search space is used: a built-in name or a library file, ./libx.so; may be
    /// repeated. List built-in names before library files: a library's space is used only if no
    /// earlier plugin provides one; its other members are always available. ./libx.so#sha256=HEX
    /// loads only a file with this hash [default: segm]
    #[arg(long = "plugin", value_name = "NAME|FILE")]
    plugins: Vec<String>,
}

impl PluginArgs {
    /// Checks that every name is a known plugin; libraries must be loaded before.
    pub(crate) fn check_names(&self) -> Result<(), Failure> {
        for name in self.plugins.iter().filter(|plugin| !is_library(plugin)) {
            SpaceEntry::of_plugin(name)?;
        }
        Ok(())
    }

    /// Adds these plugins on top of `layers`; loads libraries.
    pub(crate) fn over(&self, mut layers: Layers) -> Result<Layers, Failure> {
        let mut has_space = false;
        for plugin in &self.plugins {
            if is_library(plugin) {
                layers = layers.library(plugin, !has_space)?;
                has_space = has_space || nasfw::plugin_host::load(plugin)?.space().is_some();
            } else if has_space {
                return Err(Failure::Input(format!(
                    "--plugin {plugin}: another --plugin already provides the search space; leave \
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

/// Adds a path given by a flag, if any, on top of `layers`.
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

/// Parses `HEIGHTxWIDTH`.
pub(crate) fn size(text: &str) -> Result<Size, String> {
    // No cost overflows up to this side length; images are far smaller.
    const MAX_PX: usize = 1 << 16;
    let side = |s: &str| s.parse().ok().filter(|px| (1..=MAX_PX).contains(px));
    let sides = text
        .split_once('x')
        .and_then(|(h, w)| Some(Size::new(side(w)?, side(h)?)));
    sides.ok_or_else(|| format!("expected HEIGHTxWIDTH of 1 to {MAX_PX} pixels, e.g. 512x512"))
}
