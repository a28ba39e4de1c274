//! Helpers that call the program: tiny searches in the space of the misbehaving library.

use std::path::Path;
use std::process::Command;

use nasfw_engine::store::{Run, SearchState};

use crate::program::{Place, example, small};

/// Controllers with settings that make them learn within a few trials.
pub(crate) const CONTROLLERS: [(&str, &[&str]); 5] = [
    ("random", &[]),
    (
        "evolution",
        &["controller.population=2", "controller.sample=2"],
    ),
    ("reinforce", &[]),
    ("ppo", &["controller.update_every=2", "controller.hidden=8"]),
    ("bayes", &["controller.initial=2"]),
];

/// The schedules, and the tables of `tests/small.toml` that cut them down; `run` has that of the first.
pub(crate) const SCHEDULES: [(&str, &[&str]); 3] = [
    ("single-stage", &[]),
    ("progressive", &["stages", "stage-sides"]),
    ("halving", &["rungs"]),
];

/// A `nasfw run` of the misbehaving library's space. Later settings win.
pub(crate) fn run(place: &Place, out: &str, settings: &[&str]) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_nasfw"));
    let mut command = Command::new(program);
    command.arg("run").arg("--out").arg(place.path(out));
    command.arg("--plugin").arg(example("rude"));
    command.current_dir(place.path("."));
    let schedule = settings
        .iter()
        .rev()
        .find(|s| s.starts_with("schedule.name="));
    // Schedules of one training, which they call `stage`.
    let is_single = schedule.is_none_or(|s| s.ends_with("single-stage") || s.ends_with("halving"));
    let smallest = [
        &small(&["search", "plugin", "single-stage"])[..],
        &["run.threads=1", "controller.name=random"],
    ]
    .concat();
    for setting in smallest.iter().chain(settings) {
        let (key, _) = setting.split_once('=').unwrap();
        let is_other = key.starts_with("schedule.stage.") && !is_single;
        if !is_other {
            command.args(["--set", setting]);
        }
    }
    command
}

/// Runs it to its end, which must be a success.
pub(crate) fn finish(place: &Place, out: &str, settings: &[&str]) {
    let output = run(place, out, settings).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{out}: {errors}");
}

pub(crate) fn state(place: &Place, out: &str) -> SearchState {
    let run = Run::read(&place.path(out)).unwrap();
    run.state().unwrap().unwrap()
}
