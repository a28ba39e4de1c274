//! The layers of the workspace: crates and, inside each crate, top modules import in one direction
//! only.
//!
//! The tables below are the rule. A change that needs another arrow changes them, and its review
//! says why.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod crates;
mod cycle;
mod modules;
mod own;

use std::path::Path;

use crates::Crate;

/// Every crate of the workspace with the crates of the workspace that it imports, lowest first.
#[rustfmt::skip] // one line a crate
const IMPORTS: &[(&str, &[&str])] = &[
    ("nasfw-sdk", &[]),
    ("nasfw-kernels", &[]),
    ("nasfw-data", &["nasfw-sdk"]),
    ("nasfw-plugins", &["nasfw-sdk"]),
    ("nasfw-engine", &["nasfw-data", "nasfw-kernels", "nasfw-sdk"]),
    ("nasfw-report", &["nasfw-engine", "nasfw-plugins", "nasfw-sdk"]),
    ("nasfw", &["nasfw-data", "nasfw-engine", "nasfw-plugins", "nasfw-report", "nasfw-sdk"]),
    ("annealing", &["nasfw-sdk"]),
    ("boundaries", &["nasfw-sdk"]),
    ("multiply-adds", &["nasfw-sdk"]),
    ("single-scale", &["nasfw-sdk"]),
];

/// External crates that would violate the purpose of a crate.
#[rustfmt::skip] // one line per rule
const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    ("nasfw-sdk", &["dfdx", "cudarc"], "the SDK knows no tensor library"),
    ("nasfw-sdk", &["libloading", "nix", "rayon", "rusqlite"], "the SDK loads nothing and starts no threads"),
    ("nasfw-kernels", &["dfdx", "cudarc"], "kernels work on plain slices"),
    ("nasfw-data", &["dfdx", "rusqlite"], "data sets are images and labels"),
    ("nasfw-plugins", &["libloading", "rusqlite", "cudarc"], "built-in plugins see what others see"),
    ("nasfw-engine", &["clap", "ratatui", "maud", "plotters"], "the engine shows nothing"),
    ("nasfw-report", &["dfdx", "clap", "rusqlite"], "pages are made of what the engine reads"),
];

/// Crates whose modules still import each other in circles. None may be added.
const KNOTTED: &[&str] = &["nasfw-engine", "nasfw-sdk"];

fn workspace() -> Vec<Crate> {
    crates::read(Path::new(env!("CARGO_MANIFEST_DIR")))
}

/// Fails with all `problems` at once.
fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn crates_import_what_the_table_allows() {
    let crates = workspace();
    assert_none(&crates::differences(&crates, IMPORTS));
    let edges = crates.iter().flat_map(|one| one.imports.clone()).collect();
    if let Some(found) = cycle::shortest(&edges) {
        panic!("\ncrates import each other in a circle:\n{found}");
    }
}

#[test]
fn no_crate_imports_a_forbidden_one() {
    let crates = workspace();
    let mut problems = Vec::new();
    for (name, forbidden, promise) in FORBIDDEN {
        let Some(one) = crates.iter().find(|one| one.name == *name) else {
            problems.push(format!(
                "FORBIDDEN in tests/layering/main.rs: there is no crate {name}"
            ));
            continue;
        };
        let met = one.others.iter().filter(|e| forbidden.contains(&&*e.to));
        problems
            .extend(met.map(|e| format!("{}: {name} may not import {}: {promise}", e.at, e.to)));
    }
    assert_none(&problems);
}

#[test]
fn modules_import_in_one_direction() {
    let mut problems = Vec::new();
    // An example is a page or two, and its root may hold what the rest uses.
    let ours = |one: &Crate| one.name.starts_with("nasfw");
    for one in workspace().into_iter().filter(ours) {
        for root in &one.roots {
            let found = modules::edges(root).and_then(|edges| match cycle::shortest(&edges) {
                Some(found) => Err(format!("modules import each other in a circle:\n{found}")),
                None => Ok(()),
            });
            let is_knotted = KNOTTED.contains(&&*one.name);
            match found {
                Err(problem) if !is_knotted => problems.push(format!("{}: {problem}", one.name)),
                Ok(()) if is_knotted => problems.push(format!(
                    "{}: no circle is left; take the crate off KNOTTED in tests/layering/main.rs",
                    one.name
                )),
                _ => {}
            }
        }
    }
    assert_none(&problems);
}
