//! Loading: from a path to items in the registry.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nasfw_abi::Stamp;
use nasfw_abi::message::{Item, Kind};
use nasfw_sdk::registry::{
    About, Additions, ControllerEntry, Library as Origin, ScheduleEntry, SpaceEntry, TaskEntry,
};
use serde_json::Value;

use super::described::one_line;
use super::file::{self, PluginFile};
use super::library::Library;
use super::reference::{Reference, pinned};
use super::{probe, remote};
use crate::error::{Error, Result, refused};

/// A library whose items are registered.
#[derive(Debug)]
pub struct Loaded {
    /// The contents of its stamp.
    pub inspected: Inspected,
    /// `PATH#sha256=HEX`, as recorded in a configuration.
    pub reference: String,
    /// Its items.
    pub items: Vec<Item>,
}

/// Facts about a library known before it runs.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// Its path.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Version of the plugin interface, e.g. `1.0`.
    pub abi: String,
    /// The SDK, machine and compiler that it was built with.
    pub made_with: String,
}

impl Loaded {
    /// The plugin whose search space the library brings, the first if there are several.
    pub fn space(&self) -> Option<&str> {
        let space = self.items.iter().find(|i| i.kind == Kind::Space);
        space.map(|i| i.plugin.as_str())
    }
}

/// True if a name is a path instead: plugin names have neither separators nor an extension.
pub fn is_library(text: &str) -> bool {
    let path = text.rsplit_once("#sha256=").map_or(text, |(path, _)| path);
    let extension = Path::new(path).extension().and_then(|e| e.to_str());
    path.contains(['/', '\\']) || matches!(extension, Some("so" | "dylib" | "dll"))
}

/// All libraries that are loaded.
static LOADED: Mutex<Vec<&'static Loaded>> = Mutex::new(Vec::new());

/// All libraries that are loaded, in the order in which they were.
pub fn loaded() -> Vec<&'static Loaded> {
    LOADED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Inspects a file without running any of it. `reference` is a path, with `#sha256=HEX` if it must
/// have exactly these bytes.
///
/// # Errors
/// [`Error::Plugin`] when the file is not a plugin for this program, cannot be trusted, or has
/// other bytes.
pub fn inspect(reference: &str) -> Result<Inspected> {
    Ok(inspected(&file::read(&Reference::parse(reference)?)?))
}

/// Loads a library and registers its items. Loading the same bytes again does nothing.
///
/// # Errors
/// [`Error::Plugin`]: as [`inspect`]; also when it does not load, in a child process or here, or
/// the name of an item is taken.
pub fn load(reference: &str) -> Result<&'static Loaded> {
    let reference = Reference::parse(reference)?;
    // Held throughout: one library at a time.
    let mut all = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    // Whatever is loaded stays loaded, even if the file changes.
    if let Some(wanted) = &reference.sha256
        && let Some(same) = all.iter().find(|l| l.inspected.sha256 == *wanted)
    {
        return Ok(same);
    }
    let file = file::read(&reference)?;
    if let Some(same) = all.iter().find(|l| l.inspected.sha256 == file.sha256) {
        return Ok(same);
    }
    let library = open_file(&reference.path, &file)?;
    let path = file.path.to_str().ok_or_else(|| {
        refused(
            &reference.path,
            "its path is not valid UTF-8; rename or move it",
        )
    })?;
    let origin = Origin {
        path: leak(path),
        sha256: leak(&file.sha256),
    };
    additions(library, origin)
        .add()
        .map_err(|e| refused(&reference.path, e.to_string()))?;
    let loaded: &'static Loaded = Box::leak(Box::new(Loaded {
        reference: pinned(path, &file.sha256),
        inspected: inspected(&file),
        items: library.described().items.clone(),
    }));
    all.push(loaded);
    Ok(loaded)
}

/// Loads a library without registering its items, anew each time; for tests and benchmarks.
///
/// # Errors
/// As [`load`].
pub fn open(reference: &str) -> Result<&'static Library> {
    let reference = Reference::parse(reference)?;
    open_file(&reference.path, &file::read(&reference)?)
}

/// Probes the file's bytes in a child process, then loads them here.
fn open_file(given: &Path, file: &PluginFile) -> Result<&'static Library> {
    let fail = |message: String| refused(given, message);
    let folder = tempfile::Builder::new()
        .prefix("nasfw-plugin-")
        .tempdir()
        .map_err(|e| {
            fail(format!(
                "no private copy can be made: {e}; set TMPDIR to a writable folder"
            ))
        })?;
    // The checked bytes are loaded, even if the file changes meanwhile.
    let copy = folder.path().join(format!("{}.so", file.sha256));
    std::fs::write(&copy, &file.bytes).map_err(|source| Error::Io {
        path: copy.clone(),
        source,
    })?;
    let tried = probe::run(&copy).map_err(fail)?;
    let name = Stamp::text(&file.stamp.name);
    let library = Library::open(&copy, &format!("plugin {name}")).map_err(fail)?;
    if *library.described() != tried {
        return Err(fail(
            "describes itself differently each time it is loaded".into(),
        ));
    }
    // A mapped file stays mapped after its name is removed.
    drop(folder);
    Ok(library)
}

fn inspected(file: &PluginFile) -> Inspected {
    let stamp = &file.stamp;
    let made_with = [&stamp.sdk[..], &stamp.target, &stamp.compiler].map(Stamp::text);
    let made_with = made_with.into_iter().filter(|t| !t.is_empty());
    Inspected {
        path: file.path.clone(),
        sha256: file.sha256.clone(),
        name: Stamp::text(&stamp.name),
        version: Stamp::text(&stamp.version),
        abi: format!("{}.{}", stamp.abi_major, stamp.abi_minor),
        made_with: made_with.collect::<Vec<_>>().join(", "),
    }
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.into())
}

/// Converts the library's items to registry entries.
fn additions(library: &'static Library, origin: Origin) -> Additions {
    let mut all = Additions::default();
    for item in &library.described().items {
        let name = leak(&item.name);
        let about = About {
            plugin: leak(&item.plugin),
            name,
            about: leak(&one_line(&item.about)),
            version: leak(&one_line(&item.version)),
            library: Some(origin),
        };
        let defaults = item.defaults.clone();
        let defaults: &'static (dyn Fn() -> Value + Sync) =
            Box::leak(Box::new(move || defaults.clone()));
        match item.kind {
            Kind::Space => all.spaces.push(SpaceEntry {
                about,
                defaults,
                build: Box::leak(Box::new(move |settings: &Value| {
                    remote::space(library, name, settings)
                })),
            }),
            Kind::Controller => all.controllers.push(ControllerEntry {
                about,
                defaults,
                build: Box::leak(Box::new(
                    move |settings: &Value,
                          schema: &nasfw_sdk::Schema,
                          rng: &mut nasfw_sdk::Rng| {
                        remote::controller(library, name, settings, schema, rng)
                    },
                )),
            }),
            Kind::Schedule => all.schedules.push(ScheduleEntry {
                about,
                defaults,
                build: Box::leak(Box::new(move |settings: &Value| {
                    remote::schedule(library, name, settings)
                })),
            }),
            Kind::Task => all.tasks.push(TaskEntry {
                about,
                defaults,
                build: Box::leak(Box::new(move |settings: &Value| {
                    remote::task(library, name, settings)
                })),
            }),
        }
    }
    all
}
