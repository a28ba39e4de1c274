//! Searches try what an earlier version tried: `fixtures/kept_record` has its trials, and how they were made.
//!
//! Rewards repeat to the bit only with the instructions that the record was made with. On another machine they are
//! not compared, which is said; what a search chooses before it has learned from a reward, and what that costs, is.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::io::Write;
use std::path::{Path, PathBuf};

use program::{Place, sets};
use serde_json::Value;

/// Trials of a round: proposed before a reward is known.
const ROUND: usize = 2;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kept_record")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(folder().join(file)).unwrap()
}

/// Whether this machine computes with the instructions of the record: AVX-512, and the mathematical functions of
/// GNU's library.
fn has_its_instructions() -> bool {
    #[cfg(all(target_arch = "x86_64", target_env = "gnu", target_os = "linux"))]
    return [
        std::is_x86_feature_detected!("avx512f"),
        std::is_x86_feature_detected!("avx512bw"),
        std::is_x86_feature_detected!("avx512cd"),
        std::is_x86_feature_detected!("avx512dq"),
        std::is_x86_feature_detected!("avx512vl"),
    ]
    .iter()
    .all(|has| *has);
    #[cfg(not(all(target_arch = "x86_64", target_env = "gnu", target_os = "linux")))]
    false
}

/// Compares the trials of a search with those of the record; the first `sure` of them follow from the seed alone.
fn compare(name: &str, found: &str, sure: usize) {
    let kept = read(&format!("{name}.jsonl"));
    if has_its_instructions() {
        for (found, kept) in found.lines().zip(kept.lines()) {
            assert_eq!(found, kept, "{name}");
        }
        assert_eq!(found.lines().count(), kept.lines().count(), "{name}");
        return;
    }
    // Not by a macro: the test harness shows what those write only where a test fails.
    let note = format!("{name}: made with AVX-512, which is not here; rewards are not compared\n");
    std::io::stderr().write_all(note.as_bytes()).unwrap();
    let parsed = |text: &str| -> Vec<Value> {
        let lines = text.lines().take(sure);
        lines.map(|l| serde_json::from_str(l).unwrap()).collect()
    };
    for (found, kept) in parsed(found).iter().zip(&parsed(&kept)) {
        for key in ["id", "genotype", "params", "macs"] {
            assert_eq!(found[key], kept[key], "{name}: {key} of {kept}");
        }
    }
}

/// The searches of the record whose schedule is `only`, evaluated by the program itself and by two workers.
fn search_again(only: &str) {
    let place = Place::new();
    let searches = read("searches");
    let its = searches.lines().map(|l| l.split(' ').collect::<Vec<_>>());
    let mut count = 0;
    for search in its.filter(|search| search[1] == only) {
        let [name, schedule, task, settings @ ..] = &search[..] else {
            panic!("{search:?}");
        };
        let config = folder().join(format!("{schedule}.toml"));
        let controller = name.trim_end_matches("-factorised");
        let record = format!("{name}-{schedule}");
        for workers in ["0", "2"] {
            let out = format!("{record}-{workers}");
            let base = ["run", "--preset", "demo", "--plugin", "segm", "--out", &out];
            let its = [
                "--config",
                config.to_str().unwrap(),
                "--task",
                task,
                "--controller",
                controller,
                "--workers",
                workers,
            ];
            place.text(&[&base[..], &its, &sets(settings)].concat());
            let sure = match *name {
                "random" => usize::MAX,
                _ => ROUND,
            };
            compare(&record, &place.trials(&out), sure);
        }
        count += 1;
    }
    assert_eq!(count, 8);
}

#[test]
fn progressive_searches_try_the_same() {
    search_again("progressive");
}

#[test]
fn single_stage_searches_try_the_same() {
    search_again("single-stage");
}

#[test]
#[ignore = "needs minutes, even of a release build"]
fn the_whole_preset_tries_the_same() {
    let place = Place::new();
    place.text(&[
        "run", "--preset", "demo", "--plugin", "segm", "--seed", "0", "--out", "demo",
    ]);
    // Rounds of four.
    compare("demo", &place.trials("demo"), 4);
}
