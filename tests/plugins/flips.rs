//! Libraries with one bit flipped: whatever they do, the program that loads them survives.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use nasfw_plugin_host::inspect;
use nasfw_sdk::Seed;
use rand::RngExt;

use crate::library::{stripped, text};

const FLIPS: usize = 300;

/// Nothing executes here: whatever the bytes are, inspecting them gives a description or an error.
#[test]
fn looking_at_any_bytes_is_safe() {
    let good = stripped("kinds");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.so");
    let mut refused = 0;
    for at in 0..800 {
        let mut rng = Seed(2).stream(&format!("odd/{at}"));
        let mut bytes = good.clone();
        // In the headers at the start, or in the section table at the end.
        let (from, to) = match at % 2 {
            0 => (0, 2048.min(bytes.len())),
            _ => (bytes.len().saturating_sub(4096), bytes.len()),
        };
        for _ in 0..rng.random_range(1..64) {
            bytes[rng.random_range(from..to)] = rng.random();
        }
        if at % 5 == 0 {
            bytes.truncate(rng.random_range(0..bytes.len()));
        }
        std::fs::write(&path, &bytes).unwrap();
        refused += usize::from(inspect(text(&path)).is_err());
    }
    assert!(refused > 400, "{refused} of 800 refused");
}

#[test]
fn no_flipped_library_ends_the_program() {
    let good = stripped("kinds");
    let folder = tempfile::tempdir().unwrap();
    let (next, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = &|thread: usize| {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= FLIPS {
                return;
            }
            let mut rng = Seed(1).stream(&format!("flip/{at}"));
            let mut bytes = good.clone();
            // A third of them in the headers and the tables after them, where a flip matters most.
            let end = if at % 3 == 0 {
                16_384.min(bytes.len())
            } else {
                bytes.len()
            };
            let place = rng.random_range(0..end);
            bytes[place] ^= 1 << rng.random_range(0..8);
            let path = folder.path().join(format!("flipped{thread}.so"));
            std::fs::write(&path, &bytes).unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_nasfw"));
            let output = command
                .args(["plugins", "list", "--plugin"])
                .arg(&path)
                .output()
                .unwrap();
            let message = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                // Nothing reads that bit.
                Some(0) => {}
                Some(2) => {
                    // The child that probed it may have printed something before.
                    assert!(
                        message
                            .lines()
                            .any(|line| line.starts_with("error: plugin ")),
                        "byte {place}: {message}"
                    );
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                _ => panic!("byte {place}: {:?} {message}", output.status),
            }
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..2 {
            scope.spawn(move || work(thread));
        }
    });
    // Most header bits matter; if no flip were detected, the test would have tested nothing.
    let refused = refused.into_inner();
    assert!(refused >= FLIPS / 20, "{refused} of {FLIPS} refused");
}
