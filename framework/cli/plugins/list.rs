//! `nasfw plugins list`: the members that can be used by name.

use std::io::{self, Write};

use nasfw::engine::config::{Layers, Preset};
use nasfw::sdk::registry::{About, ControllerEntry, ScheduleEntry, SpaceEntry, TaskEntry};
use serde::Serialize;
use serde_json::Value;

use crate::args::PluginArgs;
use crate::exit::Failure;

#[derive(Serialize)]
struct Item {
    kind: &'static str,
    #[serde(flatten)]
    about: About,
    defaults: Value,
}

pub(super) fn run(plugins: &PluginArgs, json: bool) -> Result<(), Failure> {
    // Only loads the libraries.
    plugins.over(Layers::new(Preset::None))?;
    plugins.check_names()?;
    let mut out = io::stdout().lock();
    let items = items();
    if json {
        for item in &items {
            let line = serde_json::to_string(item).map_err(io::Error::from)?;
            writeln!(out, "{line}")?;
        }
    } else {
        list(&mut out, &items)?;
    }
    out.flush()?;
    Ok(())
}

fn items() -> Vec<Item> {
    let mut items = Vec::new();
    let mut add = |kind, about, defaults: &dyn Fn() -> Value| {
        items.push(Item {
            kind,
            about,
            defaults: defaults(),
        });
    };
    for e in SpaceEntry::all() {
        add("space", e.about, e.defaults);
    }
    for e in ControllerEntry::all() {
        add("controller", e.about, e.defaults);
    }
    for e in ScheduleEntry::all() {
        add("schedule", e.about, e.defaults);
    }
    for e in TaskEntry::all() {
        add("task", e.about, e.defaults);
    }
    items
}

fn list(out: &mut dyn Write, items: &[Item]) -> io::Result<()> {
    let headings = [
        ("space", "search spaces (--plugin)"),
        ("controller", "controllers (--controller)"),
        ("schedule", "schedules (--schedule)"),
        ("task", "tasks (--task)"),
    ];
    for (kind, heading) in headings {
        writeln!(out, "{heading}")?;
        for item in items.iter().filter(|i| i.kind == kind) {
            // A space is selected by the name of its plugin.
            let name = match kind {
                "space" => item.about.plugin,
                _ => item.about.name,
            };
            let about = &item.about;
            writeln!(out, "  {name:<15}{}", about.about)?;
            if let Some(library) = about.library {
                let (version, path) = (about.version, library.path);
                writeln!(out, "  {:<15}version {version}, from {path}", "")?;
            }
        }
        writeln!(out)?;
    }
    writeln!(out, "Default settings: nasfw plugins list --json")
}
