//! Paths of the libraries, and loading them into the test itself.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Once;

use nasfw_abi::MAGIC;
use nasfw_plugin_host::{Loaded, ProbeProgram, load, probe_with};

pub(crate) use crate::program::example as library;

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Sets the real program as the one that probes libraries.
pub(crate) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        probe_with(ProbeProgram {
            program: env!("CARGO_BIN_EXE_nasfw").into(),
            args: vec!["__nasfw-probe".into()],
        });
    });
}

/// The misbehaving library, loaded into this test.
pub(crate) fn rude() -> &'static Loaded {
    prepare();
    load(text(&library("rude"))).unwrap()
}

/// The library's bytes without debug information.
pub(crate) fn stripped(name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let small = folder.path().join("small.so");
    let strip = Command::new("strip")
        .arg("-o")
        .arg(&small)
        .arg(library(name))
        .output();
    match strip {
        Ok(output) if output.status.success() => std::fs::read(small).unwrap(),
        // Larger, but equally valid.
        _ => std::fs::read(library(name)).unwrap(),
    }
}

/// The position of the stamp in a library's bytes.
pub(crate) fn stamp_at(bytes: &[u8]) -> usize {
    let mut places = (0..bytes.len() - 16).filter(|&at| bytes[at..at + 16] == MAGIC);
    let place = places.next().unwrap();
    assert_eq!(places.next(), None, "one stamp");
    place
}

/// Replaces every occurrence of `from`, which must exist, with `to` of the same length.
pub(crate) fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let mut found = 0;
    for at in 0..=bytes.len() - from.len() {
        if &bytes[at..at + from.len()] == from {
            bytes[at..at + from.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0, "{}", String::from_utf8_lossy(from));
}

/// The message of a refusal: one line, exit code 2, no crash.
pub(crate) fn refusal(output: &Output) -> String {
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.starts_with("error: plugin "), "{message}");
    assert_eq!(message.trim_end().lines().count(), 1, "{message}");
    message
}
