//! Ctrl-C and SIGTERM end a search cleanly, and no worker outlives its program.

use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::program::Place;
use crate::search::{finish, run};

/// The workers of a program, as the system lists them.
pub(crate) fn workers(parent: u32) -> Vec<u32> {
    let list = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,args="])
        .output()
        .unwrap();
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    let of = |line: &str| {
        let mut words = line.split_whitespace();
        let (pid, ppid) = (
            words.next()?.parse().ok()?,
            words.next()?.parse::<u32>().ok()?,
        );
        (ppid == parent && line.contains("__nasfw-worker")).then_some(pid)
    };
    list.lines().filter_map(of).collect()
}

pub(crate) fn send(signal: &str, pid: u32) {
    let kill = Command::new("kill")
        .args([&format!("-{signal}"), &pid.to_string()])
        .status();
    assert!(kill.unwrap().success());
}

fn is_running(pid: u32) -> bool {
    let state = Command::new("ps")
        .args(["-o", "state=", "-p", &pid.to_string()])
        .output();
    let state = String::from_utf8_lossy(&state.unwrap().stdout)
        .trim()
        .to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

#[allow(
    clippy::zombie_processes,
    reason = "a search that does not begin fails the test"
)]
/// Starts a search of two workers and waits for both, and for the first trial if there is one.
fn begin(place: &Place, out: &str, settings: &[&str], wanted: usize) -> (Child, Vec<u32>) {
    let all = [settings, &["run.workers=2"]].concat();
    let mut command = run(place, out, &all);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
        let found = workers(child.id());
        let listed = place.call(&["trials", out, "--json"]).stdout;
        let finished = listed.iter().filter(|b| **b == b'\n').count();
        if found.len() == 2 && finished >= wanted {
            return (child, found);
        }
    }
    panic!("{out} does not get going");
}

fn end(child: Child, workers: &[u32]) -> (Output, Duration) {
    let start = Instant::now();
    let output = child.wait_with_output().unwrap();
    let took = start.elapsed();
    while workers.iter().any(|pid| is_running(*pid)) {
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "a worker outlives its program"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    (output, took)
}

#[test]
fn a_stopped_search_keeps_what_was_evaluated_and_continues_alike() {
    let place = Place::new();
    let slow = ["run.trials=12", "space.at=decode", "space.how=dawdle"];
    finish(&place, "whole", &slow);
    for signal in ["INT", "TERM"] {
        let (child, workers) = begin(&place, signal, &slow, 1);
        send(signal, child.id());
        let (output, _) = end(child, &workers);
        let errors = String::from_utf8_lossy(&output.stderr);
        // A machine fast enough may have finished before the signal came.
        let is_stopped = output.status.code() == Some(1) && errors.contains("nasfw resume");
        assert!(is_stopped || output.status.success(), "{errors}");
        place.text(&["resume", signal, "--quiet"]);
        place.assert_same("whole", signal);
    }
}

/// Both workers hang in their trials.
const HANGING: [&str; 3] = ["space.at=decode", "space.how=hang", "space.after=1"];

#[test]
fn workers_that_hang_are_not_waited_for() {
    let place = Place::new();
    let (child, workers) = begin(&place, "r", &HANGING, 0);
    send("INT", child.id());
    let (output, took) = end(child, &workers);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("stopped after 0 of"), "{errors}");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_killed_program_takes_its_workers_along() {
    let place = Place::new();
    let (mut child, workers) = begin(&place, "r", &HANGING, 0);
    child.kill().unwrap();
    end(child, &workers);
}
