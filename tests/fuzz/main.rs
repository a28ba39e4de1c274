//! Untrusted input, damaged at random: no panic, no unbounded memory.
//!
//! Every target runs over its stored corpus and over mutations of it, the same ones every time.
//! `NASFW_FUZZ_CASES` sets their number (1,000 per target by default). The same targets run under
//! libFuzzer, see `cargo/README.md`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod targets;

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

/// Memory limit of the whole program; the largest image that is read takes 512 MB. Memory is
/// checked only on systems that enforce such a limit.
#[cfg(target_os = "linux")]
const MAX_BYTES: u64 = 1 << 30;

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

/// A kept file in which up to four pieces are replaced, by bytes or by text; a piece is short or all of the rest.
fn damaged(kept: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let cut = prop_oneof![9 => 0..32_usize, 1 => Just(usize::MAX)];
    let text = "[ -~]{0,8}".prop_map(String::into_bytes);
    let put = prop_oneof![vec(any::<u8>(), 0..8), text];
    let pieces = vec((any::<Index>(), cut, put), 1..=4);
    (select(kept), pieces).prop_map(|(mut bytes, pieces)| {
        for (at, cut, put) in pieces {
            let at = at.index(bytes.len() + 1);
            let end = at.saturating_add(cut).min(bytes.len());
            bytes.splice(at..end, put);
        }
        bytes
    })
}

#[test]
fn damaged_input_is_an_error_and_no_more() {
    #[cfg(target_os = "linux")]
    rlimit::Resource::DATA.set(MAX_BYTES, MAX_BYTES).unwrap();
    let cases = std::env::var("NASFW_FUZZ_CASES").map_or(1000, |n| n.parse().unwrap());
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    for (name, target) in targets::ALL {
        let kept = corpus(name);
        assert!(!kept.is_empty(), "{name} has no corpus");
        for bytes in &kept {
            target(bytes);
        }
        let rng = TestRng::deterministic_rng(RngAlgorithm::default());
        let mut runner = TestRunner::new_with_rng(config.clone(), rng);
        let failed = runner.run(&damaged(kept), |bytes| {
            target(&bytes);
            Ok(())
        });
        if let Err(TestError::Fail(why, bytes)) = failed {
            let found = std::env::temp_dir().join(format!("nasfw-fuzz-{name}"));
            fs::write(&found, &bytes).unwrap();
            panic!("{name}: {why}; the input is in {}", found.display());
        }
    }
}
