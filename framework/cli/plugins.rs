//! `nasfw plugins`: what this program can use by name.

use std::io::{self, Write};

use nasfw_sdk::registry::{About, ControllerEntry, ScheduleEntry, SpaceEntry, TaskEntry};
use serde::Serialize;
use serde_json::Value;

use crate::exit::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List search spaces, controllers, schedules and tasks
    List {
        /// Print one JSON object a line, with the default settings
        #[arg(long)]
        json: bool,
    },
}

#[derive(Serialize)]
struct Item {
    kind: &'static str,
    #[serde(flatten)]
    about: About,
    defaults: Value,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let Command::List { json } = args.command;
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
    let mut add = |kind, about, defaults: fn() -> Value| {
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
            // A space is named by its plugin.
            let name = match kind {
                "space" => item.about.plugin,
                _ => item.about.name,
            };
            writeln!(out, "  {name:<15}{}", item.about.about)?;
        }
        writeln!(out)?;
    }
    writeln!(out, "Default settings: nasfw plugins list --json")
}
