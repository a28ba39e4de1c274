//! The crates of a workspace, from their `Cargo.toml` files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::cycle::Edge;

/// A crate of the workspace.
pub(crate) struct Crate {
    pub(crate) name: String,
    /// Root files of its source: `lib.rs`, `main.rs`.
    pub(crate) roots: Vec<PathBuf>,
    /// Its imports of crates of the workspace.
    pub(crate) imports: Vec<Edge>,
    /// Its imports of all other crates.
    pub(crate) others: Vec<Edge>,
}

/// All crates of the workspace in `folder`.
pub(crate) fn read(folder: &Path) -> Vec<Crate> {
    let (top, _) = manifest(folder);
    let members = top["workspace"]["members"].as_array().unwrap().iter();
    let members = members.map(|member| folder.join(member.as_str().unwrap()));
    let folders: Vec<PathBuf> = members.chain([folder.to_owned()]).collect();
    let name = |folder: &PathBuf| manifest(folder).0["package"]["name"].clone();
    let names = folders.iter().map(|f| name(f).as_str().unwrap().to_owned());
    let names: BTreeSet<String> = names.collect();
    folders.iter().map(|f| one(f, folder, &names)).collect()
}

/// Differences between the imports of crates and the table `allowed`.
pub(crate) fn differences(crates: &[Crate], allowed: &[(&str, &[&str])]) -> Vec<String> {
    let mut found = Vec::new();
    for one in crates {
        let Some((_, table)) = allowed.iter().find(|(name, _)| *name == one.name) else {
            found.push(format!(
                "{} is not in IMPORTS of tests/layering/main.rs",
                one.name
            ));
            continue;
        };
        let new = one.imports.iter().filter(|e| !table.contains(&&*e.to));
        found.extend(new.map(|e| format!("{}: {} may not import {}", e.at, e.from, e.to)));
        let is_gone = |to: &&&str| one.imports.iter().all(|e| e.to != **to);
        let gone = table.iter().filter(is_gone);
        found.extend(gone.map(|to| {
            format!(
                "{} no longer imports {to}: take it off IMPORTS of tests/layering/main.rs",
                one.name
            )
        }));
    }
    let is_gone = |(name, _): &&(&str, &[&str])| crates.iter().all(|one| one.name != *name);
    let gone = allowed.iter().filter(is_gone);
    found.extend(
        gone.map(|(name, _)| {
            format!("IMPORTS of tests/layering/main.rs: there is no crate {name}")
        }),
    );
    found
}

fn manifest(folder: &Path) -> (Table, String) {
    let path = folder.join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let table = text
        .parse()
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    (table, text)
}

fn one(folder: &Path, workspace: &Path, names: &BTreeSet<String>) -> Crate {
    let (manifest, text) = manifest(folder);
    let name = manifest["package"]["name"].as_str().unwrap().to_owned();
    let shown = folder.strip_prefix(workspace).unwrap().join("Cargo.toml");
    let edge = |(to, key): (String, String)| {
        let is_it = |line: &str| {
            let rest = line.strip_prefix(&*key);
            rest.is_some_and(|rest| !rest.starts_with(['-', '_']))
        };
        // The dependencies of the crate itself: not its name, and not the versions of the
        // workspace.
        let is_list = |line: &str| line.ends_with("dependencies]") && !line.contains("[workspace");
        let begin = text.lines().position(is_list).unwrap_or(0);
        let line = text.lines().skip(begin).position(is_it);
        let line = line.map_or(1, |at| begin + at + 1);
        let at = format!("{}:{line}", shown.display());
        Edge {
            from: name.clone(),
            to,
            at,
        }
    };
    let mut imported = BTreeSet::new();
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets
        .into_iter()
        .flat_map(|t| t.values().filter_map(Value::as_table));
    for table in [&manifest].into_iter().chain(targets) {
        for kind in ["dependencies", "build-dependencies"] {
            let Some(table) = table.get(kind).and_then(Value::as_table) else {
                continue;
            };
            imported.extend(table.iter().map(|(key, value)| {
                let renamed = value.get("package").and_then(Value::as_str);
                (renamed.unwrap_or(key).to_owned(), key.clone())
            }));
        }
    }
    let edges = imported.into_iter().map(edge);
    let (imports, others) = edges.partition(|e| names.contains(&e.to));
    Crate {
        roots: roots(folder, &manifest),
        name,
        imports,
        others,
    }
}

/// The root files of the library and the programs of a crate.
fn roots(folder: &Path, manifest: &Table) -> Vec<PathBuf> {
    let usual = ["src/lib.rs", "src/main.rs"].map(|file| folder.join(file));
    let mut roots: BTreeSet<PathBuf> = usual.into_iter().filter(|f| f.is_file()).collect();
    let programs = manifest.get("bin").and_then(Value::as_array);
    let all = manifest
        .get("lib")
        .into_iter()
        .chain(programs.into_iter().flatten());
    let paths = all.filter_map(|target| target.get("path")?.as_str());
    roots.extend(paths.map(|path| folder.join(path)));
    assert!(!roots.is_empty(), "{} has no source", folder.display());
    roots.into_iter().collect()
}
