//! The example plugins in Rust, used as in their READMEs: build, check, search.

#![cfg(unix)] // no other system loads libraries as plugins
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::path::Path;
use std::process::Command;
use std::sync::Once;

use program::{Place, library_file, small};
use serde_json::Value;

/// The schedule of the example, cut down.
const OWN_STAGE: [&str; 3] = [
    "schedule.samples=16",
    "schedule.batch=8",
    "schedule.crop_px=32",
];
/// The library of an example, built like this test.
fn library(name: &str) -> String {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
        cargo.args(["build", "--offline", "--locked", "--quiet"]);
        for package in ["annealing", "boundaries", "multiply-adds", "single-scale"] {
            cargo.args(["--package", package]);
        }
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let output = cargo.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
    });
    let folder = Path::new(env!("CARGO_BIN_EXE_nasfw")).parent().unwrap();
    folder.join(library_file(name)).display().to_string()
}

/// The trials of a search with some examples.
fn search(
    place: &Place,
    out: &str,
    examples: &[&str],
    args: &[&str],
    sets: &[&[&str]],
) -> Vec<Value> {
    let libraries: Vec<String> = examples.iter().map(|name| library(name)).collect();
    let mut all = vec!["run", "--out", out];
    for library in &libraries {
        all.extend(["--plugin", library]);
    }
    all.extend(args);
    all.extend(program::sets(&small(&["search", "plugin"])));
    all.extend(program::sets(&sets.concat()));
    place.text(&all);
    place.json(&["trials", out, "--json"])
}

#[test]
fn all_pass_the_checks() {
    let place = Place::new();
    for (name, item) in [
        ("single_scale", "search space single-scale"),
        ("annealing", "controller annealing"),
        ("multiply_adds", "schedule multiply-adds"),
        ("boundaries", "task boundaries"),
    ] {
        let said = place.text(&["plugins", "check", &library(name)]);
        assert!(
            said.contains(&format!("{item}: passes all checks")),
            "{said}"
        );
    }
}

#[test]
fn the_space_and_the_controller_search() {
    let place = Place::new();
    let args = [
        "--task",
        "depth",
        "--controller",
        "annealing",
        "--trials",
        "5",
    ];
    let widths = ["space.widths=[8,16]", "space.max_depth=2"];
    let examples = ["single_scale", "annealing"];
    let trials = search(
        &place,
        "run",
        &examples,
        &args,
        &[&small(&["stages"]), &widths],
    );
    let genotypes: Vec<&str> = trials
        .iter()
        .map(|t| t["genotype"].as_str().unwrap())
        .collect();
    let known = [
        "depth=1,width=8",
        "depth=1,width=16",
        "depth=2,width=8",
        "depth=2,width=16",
    ];
    assert!(
        genotypes.len() == 5 && genotypes.iter().all(|g| known.contains(g)),
        "{genotypes:?}"
    );
    let card = place.text(&["describe", "--from", "run"]);
    assert!(card.contains("conv 3x3"), "{card}");
}

#[test]
fn the_schedule_takes_from_what_is_above_the_target() {
    let place = Place::new();
    let args = [
        "--schedule",
        "multiply-adds",
        "--controller",
        "random",
        "--trials",
        "3",
    ];
    let rewards = |out: &str, target: &str| -> Vec<f64> {
        let set = format!("schedule.target_mega={target}");
        let examples = ["single_scale", "multiply_adds"];
        let trials = search(&place, out, &examples, &args, &[&OWN_STAGE, &[&set]]);
        trials
            .iter()
            .map(|t| t["reward"].as_f64().unwrap())
            .collect()
    };
    // No network is above the first target, all are above the second.
    let (free, dear) = (rewards("free", "1e6"), rewards("dear", "0.001"));
    for (free, dear) in free.iter().zip(&dear) {
        assert!(*dear <= free / 10.0, "{free} {dear}");
    }
    // A training this short may end with a reward of 0.
    assert!(free.iter().any(|&free| free > 0.0), "{free:?}");
}

#[test]
fn the_task_trains_by_its_custom_loss() {
    let place = Place::new();
    let args = [
        "--task",
        "boundaries",
        "--controller",
        "random",
        "--trials",
        "2",
    ];
    let trials = search(
        &place,
        "run",
        &["single_scale", "boundaries"],
        &args,
        &[&small(&["stages"])],
    );
    for trial in &trials {
        let f1 = &trial["metrics"]["boundary_f1"];
        assert!(
            f1.as_f64().is_some_and(|f1| (0.0..=1.0).contains(&f1)),
            "{trial}"
        );
    }
}
