//! Files that are no plugins for this program: each is refused with one line that gives the reason,
//! before any of it executes, and the program survives.

use std::path::{Path, PathBuf};

use nasfw_plugin_host::{load, open};

use crate::library::{library, prepare, replace, stamp_at, stripped, text};

/// A folder, and the good library that the bad ones are made from.
struct Bench {
    folder: tempfile::TempDir,
    good: Vec<u8>,
}

impl Bench {
    fn new() -> Self {
        prepare();
        Self {
            folder: tempfile::tempdir().unwrap(),
            good: stripped("kinds"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, bytes: &[u8]) -> PathBuf {
        let path = self.path("bad.so");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The good library with a change must be refused with a message that contains `part`.
    fn refuses_changed(&self, change: impl FnOnce(&mut Vec<u8>), part: &str) {
        let mut bytes = self.good.clone();
        change(&mut bytes);
        refuses(text(&self.write(&bytes)), part);
    }

    /// The same, with bytes of the stamp replaced.
    fn refuses_stamp(&self, at: usize, bytes: &[u8], part: &str) {
        self.refuses_changed(
            |library| {
                let stamp = stamp_at(library);
                library[stamp + at..stamp + at + bytes.len()].copy_from_slice(bytes);
            },
            part,
        );
    }
}

/// Loading must be refused with one line that contains `part`.
fn refuses(reference: &str, part: &str) {
    let message = match open(reference) {
        Ok(_) => panic!("{reference} loads; expected: {part}"),
        Err(e) => e.to_string(),
    };
    assert!(message.starts_with("plugin "), "{message}");
    assert!(message.contains(part), "expected: {part}; {message}");
    assert!(!message.chars().any(char::is_control), "{message:?}");
}

#[test]
fn what_is_no_library_at_all() {
    let bench = Bench::new();
    refuses(text(&bench.path("missing.so")), "no such file");
    refuses(text(bench.folder.path()), "is a folder");
    refuses(text(&bench.write(b"")), "is empty");
    refuses(
        text(&bench.write(b"#!/bin/sh\nexit 0\n")),
        "not a shared library for this system",
    );
    refuses(
        text(&bench.write(&vec![0; 100_000])),
        "not a shared library for this system",
    );
    refuses(
        text(&bench.write(&vec![0xff; 100_000])),
        "not a shared library for this system",
    );
    refuses(env!("CARGO_BIN_EXE_nasfw"), "no nasfw stamp");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_trusted() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let bench = Bench::new();
    let link = bench.path("link.so");
    symlink(bench.path("nothing"), &link).unwrap();
    refuses(text(&link), "a broken link");
    refuses("/dev/null", "not a regular file");
    let file = bench.write(&bench.good);
    let allow = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(&file, 0o666);
    refuses(text(&file), "chmod o-w");
    allow(&file, 0o644);
    let open_to_all = bench.path("open");
    std::fs::create_dir(&open_to_all).unwrap();
    allow(&open_to_all, 0o777);
    let inside = open_to_all.join("good.so");
    std::fs::write(&inside, &bench.good).unwrap();
    refuses(text(&inside), "anyone may change the contents");
    // Like /tmp.
    allow(&open_to_all, 0o1777);
    assert!(open(text(&inside)).is_ok());
}

#[test]
fn what_is_cut_off() {
    let bench = Bench::new();
    let length = bench.good.len();
    for end in [10, 64, 4000, length / 2, length - 1] {
        bench.refuses_changed(|bytes| bytes.truncate(end), "");
    }
    bench.refuses_changed(|bytes| bytes.truncate(length / 2), "truncated");
    // The full length, with only zeros after the headers.
    bench.refuses_changed(|bytes| bytes[4096..].fill(0), "");
}

#[test]
fn what_is_for_another_machine() {
    let bench = Bench::new();
    let other = if cfg!(target_arch = "x86_64") {
        183
    } else {
        62
    };
    bench.refuses_changed(|bytes| bytes[18] = other, "is for another machine");
    bench.refuses_changed(|bytes| bytes[4] = 1, "");
    bench.refuses_changed(|bytes| bytes[5] = 2, "");
    // A relocatable object, not a shared one.
    bench.refuses_changed(|bytes| bytes[16] = 1, "not a shared library but");
    bench.refuses_stamp(32, &32_u32.to_ne_bytes(), "for another machine");
    bench.refuses_stamp(36, &0x0403_0201_u32.to_ne_bytes(), "for another machine");
}

#[test]
fn what_has_no_stamp_or_another() {
    let bench = Bench::new();
    bench.refuses_changed(
        |bytes| replace(bytes, b".nasfw\0", b".nosfw\0"),
        "no nasfw stamp",
    );
    bench.refuses_stamp(0, b"X", "not from nasfw");
    bench.refuses_stamp(16, &8_u32.to_ne_bytes(), "has only 8 bytes");
    let version = |major: u16, minor: u16| {
        let [a, b] = major.to_ne_bytes();
        let [c, d] = minor.to_ne_bytes();
        [a, b, c, d]
    };
    bench.refuses_stamp(
        20,
        &version(3, 0),
        "speaks version 3.0 of the plugin interface",
    );
    bench.refuses_stamp(20, &version(3, 0), "use a newer nasfw");
    bench.refuses_stamp(20, &version(0, 9), "rebuild it");
    bench.refuses_stamp(20, &version(1, 7), "speaks version 1.7");
    bench.refuses_stamp(24, &2_u32.to_ne_bytes(), "writes graphs of version 2 to 1");
    bench.refuses_stamp(28, &0_u32.to_ne_bytes(), "writes graphs of version 1 to 0");
}

#[test]
fn what_lacks_a_symbol() {
    let bench = Bench::new();
    bench.refuses_changed(
        |bytes| replace(bytes, b"nasfw_plugin_entry", b"nasfw_plugin_extry"),
        "does not export nasfw_plugin_entry",
    );
    bench.refuses_changed(
        |bytes| replace(bytes, b"\0memcpy\0", b"\0memcpx\0"),
        "memcpx",
    );
}

#[test]
fn other_bytes_than_those_asked_for() {
    let bench = Bench::new();
    let file = bench.write(&bench.good);
    let wanted = "0".repeat(64);
    refuses(&format!("{}#sha256={wanted}", text(&file)), &wanted);
    refuses(
        &format!("{}#sha256=12", text(&file)),
        "64 hexadecimal digits",
    );
    refuses(&format!("{}#sha256=", text(&file)), "64 hexadecimal digits");
}

#[test]
fn names_that_are_taken() {
    prepare();
    // Its items are built into this test.
    let path = library("kinds");
    let message = load(text(&path)).err().unwrap().to_string();
    for part in ["tiny", "this program", text(&path)] {
        assert!(message.contains(part), "{part}: {message}");
    }
    // The same names in a library of other bytes.
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.so");
    crate::library::rude();
    let mut bytes = std::fs::read(library("rude")).unwrap();
    bytes.push(0);
    std::fs::write(&other, bytes).unwrap();
    let message = load(text(&other)).err().unwrap().to_string();
    for part in ["rude", text(&library("rude")), text(&other)] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn two_copies_are_apart_and_the_same_bytes_load_once() {
    let bench = Bench::new();
    let file = bench.write(&bench.good);
    let (one, other) = (open(text(&file)).unwrap(), open(text(&file)).unwrap());
    assert!(!std::ptr::eq(one, other));
    assert_eq!(one.described(), other.described());
    assert_eq!(one.described().items.len(), 4);
    let first = crate::library::rude();
    let copy = bench.path("copy.so");
    std::fs::copy(library("rude"), &copy).unwrap();
    assert!(std::ptr::eq(first, load(text(&copy)).unwrap()));
}
