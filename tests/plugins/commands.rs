//! `plugins list` and `plugins check`, and plugins on the command line.

use std::process::Command;

use crate::library::{library, text};
use crate::program::{Place, sets, small};

#[test]
fn the_list_says_what_is_loaded_and_from_where() {
    let place = Place::new();
    let path = library("kinds");
    let lines = place.json(&["plugins", "list", "--json", "--plugin", text(&path)]);
    let find = |kind: &str, name: &str| {
        let found = lines
            .iter()
            .find(|l| l["kind"] == kind && l["name"] == name);
        found.unwrap_or_else(|| panic!("{name} is not in {lines:?}"))
    };
    for (kind, name) in [
        ("space", "tiny-decoder"),
        ("controller", "near-best"),
        ("schedule", "halves"),
        ("task", "brightness"),
    ] {
        let item = find(kind, name);
        assert_eq!(item["library"]["path"], text(&path));
        assert_eq!(item["library"]["sha256"].as_str().unwrap().len(), 64);
        assert_eq!(item["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(item["plugin"], "tiny");
    }
    assert_eq!(find("space", "tiny-decoder")["defaults"]["channels"], 8);
    assert!(find("task", "depth")["library"].is_null());
    let text_list = place.text(&["plugins", "list", "--plugin", text(&path)]);
    assert!(text_list.contains(text(&path)), "{text_list}");
}

#[test]
fn check_lists_items_that_pass() {
    let place = Place::new();
    let path = library("kinds");
    let said = place.text(&["plugins", "check", text(&path)]);
    for part in [
        "sha256",
        "search space tiny-decoder: passes all checks",
        "controller near-best: passes all checks",
        "schedule halves: passes all checks",
        "task brightness: passes all checks",
        "nasfw run --plugin",
        "' --controller near-best --schedule halves --task brightness\n",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    place.refuses(
        &["plugins", "check", "nothing.so"],
        &["nothing.so", "no such file"],
    );
}

#[test]
fn check_reports_a_failed_check() {
    for (order, part) in [
        ("genotype lie", "search space rude-space: "),
        ("canonical lie", "decodes to another network"),
        ("propose lie", "controller rude-controller: "),
        ("reward lie", "schedule rude-schedule: "),
        ("custom_loss lie", "task rude-task: "),
        ("gradient lie", "task rude-task: "),
        ("fill lie", "task rude-task: "),
        ("metrics panic", "panicked"),
        ("facts panic", "panicked"),
        ("load panic", "panicked"),
        ("decode abort", "ended its process during the checks"),
        ("decode exit", "ended its process during the checks"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nasfw"));
        command.args(["plugins", "check"]).arg(library("rude"));
        let output = command.env("NASFW_RUDE", order).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(1), "{order}: {said}");
        assert!(said.contains(part), "{order}: {said}");
    }
}

#[test]
fn several_plugins_bring_one_space() {
    let place = Place::new();
    let path = library("kinds");
    let config = |args: &[&str]| place.text(&[&["run", "--dry-run"], args].concat());
    let mine = config(&["--plugin", text(&path)]);
    assert!(mine.contains("plugin = \"tiny\""), "{mine}");
    // So does a configuration that names only the library.
    let list = format!("plugins=[\"{}\"]", text(&path));
    assert_eq!(config(&["--set", &list]), mine);
    place.refuses(
        &["plugins", "list", "--plugin", "tinny"],
        &["tinny", "segm"],
    );
    // A name before it selects the space; the library provides the rest.
    let both = config(&[
        "--plugin",
        "segm",
        "--plugin",
        text(&path),
        "--task",
        "brightness",
    ]);
    assert!(both.contains("plugin = \"segm\""), "{both}");
    assert!(both.contains("name = \"brightness\""), "{both}");
    // The configuration as printed finds the library again.
    std::fs::write(place.path("mine.toml"), &mine).unwrap();
    assert_eq!(config(&["--config", "mine.toml"]), mine);
    let wrong = format!("{}#sha256={}", text(&path), "0".repeat(64));
    let args = [
        "run",
        "--dry-run",
        "--plugin",
        text(&path),
        "--plugin",
        "segm",
    ];
    place.refuses(&args, &["--plugin segm", "leave one of them out"]);
    place.refuses(&["run", "--plugin", &wrong], &["sha256", &"0".repeat(64)]);
    place.refuses(
        &["run", "--set", "plugins=3"],
        &["plugins", "a list of paths"],
    );
    let sampled = place.text(&[
        "sample",
        "--plugin",
        text(&path),
        "-n",
        "2",
        "--controller",
        "near-best",
    ]);
    assert_eq!(sampled.lines().count(), 2, "{sampled}");
    let card = place.text(&["describe", "--plugin", text(&path), "--genotype", "d2w1k1"]);
    assert!(card.contains("conv 16"), "{card}");
    place.refuses(
        &["describe", "--plugin", text(&path), "--genotype", "d2w1k7"],
        &["choice 2 (kernel)", "allowed here: 0, 1"],
    );
}

#[test]
fn a_run_is_read_without_its_library_unless_told() {
    let place = Place::new();
    let path = place.path("moved.so");
    std::fs::copy(library("kinds"), &path).unwrap();
    let run = [
        "run",
        "--plugin",
        text(&path),
        "--task",
        "brightness",
        "--out",
        "r",
    ];
    let more = ["--schedule", "halves", "--trials", "2"];
    place.text(&[&run[..], &more, &sets(&small(&["search", "plugin"]))].concat());
    let told = ["report", "r", "--load", "--out", "told.html"];
    let page = |args: &[&str], file: &str| {
        place.text(args);
        std::fs::read_to_string(place.path(file)).unwrap()
    };
    let unknown = "the run uses a library; load it with --load";
    assert!(!page(&told, "told.html").contains(unknown));
    // An attempt to load it from now on is an error, which a page shows.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(place.json(&["trials", "r", "--json"]).len(), 2);
    assert!(place.text(&["trials", "r"]).contains("trial"));
    place.refuses(&["watch", "r"], &["terminal"]);
    assert!(page(&["report", "r"], "r/report.html").contains(unknown));
    let failed = page(&["report", "r", "--load"], "r/report.html");
    assert!(failed.contains("moved.so") && !failed.contains(unknown));
}
