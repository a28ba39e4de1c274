//! `plugins new`: its crates build, pass their checks, and search without changes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::path::{Path, PathBuf};
use std::process::Command;

use program::{Place, library_file, sets, small};

const KINDS: [&str; 4] = ["space", "controller", "schedule", "task"];
/// Maximum number of lines of a template, by kind.
const LINES: [usize; 4] = [40, 60, 40, 48];

/// Cargo in `folder`, offline; dependencies are built once and kept.
fn cargo(folder: &Path, args: &[&str]) {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(folder).args(args);
    command.env("CARGO_TARGET_DIR", built());
    command.env_remove("RUSTFLAGS");
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success(),
        "cargo {args:?} in {folder:?}: {said}"
    );
    assert!(!said.contains("warning"), "{said}");
}

fn built() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins_new")
}

fn library(name: &str) -> String {
    let path = built().join("debug").join(library_file(name));
    path.display().to_string()
}

#[test]
fn new_crates_build_pass_their_checks_and_search() {
    let place = Place::new();
    for (kind, most) in KINDS.into_iter().zip(LINES) {
        let name = format!("new-{kind}");
        let said = place.text(&["plugins", "new", &name, "--kind", kind]);
        assert!(said.contains("nasfw plugins check"), "{said}");
        let folder = place.path(&name);
        let lines = std::fs::read_to_string(folder.join("src/lib.rs"))
            .unwrap()
            .lines()
            .count();
        assert!(lines <= most, "{kind}: {lines} lines");
        assert!(
            !std::fs::read_to_string(folder.join("README.md"))
                .unwrap()
                .contains("{{")
        );
        // The versions that this workspace has already fetched.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
        std::fs::copy(lock, folder.join("Cargo.lock")).unwrap();
        cargo(&folder, &["fmt", "--check"]);
        cargo(&folder, &["test", "--offline", "--quiet"]);
        cargo(&folder, &["build", "--offline", "--quiet"]);
        let verdict = place.text(&["plugins", "check", &library(&name)]);
        assert!(
            verdict.contains(&format!("{name}: passes all checks")),
            "{verdict}"
        );
    }
    let libraries = KINDS.map(|kind| library(&format!("new-{kind}")));
    let mut args = vec!["run", "--out", "run", "--trials", "2"];
    args.extend([
        "--controller",
        "new-controller",
        "--schedule",
        "new-schedule",
        "--task",
        "new-task",
    ]);
    for library in &libraries {
        args.extend(["--plugin", library]);
    }
    args.extend(sets(&small(&["search"])));
    place.text(&args);
    let trials = place.json(&["trials", "run", "--json"]);
    assert_eq!(trials.len(), 2);
    assert!(
        trials.iter().all(|t| t["reward"].as_f64().is_some()),
        "{trials:?}"
    );
}

#[test]
fn names_that_cannot_be_are_refused() {
    let place = Place::new();
    let new = |name: &str, kind: &str, parts: &[&str]| {
        place.refuses(&["plugins", "new", name, "--kind", kind], parts);
    };
    for name in ["", "3d", "My-space", "my space", "mein-räumchen", "../x"] {
        new(name, "space", &["starting with a letter"]);
    }
    new(&"x".repeat(65), "space", &["1 to 64"]);
    new("loop", "task", &["loop", "not a valid crate name"]);
    new("segm", "controller", &["plugin segm", "choose another"]);
    new(
        "ppo",
        "controller",
        &["ppo of plugin builtin", "choose another"],
    );
    new("mine", "spice", &["spice", "space"]);
    place.refuses(
        &[
            "plugins", "new", "mine", "--kind", "task", "--sdk", "nowhere",
        ],
        &["--sdk nowhere", "framework/sdk"],
    );
}

/// A type named by the author does not shadow those of a template.
#[test]
fn a_name_may_be_a_word_of_the_template() {
    let place = Place::new();
    for (name, kind, wanted) in [
        ("blueprint", "space", "pub struct BlueprintPlugin"),
        ("search-space", "space", "pub struct SearchSpace {"),
        (
            "reward_schedule",
            "schedule",
            "pub struct RewardSchedulePlugin",
        ),
        ("option", "controller", "pub struct OptionPlugin"),
        ("hills", "controller", "pub struct Hills"),
    ] {
        place.text(&["plugins", "new", name, "--kind", kind]);
        let text = std::fs::read_to_string(place.path(name).join("src/lib.rs")).unwrap();
        assert!(text.contains(wanted), "{text}");
    }
}

#[test]
fn nothing_is_written_over() {
    let place = Place::new();
    let full = place.path("full");
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("notes"), "mine").unwrap();
    let new = ["plugins", "new", "mine", "--kind", "task", "--out"];
    place.refuses(
        &[&new[..], &["full"]].concat(),
        &["full", "not empty", "--out"],
    );
    place.refuses(
        &[&new[..], &["full/notes"]].concat(),
        &["full/notes", "--out"],
    );
    place.refuses(
        &[&new[..], &["full/notes/x"]].concat(),
        &["full/notes/x", "--out"],
    );
    std::fs::create_dir(place.path("empty")).unwrap();
    place.text(&[&new[..], &["empty"]].concat());
    assert!(place.path("empty/src/lib.rs").is_file());
}
