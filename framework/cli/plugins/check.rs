//! `nasfw plugins check FILE`: is it a plugin, does it load, does it keep its promises?

use std::io::{self, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use nasfw_abi::message::{Item, Kind};
use nasfw_plugin_host::{Loaded, inspect, load};
use nasfw_sdk::Seed;
use nasfw_sdk::registry::{ControllerEntry, ScheduleEntry, SpaceEntry, TaskEntry};
use nasfw_sdk::testing::{check_controller, check_schedule, check_space, check_task, small_schema};
use serde_json::json;

use crate::card::row;
use crate::exit::{Failure, say};

/// Architectures of a space, and rounds of a controller.
const SAMPLES: usize = 50;
const SEED: Seed = Seed(1);
/// How long all checks may take, and after which time the user is told that they go on.
const LIMIT: Duration = Duration::from_secs(300);
const PATIENCE: Duration = Duration::from_secs(10);
/// How the child ends when all promises are kept. Not 0: so ends a library that exits.
const CHECKED: i32 = 42;

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
    let mut is_told = false;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if start.elapsed() > PATIENCE && !is_told => {
                is_told = true;
                let limit = LIMIT.as_secs();
                say(&format!(
                    "still checking; a call that never returns is given up after {limit} s"
                ));
            }
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
        Some(CHECKED) => Ok(()),
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
    end_with_parent();
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
        // The parent says so.
        _ => std::process::exit(1),
    }
}

fn done(out: &mut dyn Write, loaded: &Loaded) -> Result<(), Failure> {
    let first = |kind: Kind| loaded.items.iter().find(|item| item.kind == kind);
    let plugin = format!("--plugin '{}'", loaded.reference);
    let mut args = match first(Kind::Space) {
        Some(_) => vec![plugin],
        None => vec!["--plugin segm".into(), plugin],
    };
    for (flag, kind) in [
        ("--controller", Kind::Controller),
        ("--schedule", Kind::Schedule),
        ("--task", Kind::Task),
    ] {
        if let Some(item) = first(kind) {
            args.push(format!("{flag} {}", item.name));
        }
    }
    writeln!(out, "\nuse it with\n  nasfw run {}", args.join(" "))?;
    out.flush()?;
    std::process::exit(CHECKED)
}

/// Ends this process when the one that started it is gone, which may have been killed.
fn end_with_parent() {
    #[cfg(unix)]
    std::thread::spawn(|| {
        use std::os::unix::process::parent_id;
        let parent = parent_id();
        while parent_id() == parent {
            std::thread::sleep(Duration::from_millis(200));
        }
        std::process::exit(1);
    });
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
