//! The layers of the workspace: crates and, inside each crate, top modules import in one direction
//! only. Other invariants of docs/architecture.md are in `invariants.rs`.
//!
//! The tables below define the rule. A change that needs another import changes them, and explains
//! why.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checks;
mod crates;
mod cycle;
mod invariants;
mod modules;
mod words;

use std::path::Path;

use crates::Crate;

/// Every crate of the workspace with the crates of the workspace that it imports, lowest first.
#[rustfmt::skip] // one line a crate
const IMPORTS: &[(&str, &[&str])] = &[
    ("nasfw-sdk", &[]),
    ("nasfw-kernels", &[]),
    ("nasfw-cache", &[]),
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
    ("nasfw-engine", &["nasfw-cache", "nasfw-data", "nasfw-device", "nasfw-disk", "nasfw-model", "nasfw-network", "nasfw-plugin-host",
        "nasfw-sdk", "nasfw-surrogate"]),
    ("nasfw-report", &["nasfw-engine", "nasfw-model", "nasfw-plugins", "nasfw-sdk"]),
    ("nasfw", &["nasfw-abi", "nasfw-cache", "nasfw-data", "nasfw-device", "nasfw-disk", "nasfw-engine", "nasfw-model", "nasfw-network",
        "nasfw-plugin-host", "nasfw-plugins", "nasfw-report", "nasfw-sdk", "nasfw-surrogate", "nasfw-table"]),
    ("annealing", &["nasfw-abi", "nasfw-sdk"]),
    ("boundaries", &["nasfw-abi", "nasfw-sdk"]),
    ("multiply-adds", &["nasfw-abi", "nasfw-sdk"]),
    ("single-scale", &["nasfw-abi", "nasfw-sdk"]),
];

/// External crates that draw: no crate that computes imports them.
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

/// External crates that only a few crates may import.
#[rustfmt::skip] // one line per rule
const RESERVED: &[(&[&str], &[&str], &str)] = &[
    (&["cudarc"], &["nasfw-cuda"], "code for CUDA is in nasfw-cuda only"),
    (DRAWING, &["nasfw", "nasfw-report"], "only the program and its pages show anything"),
];

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
    // An example is a page or two long, and its other modules may import its root.
    let ours = |one: &Crate| one.name.starts_with("nasfw");
    for one in workspace().into_iter().filter(ours) {
        for root in &one.roots {
            let edges = modules::edges(root);
            match edges.map(|edges| cycle::shortest(&edges)) {
                Ok(None) => {}
                Ok(Some(found)) => problems.push(format!(
                    "{}: modules import each other in a circle:\n{found}",
                    one.name
                )),
                Err(problem) => problems.push(format!("{}: {problem}", one.name)),
            }
        }
    }
    assert_none(&problems);
}
