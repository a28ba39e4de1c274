//! Untrusted input, damaged at random: no panic, no unbounded memory.
//!
//! Every target runs over its stored corpus and over mutations of it, the same ones every time.
//! `NASFW_FUZZ_CASES` sets their number (1,000 per target by default). The same targets run under
//! libFuzzer, see `cargo/README.md`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mutate;
mod targets;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use nasfw_sdk::Seed;

/// Memory limit of the whole program; the largest image that is read takes 512 MB. Memory is
/// checked only on systems that enforce such a limit.
#[cfg(target_os = "linux")]
const MOST_BYTES: u64 = 1 << 30;

/// The corpus files of a target.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(name);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|f| fs::read(f).unwrap()).collect()
}

#[test]
fn damaged_input_is_an_error_and_no_more() {
    #[cfg(target_os = "linux")]
    rlimit::Resource::DATA.set(MOST_BYTES, MOST_BYTES).unwrap();
    let cases = std::env::var("NASFW_FUZZ_CASES").map_or(1000, |n| n.parse().unwrap());
    for (name, target) in targets::ALL {
        let kept = corpus(name);
        assert!(!kept.is_empty(), "{name} has no corpus");
        for bytes in &kept {
            target(bytes);
        }
        let mut rng = Seed(7).stream(name);
        for case in 0..cases {
            let bytes = mutate::mutated(&kept[case % kept.len()], &kept, &mut rng);
            if catch_unwind(|| target(&bytes)).is_err() {
                let found = std::env::temp_dir().join(format!("nasfw-fuzz-{name}-{case}"));
                fs::write(&found, &bytes).unwrap();
                panic!("{name}, case {case}: the input is in {}", found.display());
            }
        }
    }
}
