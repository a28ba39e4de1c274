//! The search space in C: compiled by `cc`, checked, searched, and run under valgrind.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../program/mod.rs"]
mod program;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use program::{sets, small};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn done(output: Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    out
}

/// Compiles `source` into `to` with the flags of the example's Makefile.
fn compile(source: &str, to: &Path, more: &[&str]) {
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-g", "-std=c11", "-Wall", "-Wextra", "-Werror"]);
    cc.arg("-I").arg(root().join("framework/abi/include"));
    cc.arg("-o").arg(to).arg(root().join(source)).args(more);
    done(cc.output().unwrap());
}

fn library(folder: &Path) -> PathBuf {
    let library = folder.join("libplain_c.so");
    let flags = ["-shared", "-fPIC", "-fvisibility=hidden"];
    compile("examples/space_in_c/plugin.c", &library, &flags);
    library
}

fn nasfw(folder: &Path, args: &[&str]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_nasfw"));
    done(program.current_dir(folder).args(args).output().unwrap())
}

#[test]
fn it_passes_the_checks_and_is_searched() {
    let folder = tempfile::tempdir().unwrap();
    library(folder.path());
    let verdict = nasfw(folder.path(), &["plugins", "check", "./libplain_c.so"]);
    assert!(
        verdict.contains("space plain-c: passes all checks"),
        "{verdict}"
    );
    let search = [
        "run",
        "--plugin",
        "./libplain_c.so",
        "--task",
        "segm",
        "--preset",
        "demo",
        "--trials",
        "3",
        "--out",
        "found",
        "--json",
    ];
    let settings = sets(&small(&["search", "stages"]));
    nasfw(folder.path(), &[&search[..], &settings].concat());
    let trials = nasfw(folder.path(), &["trials", "found", "--json"]);
    assert_eq!(trials.lines().count(), 3, "{trials}");
    for trial in trials.lines() {
        let is_genotype = |text: &str| trial.contains(&format!("\"genotype\":\"{text}"));
        assert!(
            (1..=4).any(|depth| is_genotype(&format!("d{depth}k"))),
            "{trial}"
        );
        assert!(!trial.contains("\"failed\""), "{trial}");
    }
}

#[test]
#[ignore = "needs valgrind"]
fn valgrind_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (library, host) = (library(folder.path()), folder.path().join("host"));
    compile("tests/space_in_c/host.c", &host, &["-ldl"]);
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--quiet", "--error-exitcode=9", "--leak-check=full"]);
    let said = done(valgrind.arg(host).arg(library).output().unwrap());
    assert!(said.contains("answered"), "{said}");
}
