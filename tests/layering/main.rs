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
    ("nasfw-disk", &[]),
    ("nasfw-abi", &["nasfw-sdk"]),
    ("nasfw-data", &["nasfw-sdk"]),
    ("nasfw-surrogate", &["nasfw-sdk"]),
    ("nasfw-table", &["nasfw-sdk", "nasfw-surrogate"]),
    ("nasfw-plugins", &["nasfw-sdk", "nasfw-surrogate"]),
    ("nasfw-plugin-host", &["nasfw-abi", "nasfw-sdk"]),
    ("nasfw-network", &["nasfw-data", "nasfw-kernels", "nasfw-sdk"]),
    ("nasfw-cuda", &["nasfw-network", "nasfw-sdk"]),
    ("nasfw-device", &["nasfw-cuda", "nasfw-network", "nasfw-sdk"]),
    ("nasfw-model", &["nasfw-data", "nasfw-device", "nasfw-disk", "nasfw-kernels", "nasfw-network", "nasfw-sdk"]),
    ("nasfw-engine", &["nasfw-data", "nasfw-device", "nasfw-disk", "nasfw-model", "nasfw-network", "nasfw-plugin-host",
        "nasfw-sdk"]),
    ("nasfw-report", &["nasfw-disk", "nasfw-engine", "nasfw-model", "nasfw-plugins", "nasfw-sdk"]),
    ("nasfw", &["nasfw-abi", "nasfw-data", "nasfw-device", "nasfw-disk", "nasfw-engine", "nasfw-model", "nasfw-network",
        "nasfw-plugin-host", "nasfw-plugins", "nasfw-report", "nasfw-sdk", "nasfw-surrogate", "nasfw-table"]),
    ("annealing", &["nasfw-abi", "nasfw-sdk"]),
    ("boundaries", &["nasfw-abi", "nasfw-sdk"]),
    ("multiply-adds", &["nasfw-abi", "nasfw-sdk"]),
    ("single-scale", &["nasfw-abi", "nasfw-sdk"]),
];

/// Crates from outside that draw: nothing that computes imports them.
const DRAWING: &[&str] = &[
    "clap",
    "indicatif",
    "maud",
    "plotters",
    "plotters-backend",
    "ratatui",
];

/// External crates that would violate the purpose of a crate.
#[rustfmt::skip] // one line per rule
const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    ("nasfw-sdk", &["dfdx", "image"], "the author of a plugin compiles no tensors and no pictures"),
    ("nasfw-sdk", &["libloading", "nix", "object", "rayon", "rusqlite"], "the SDK loads nothing and starts no threads"),
    ("nasfw-abi", &["dfdx", "image"], "the author of a plugin compiles no tensors and no pictures"),
    ("nasfw-abi", &["libloading", "nix", "object", "rayon", "rusqlite"], "the plugin's side loads nothing"),
    ("nasfw-kernels", &["dfdx"], "kernels work on plain slices"),
    ("nasfw-data", &["dfdx", "rusqlite"], "data sets are images and labels"),
    ("nasfw-surrogate", &["dfdx", "rayon"], "models are plain arithmetic in a fixed order"),
    ("nasfw-table", &["dfdx", "image", "rusqlite"], "a table is rewards and choices"),
    ("nasfw-plugins", &["image", "libloading", "rusqlite"], "built-in plugins see what others see"),
    ("nasfw-plugin-host", &["dfdx", "image", "rusqlite"], "what loads libraries knows the interface only"),
    ("nasfw-network", &["libloading", "rusqlite"], "networks compute, on what they are given"),
    ("nasfw-model", &["libloading", "rusqlite"], "a model is a folder of files"),
    ("nasfw-engine", &["libloading", "object"], "libraries are loaded by nasfw-plugin-host only"),
    ("nasfw-report", &["dfdx", "clap", "ratatui", "rusqlite"], "pages are made of what the engine reads"),
];

/// Crates from outside that few crates may import.
#[rustfmt::skip] // one line a promise
const RESERVED: &[(&[&str], &[&str], &str)] = &[
    (&["cudarc"], &["nasfw-cuda"], "code for CUDA is in nasfw-cuda only"),
    (DRAWING, &["nasfw", "nasfw-report"], "only the program and its pages show anything"),
];

/// Crates whose modules still import each other in circles. None may be added.
const KNOTTED: &[&str] = &["nasfw-cuda"];

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
    for (reserved, for_crates, promise) in RESERVED {
        let others = crates
            .iter()
            .filter(|one| !for_crates.contains(&&*one.name));
        let met = others
            .flat_map(|one| &one.others)
            .filter(|e| reserved.contains(&&*e.to));
        problems.extend(
            met.map(|e| format!("{}: {} may not import {}: {promise}", e.at, e.from, e.to)),
        );
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
