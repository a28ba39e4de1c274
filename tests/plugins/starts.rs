//! Libraries that misbehave while they are loaded, or describe themselves badly.

#![cfg(target_os = "linux")]

use std::process::{Command, Output};

use crate::library::{library, refusal};

/// Has the program list the library's items, which loads it.
fn start(how: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nasfw"));
    command
        .args(["plugins", "list", "--plugin"])
        .arg(library("rude"));
    command.env("NASFW_RUDE_START", how).output().unwrap()
}

#[test]
fn each_is_refused_and_the_program_lives() {
    assert!(start("").status.success());
    for (how, part) in [
        ("aborts", "signal 6 (SIGABRT)"),
        ("faults", "signal 11 (SIGSEGV)"),
        ("exits", "exited with code 0"),
        ("loops", "did not finish loading within 3 seconds"),
        ("faults at the end", "signal 11 (SIGSEGV)"),
        ("null table", "returned a null table"),
        ("short table", "has 8 bytes"),
        ("no call", "lacks call"),
        ("other version", "its table has version 7.0"),
        ("describes nothing", "registers 0 items"),
        ("describes garbage", "its description is invalid"),
        (
            "describes itself otherwise",
            "differently each time it is loaded",
        ),
        ("describes too much", "replied with 3000000 bytes"),
        ("describes odd names", "`../a b` is not allowed"),
        ("describes no settings", "are not a table"),
    ] {
        let message = refusal(&start(how));
        assert!(message.contains(part), "{how}: {message}");
    }
}
