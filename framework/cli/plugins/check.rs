//! `nasfw plugins check FILE`: checks that a library is a plugin, loads, and conforms.

use std::io::{self, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use nasfw::abi::message::{Item, Kind};
use nasfw::plugin_host::{Loaded, inspect, load};
use nasfw::sdk::Seed;
use nasfw::sdk::registry::{ControllerEntry, ScheduleEntry, SpaceEntry, TaskEntry};
use nasfw::sdk::testing::{
    check_controller, check_schedule, check_space, check_task, small_schema,
};
use serde_json::json;

use crate::card::row;
use crate::exit::{Failure, say};

/// Number of architectures of a space, and of rounds of a controller, to check.
const SAMPLES: usize = 50;
const SEED: Seed = Seed(1);
/// Time limit of all checks, and the time after which a message says that they are still running.
const LIMIT: Duration = Duration::from_secs(300);
const PATIENCE: Duration = Duration::from_secs(10);
/// Exit code of a child whose checks all pass; not 0, with which a library may exit.
const CHECKED: i32 = 42;

/// Prints the file's stamp, then runs the checks in a child process, so that a library that ends
/// its process is reported like any other failure.
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
                say(&format!("still checking; times out after {limit} s"));
            }
            None if start.elapsed() < LIMIT => std::thread::sleep(Duration::from_millis(5)),
            None => {
                child.kill()?;
                child.wait()?;
                let message = format!(
                    "{file}: the checks did not finish within {} seconds",
                    LIMIT.as_secs()
                );
                return Err(Failure::Failed(message));
            }
        }
    };
    match status.code() {
        Some(CHECKED) => Ok(()),
        Some(2) => Err(Failure::Input(format!(
            "{file} cannot be loaded (see above)"
        ))),
        Some(1) => Err(Failure::Failed(format!(
            "{file} fails a conformance check (see above)"
        ))),
        _ => Err(Failure::Failed(format!(
            "{file} ended its process during the checks ({status})"
        ))),
    }
}

/// Main function of the child: loads the library and checks everything in it.
pub(crate) fn check_here(file: &str) -> Result<(), Failure> {
    end_with_parent();
    let loaded = load(file)?;
    let mut out = io::stdout().lock();
    row(
        &mut out,
        "loads",
        "yes, in a separate process and in this one",
    )?;
    let mut broken = 0;
    for item in &loaded.items {
        let verdict = check(item);
        let name = format!("{} {}", item.kind.name(), item.name);
        let text = match &verdict {
            Ok(()) => "passes all checks",
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
        // The parent reports it.
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

/// Ends this process when its parent is gone, e.g. killed.
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

/// Runs the conformance checks of an item with its default settings.
fn check(item: &Item) -> Result<(), String> {
    let text = |e: nasfw::sdk::Error| e.to_string();
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
