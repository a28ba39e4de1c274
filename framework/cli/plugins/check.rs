//! `nasfw plugins check FILE`: is it a plugin, does it load, does it keep its promises?

use std::io::{self, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use nasfw_engine::plugins::{Loaded, inspect, load};
use nasfw_sdk::Seed;
use nasfw_sdk::registry::{ControllerEntry, ScheduleEntry, SpaceEntry, TaskEntry};
use nasfw_sdk::testing::{check_controller, check_schedule, check_space, check_task, small_schema};
use nasfw_sdk::wire::message::{Item, Kind};
use serde_json::json;

use crate::card::row;
use crate::exit::Failure;

/// Architectures of a space, and rounds of a controller.
const SAMPLES: usize = 50;
const SEED: Seed = Seed(1);
/// How long all checks may take.
const LIMIT: Duration = Duration::from_secs(300);

/// Shows what the file says of itself, then has a child process run the checks, so that a library
/// that ends its process is a verdict like any other.
pub(super) fn run(file: &str) -> Result<(), Failure> {
    let found = inspect(file)?;
    let mut out = io::stdout().lock();
    row(&mut out, "file", &found.path.display().to_string())?;
    row(&mut out, "sha256", &found.sha256)?;
    row(
        &mut out,
        "plugin",
        &format!("{} {}", found.name, found.version),
    )?;
    row(&mut out, "interface", &found.abi)?;
    row(&mut out, "made with", &found.made_with)?;
    out.flush()?;
    let program = std::env::current_exe()?;
    let mut command = Command::new(program);
    let mut child = command.arg("__check-plugin").arg(file).spawn()?;
    let start = Instant::now();
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if start.elapsed() < LIMIT => std::thread::sleep(Duration::from_millis(5)),
            None => {
                child.kill()?;
                child.wait()?;
                let message = format!("{file} is not checked after {} seconds", LIMIT.as_secs());
                return Err(Failure::Failed(message));
            }
        }
    };
    match status.code() {
        Some(0) => Ok(()),
        Some(2) => Err(Failure::Input(format!(
            "{file} cannot be loaded, see above"
        ))),
        Some(1) => Err(Failure::Failed(format!(
            "{file} breaks a promise, see above"
        ))),
        _ => Err(Failure::Failed(format!(
            "{file} ended the program during the checks ({status})"
        ))),
    }
}

/// The child's part: loads the library and checks everything it has.
pub(crate) fn check_here(file: &str) -> Result<(), Failure> {
    let loaded = load(file)?;
    let mut out = io::stdout().lock();
    row(&mut out, "loads", "yes, in a process of its own and here")?;
    let mut broken = 0;
    for item in &loaded.items {
        let verdict = check(item);
        let name = format!("{} {}", item.kind.name(), item.name);
        let text = match &verdict {
            Ok(()) => "keeps its promises",
            Err(what) => what.as_str(),
        };
        writeln!(
            out,
            "  {} {name}: {text}",
            if verdict.is_ok() { "✓" } else { "✗" }
        )?;
        broken += usize::from(verdict.is_err());
    }
    out.flush()?;
    match broken {
        0 => done(&mut out, loaded),
        n => Err(Failure::Failed(format!(
            "{n} of {} items break a promise",
            loaded.items.len()
        ))),
    }
}

fn done(out: &mut dyn Write, loaded: &Loaded) -> Result<(), Failure> {
    writeln!(
        out,
        "\nuse it with\n  nasfw run --plugin '{}'",
        loaded.reference
    )?;
    out.flush()?;
    Ok(())
}

/// The first promise that the item breaks with its default settings.
fn check(item: &Item) -> Result<(), String> {
    let text = |e: nasfw_sdk::Error| e.to_string();
    let none = json!({});
    match item.kind {
        Kind::Space => {
            let entry = SpaceEntry::find(&item.name).map_err(text)?;
            let space = (entry.build)(&none).map_err(text)?;
            check_space(&*space, SAMPLES, SEED)
        }
        Kind::Controller => {
            let entry = ControllerEntry::find(&item.name).map_err(text)?;
            let schema = small_schema();
            check_controller(
                &|schema, rng| (entry.build)(&none, schema, rng),
                &schema,
                SAMPLES,
                SEED,
            )
        }
        Kind::Schedule => {
            let entry = ScheduleEntry::find(&item.name).map_err(text)?;
            check_schedule(&|| (entry.build)(&none), SEED)
        }
        Kind::Task => {
            let entry = TaskEntry::find(&item.name).map_err(text)?;
            let task = (entry.build)(&none).map_err(text)?;
            check_task(&*task)
        }
    }
}
