//! Results kept for later runs: found again, equal to the bit, and never in the way.

use std::process::{Command, Output};

use nasfw_cache::{Cache, LIMIT_BYTES};
use serde_json::Value;

use crate::program::{Place, sets, small};

const CACHE: &str = "kept/cache.db";

/// Calls the program with a cache of its own.
fn call(place: &Place, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nasfw"))
        .args(args)
        .current_dir(place.path(""))
        .env("XDG_CACHE_HOME", place.path(".cache"))
        .env("NASFW_CACHE", place.path(CACHE))
        .output()
        .unwrap()
}

fn text(place: &Place, args: &[&str]) -> String {
    let output = call(place, args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Searches for six trials in rounds of two; returns the number of evaluations found in the cache.
fn search(place: &Place, out: &str, more: &[&str]) -> u64 {
    search_for(place, out, "6", more)
}

fn search_for(place: &Place, out: &str, trials: &str, more: &[&str]) -> u64 {
    search_with(place, out, trials, &["stages", "stage-sides"], more)
}

/// The same with the schedule that the tables `schedule` of `tests/small.toml` cut down.
fn search_with(place: &Place, out: &str, trials: &str, schedule: &[&str], more: &[&str]) -> u64 {
    let base = ["run", "--json", "--trials", trials, "--out", out];
    let its = [
        "run.round=2",
        "controller.name=random",
        "warmup.shorter_side_px=32",
    ];
    let tables = [&["search"], schedule].concat();
    let sets = sets(&[&small(&tables)[..], &its].concat());
    let printed = text(place, &[&base[..], &sets, more].concat());
    let end: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    end["cached"].as_u64().unwrap()
}

#[test]
fn a_search_that_is_repeated_computes_nothing_and_ends_the_same() {
    let place = Place::new();
    assert_eq!(search(&place, "none", &["--no-cache"]), 0);
    assert!(!place.path(CACHE).exists());
    assert_eq!(search(&place, "first", &[]), 0);
    for workers in ["0", "2"] {
        let again = format!("again{workers}");
        assert_eq!(search(&place, &again, &["--workers", workers]), 6);
        place.assert_same("none", &again);
    }
    place.assert_same("none", "first");
    // Without the schedule's verdicts, the same evaluations go on; those that were not stopped are
    // found.
    let never = ["--set", "schedule.termination=never"];
    let found = search(&place, "never", &never);
    search(
        &place,
        "never-alone",
        &[&never[..], &["--no-cache"]].concat(),
    );
    place.assert_same("never", "never-alone");
    let stopped = place.trials("first").matches("\"stopped\"").count() as u64;
    assert_eq!(found, 6 - stopped);
    // Another seed, and other settings, give other results.
    assert_eq!(search(&place, "seed", &["--seed", "1"]), 0);
    let rate = ["--set", "schedule.stage0.decoder.lr=0.004"];
    assert_eq!(search(&place, "rate", &rate), 0);
    assert_eq!(
        search(&place, "data", &["--set", "data.generator.seed=9"]),
        0
    );
}

#[test]
fn a_training_that_is_kept_up_to_a_rung_begins_again() {
    let place = Place::new();
    let search = |out: &str, schedule: &str, more: &[&str]| {
        let name = ["--schedule", schedule];
        let tables = match schedule {
            "halving" => &["single-stage", "rungs"][..],
            _ => &["single-stage"],
        };
        search_with(&place, out, "8", tables, &[&name, more].concat())
    };
    let all = ["--set", "schedule.stopping=false"];
    let alone = |more: &[&'static str]| [more, &["--no-cache"]].concat();
    search("alone", "halving", &alone(&[]));
    search("all-alone", "halving", &alone(&all));
    assert_eq!(search("first", "halving", &[]), 0);
    // Those that were stopped are kept up to their rung: they are trained from the beginning.
    let stopped = place.trials("first").matches("\"stopped\"").count() as u64;
    assert!((1..8).contains(&stopped), "{stopped}");
    assert_eq!(search("all", "halving", &all), 8 - stopped);
    // Both are kept now: up to a rung, and to the end.
    assert_eq!(search("again", "halving", &[]), 8);
    assert_eq!(search("all-again", "halving", &all), 8);
    for again in ["first", "again"] {
        place.assert_same("alone", again);
    }
    for again in ["all", "all-again"] {
        place.assert_same("all-alone", again);
    }
    // Stages of as many epochs that begin are others.
    let short = ["--set", "schedule.stage.epochs=1"];
    assert_eq!(search("short", "single-stage", &short), 0);
}

#[test]
fn other_controllers_and_longer_runs_find_the_same_networks() {
    let place = Place::new();
    search(&place, "first", &[]);
    // The first round of evolution is drawn at random, from the same streams.
    let evolution = ["--controller", "evolution"];
    let found = search(&place, "evolution", &evolution);
    search(
        &place,
        "evolution-alone",
        &[&evolution[..], &["--no-cache"]].concat(),
    );
    place.assert_same("evolution", "evolution-alone");
    assert!(found > 0);
    text(&place, &["resume", "first", "--trials", "8"]);
    assert_eq!(search_for(&place, "longer", "8", &[]), 8);
    place.assert_same("first", "longer");
}

#[test]
fn damage_costs_computing_again() {
    let place = Place::new();
    search(&place, "first", &[]);
    let db = rusqlite::Connection::open(place.path(CACHE)).unwrap();
    db.execute(
        "UPDATE entries SET content = x'7b7d' WHERE kind = 'evaluation'",
        [],
    )
    .unwrap();
    assert_eq!(search(&place, "again", &[]), 0);
    place.assert_same("first", "again");
    // The damaged entries were replaced.
    let sound = text(&place, &["cache", "verify"]);
    assert!(sound.contains("are as stored"), "{sound}");
    db.execute(
        "UPDATE entries SET content = x'00' WHERE kind = 'warm-up'",
        [],
    )
    .unwrap();
    drop(db);
    let output = call(&place, &["cache", "verify"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 of 7 entries were damaged"));
    // A file that is no cache is left alone, and the search goes on without.
    std::fs::write(place.path(CACHE), "something else ".repeat(100)).unwrap();
    assert_eq!(search(&place, "without", &[]), 0);
    place.assert_same("first", "without");
    let kept = std::fs::read_to_string(place.path(CACHE)).unwrap();
    assert!(kept.starts_with("something else"));
}

#[test]
fn what_is_kept_is_listed_and_cleared() {
    let place = Place::new();
    assert!(text(&place, &["cache", "list"]).starts_with("nothing is kept in"));
    assert_eq!(text(&place, &["cache", "list", "--json"]), "");
    search(&place, "first", &[]);
    let listed = text(&place, &["cache", "list"]);
    assert!(
        listed.contains("7 entries") && listed.contains("segm, segm, "),
        "{listed}"
    );
    assert!(listed.lines().count() == 3, "{listed}");
    let lines = text(&place, &["cache", "list", "--json"]);
    assert_eq!(lines.lines().count(), 7);
    let entry: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert!(entry["key"].as_str().unwrap().len() == 64 && entry["bytes"].is_u64());
    let cleared = text(&place, &["cache", "clear"]);
    assert!(cleared.starts_with("removed 7 entries"), "{cleared}");
    let cache = Cache::open(&place.path(CACHE), LIMIT_BYTES).unwrap();
    assert_eq!(cache.entries().unwrap(), []);
    place.refuses(&["cache", "list"], &["NASFW_CACHE is `off`"]);
}

#[test]
fn programs_that_search_at_the_same_time_share_it() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for out in ["one", "two", "three"] {
            let place = &place;
            scope.spawn(move || search(place, out, &[]));
        }
    });
    place.assert_same("one", "two");
    place.assert_same("one", "three");
    assert_eq!(search(&place, "last", &[]), 6);
    place.assert_same("one", "last");
}
