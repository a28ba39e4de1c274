//! A search with a library's items equals one with the same items built in.

use nasfw_engine::config::{Layers, Preset};
use nasfw_engine::experiment::Members;
use nasfw_engine::progress::Silent;
use nasfw_engine::search::{self, Resources};

use crate::library::{library, text};
use crate::program::{Place, sets, small};

/// Settings of a search that takes seconds, with and without items of the library.
fn smallest() -> Vec<&'static str> {
    [&small(&["search", "plugin"])[..], &["run.threads=1"]].concat()
}

/// A search with `settings` and the items built into this test.
fn built_in(place: &Place, out: &str, settings: &[String]) {
    let layers = Layers::new(Preset::Demo).set(settings).unwrap();
    let config = layers.resolve().unwrap();
    let members = Members::of(&config).unwrap();
    search::run(
        &config,
        &members,
        &place.path(out),
        Resources::default(),
        &mut Silent,
    )
    .unwrap();
}

/// The same, by the program and with the items of the library.
fn of_library(place: &Place, out: &str, settings: &[String]) {
    let library = library("kinds");
    let reference = format!("plugins=[\"{}\"]", text(&library));
    let mut args = vec!["run", "--out", out, "--set", &reference];
    for setting in settings {
        args.extend(["--set", setting]);
    }
    place.text(&args);
}

fn compare(name: &str, members: &[&str], count: usize) {
    let place = Place::new();
    let has_own = members.iter().any(|m| m.starts_with("schedule.name"));
    let stages = if has_own { vec![] } else { small(&["stages"]) };
    let settings: Vec<String> = [
        &smallest()[..],
        &stages,
        members,
        &[&format!("run.trials={count}")],
    ]
    .concat()
    .iter()
    .map(|s| (*s).to_owned())
    .collect();
    built_in(&place, "built-in", &settings);
    of_library(&place, "library", &settings);
    let found = place.json(&["trials", "built-in", "--json"]);
    assert_eq!(found.len(), count);
    assert!(
        found.iter().any(|t| t["reward"].is_number()),
        "{name}: {found:?}"
    );
    place.assert_same("built-in", "library");
}

#[test]
fn a_space() {
    compare(
        "space",
        &[
            "space.plugin=tiny",
            "controller.name=random",
            "task.name=depth",
        ],
        4,
    );
}

#[test]
fn a_controller() {
    compare(
        "controller",
        &["space.plugin=tiny", "controller.name=near-best"],
        6,
    );
}

#[test]
fn a_schedule() {
    compare(
        "schedule",
        &["space.plugin=tiny", "schedule.name=halves"],
        6,
    );
    let continues = ["schedule.name=halves", "schedule.continues=true"];
    compare(
        "schedule of one training",
        &[&["space.plugin=tiny"], &continues[..]].concat(),
        6,
    );
}

#[test]
fn a_task_with_a_custom_loss_and_data_of_its_own() {
    compare("task", &["space.plugin=tiny", "task.name=brightness"], 4);
}

#[test]
fn everything_at_once_on_the_built_in_space_too() {
    let all = [
        "controller.name=near-best",
        "schedule.name=halves",
        "task.name=brightness",
    ];
    let segm = [&["space.plugin=segm"][..], &all].concat();
    compare("all", &segm, 2);
    let tiny = [&["space.plugin=tiny"][..], &all].concat();
    compare("all on tiny", &tiny, 8);
}

#[test]
fn a_resumed_run_loads_its_library_again_and_continues_alike() {
    let place = Place::new();
    let library = library("kinds");
    let run = |out: &str, trials: &str| {
        let items = [
            "--task",
            "brightness",
            "--controller",
            "near-best",
            "--schedule",
            "halves",
        ];
        let base = [
            "run",
            "--plugin",
            text(&library),
            "--out",
            out,
            "--trials",
            trials,
        ];
        place.text(&[&base[..], &items, &sets(&smallest())].concat());
    };
    run("whole", "6");
    run("parts", "2");
    place.text(&["resume", "parts", "--trials", "4"]);
    place.text(&["resume", "parts", "--trials", "6"]);
    place.assert_same("whole", "parts");
}

#[test]
fn two_runs_use_one_library_at_once() {
    let place = Place::new();
    let run = |out: &'static str, settings: Vec<String>| {
        let place = &place;
        move || of_library(place, out, &settings)
    };
    let settings: Vec<String> = smallest()
        .iter()
        .chain(&["space.plugin=tiny", "task.name=brightness", "run.trials=3"])
        .chain(&["schedule.name=halves"])
        .map(|s| (*s).to_owned())
        .collect();
    std::thread::scope(|scope| {
        let first = scope.spawn(run("first", settings.clone()));
        let second = scope.spawn(run("second", settings.clone()));
        first.join().unwrap();
        second.join().unwrap();
    });
    place.assert_same("first", "second");
}
