//! Invariants of docs/architecture.md that can be read off the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::assert_none;
use crate::words::{Word, below, files, lines_with, words};

/// Modules of the standard library that reach outside a program.
const OUTSIDE: &[&str] = &["env", "fs", "net", "process", "thread", "time"];

/// Reads of a clock, and of generators that no seed determines.
const UNSEEDED: &[&str] = &[
    "Instant::now",
    "SystemTime::now",
    "RandomState::new",
    "rand::random",
    "rand::rng",
    "thread_rng",
    "from_os_rng",
];

/// Files that may read them, each with the reason.
#[rustfmt::skip] // one line per file
const MAY_BE_UNSEEDED: &[(&str, &str)] = &[
    ("framework/cache/src/cache.rs", "the entries that were not used for longest are evicted"),
    ("framework/cli/bench.rs", "it measures time"),
    ("framework/cli/cache.rs", "how long ago entries were used"),
    ("framework/cli/plugins/check.rs", "the time limit of a library's checks"),
    ("framework/cli/progress.rs", "progress bars"),
    ("framework/cli/watch/mod.rs", "the interval between two looks"),
    ("framework/cli/watch/snapshot.rs", "the time since the last write"),
    ("framework/engine/src/search/clock.rs", "the time by kind of work"),
    ("framework/engine/src/search/executor/evaluate.rs", "the recorded time of an evaluation"),
    ("framework/engine/src/search/executor/worker_handle.rs", "time for a worker to end; a nonce that no output has"),
    ("framework/engine/src/search/executor/worker_main.rs", "the interval between two progress messages"),
    ("framework/engine/src/search/executor/worker_pool.rs", "run.trial_timeout_secs, and the time spent waiting"),
    ("framework/engine/src/search/show.rs", "the interval between two updates of a bar"),
    ("framework/engine/src/store/create.rs", "the time when a run was made, for people"),
    ("framework/engine/src/tensorboard/file.rs", "event files hold times"),
    ("framework/table/src/play.rs", "the time that a controller takes"),
    ("framework/plugin-host/src/probe.rs", "the time limit of a probe; a nonce that no output has"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The source files of all crates, by their paths in the repository.
fn sources() -> BTreeMap<String, Vec<Word>> {
    let name = |file: &PathBuf| file.strip_prefix(root()).unwrap().display().to_string();
    let all = ["framework", "plugins/src"].map(|folder| files(&root().join(folder)));
    let all = all.into_iter().flatten();
    all.map(|file| (name(&file), words(&file))).collect()
}

/// The page with the invariants.
fn architecture() -> String {
    fs::read_to_string(root().join("docs/architecture.md")).unwrap()
}

/// The texts between backticks.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_sdk_and_the_built_in_plugins_reach_nothing_outside() {
    let mut problems = Vec::new();
    for (file, words) in sources() {
        let is_plugin = file.starts_with("framework/sdk/") || file.starts_with("plugins/");
        // Conformance checks call a space from several threads.
        let is_check = file.starts_with("framework/sdk/src/testing/");
        for word in below(&words, "std").into_iter().filter(|_| is_plugin) {
            if OUTSIDE.contains(&&*word.text) && !(is_check && word.text == "thread") {
                problems.push(format!("{file}:{}: std::{}", word.line, word.text));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn no_result_depends_on_a_clock_or_a_global_generator() {
    let mut problems = Vec::new();
    let mut allowed: BTreeMap<&str, &str> = MAY_BE_UNSEEDED.iter().copied().collect();
    for (file, words) in sources() {
        let is_allowed = allowed.contains_key(&*file);
        for pattern in UNSEEDED {
            let lines = lines_with(&words, pattern);
            if is_allowed && !lines.is_empty() {
                allowed.remove(&*file);
            } else if !is_allowed {
                problems.extend(lines.iter().map(|line| format!("{file}:{line}: {pattern}")));
            }
        }
    }
    problems.extend(allowed.iter().map(|(file, reason)| {
        format!("{file} reads no clock: take it off MAY_BE_UNSEEDED ({reason})")
    }));
    assert_none(&problems);
}

#[test]
fn unsafe_code_is_in_the_files_that_the_page_lists() {
    let page = architecture();
    let list = page
        .split("- `unsafe` is in these files only:")
        .nth(1)
        .unwrap();
    let listed = quoted(list.split("\n- ").next().unwrap());
    // Types of functions are named with the word, but only calls of them are unsafe.
    let is_unsafe = |words: &[Word]| {
        let text = |at: usize| words.get(at).map_or("", |w| &*w.text);
        (0..words.len())
            .filter(|&at| text(at) == "unsafe")
            .any(|at| {
                let function = if text(at + 1) == "extern" {
                    at + 3
                } else {
                    at + 1
                };
                !(text(function) == "fn" && text(function + 1) == "(")
            })
    };
    let found = sources().into_iter().filter(|(_, words)| is_unsafe(words));
    let found: BTreeSet<String> = found.map(|(file, _)| file).collect();
    let unlisted = found
        .difference(&listed)
        .map(|file| format!("{file} is not listed"));
    let gone = listed
        .difference(&found)
        .map(|file| format!("{file} has no unsafe code"));
    assert_none(&unlisted.chain(gone).collect::<Vec<_>>());
}

#[test]
fn only_page_and_chart_write_markup_without_maud() {
    let mut problems = Vec::new();
    let folders = ["framework/report/src/page/", "framework/report/src/chart/"];
    for (file, words) in sources() {
        if !folders.iter().any(|folder| file.starts_with(folder)) {
            let lines = lines_with(&words, "PreEscaped");
            problems.extend(
                lines
                    .iter()
                    .map(|line| format!("{file}:{line}: PreEscaped")),
            );
        }
    }
    assert_none(&problems);
}

/// A second stream of a name that one seed already has would repeat its draws.
#[test]
fn every_random_stream_is_listed_once() {
    let page = architecture();
    let table = page.split("## Random streams").nth(1).unwrap();
    let rows = table.split("\n## ").next().unwrap().lines();
    let mut listed = BTreeSet::new();
    let mut problems = Vec::new();
    for row in rows.filter(|row| row.starts_with("| ")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if !listed.insert((cells[1].to_owned(), cells[2].to_owned())) {
            problems.push(format!("{row} is listed twice"));
        }
    }
    let names = listed.iter().flat_map(|(_, name)| quoted(name));
    let listed: BTreeSet<String> = names.collect();
    let mut found = BTreeSet::new();
    for (file, words) in sources() {
        // Conformance checks have a seed of their own.
        if file.starts_with("framework/sdk/src/testing/") {
            continue;
        }
        for (name, line) in streams(&words) {
            if !listed.contains(&name) {
                problems.push(format!("{file}:{line}: the stream `{name}` is not listed"));
            }
            found.insert(name);
        }
    }
    let gone = listed.difference(&found);
    problems.extend(gone.map(|name| format!("the stream `{name}` is listed, but nothing draws")));
    assert_none(&problems);
}

/// The names of streams and child seeds that a file spells out, each with its line.
fn streams(words: &[Word]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for run in words.windows(9) {
        let text = |at: usize| &*run[at].text;
        if text(0) != "." || !["stream", "child"].contains(&text(1)) || text(2) != "(" {
            continue;
        }
        let is_made = ["&", "format", "!", "("]
            .iter()
            .enumerate()
            .all(|(at, t)| text(at + 3) == *t);
        let name = text(if is_made { 7 } else { 3 });
        if let Some(name) = name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'))
        {
            found.push((name.to_owned(), run[0].line));
        }
    }
    found
}
