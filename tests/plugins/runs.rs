//! A misbehaving library never costs a run a finished trial.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::library::{library, refusal, text};
use crate::program::{Place, sets, small};

/// A short search whose task, controller and schedule are the rude library's.
fn settings() -> Vec<&'static str> {
    let its = [
        "task.name=rude-task",
        "controller.name=rude-controller",
        "schedule.name=rude-schedule",
        // Faults count calls; with rounds, several proposals are drawn before the first trial.
        "run.round=1",
    ];
    [&its[..], &small(&["search", "plugin"])].concat()
}

/// A run with the rude library and faults such as `space.at=decode`.
fn command(place: &Place, out: &str, orders: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nasfw"));
    command
        .arg("run")
        .arg("--out")
        .arg(place.path(out))
        .arg("--plugin")
        .arg(library("rude"));
    command.args(sets(&[&settings()[..], orders].concat()));
    command
}

fn run(place: &Place, out: &str, orders: &[&str]) -> Output {
    command(place, out, orders).output().unwrap()
}

fn trials(place: &Place, out: &str) -> Vec<Value> {
    place.json(&["trials", out, "--json", "--no-times"])
}

#[test]
fn a_loaded_library_stays_whatever_becomes_of_its_file() {
    let loaded = crate::library::rude();
    let gone = format!("./gone.so#sha256={}", loaded.inspected.sha256);
    let again = nasfw_plugin_host::load(&gone).unwrap();
    assert!(std::ptr::eq(loaded, again));
    let other = format!("./gone.so#sha256={}", "0".repeat(64));
    assert!(nasfw_plugin_host::load(&other).is_err());
}

#[test]
fn a_space_or_task_that_panics_costs_the_architecture_only() {
    let place = Place::new();
    for (out, orders, reason) in [
        (
            "space",
            ["space.at=decode-deep", "space.how=panic"],
            "as told, in decode-deep",
        ),
        (
            "encoder",
            ["space.at=decode-deep", "space.how=lie"],
            "graph node encoder: differs from that of another architecture",
        ),
        (
            "loss",
            ["task.at=custom_loss", "task.how=panic"],
            "as told, in custom_loss",
        ),
        (
            "gradient",
            ["task.at=gradient", "task.how=lie"],
            "the gradient of the task's custom loss",
        ),
    ] {
        // The warm-up has two steps, and so has a stage. The first architecture is decoded for its
        // encoder.
        let after = match out {
            "space" => "space.after=0",
            "encoder" => "space.after=1",
            _ => "task.after=10",
        };
        let output = run(
            &place,
            out,
            &[&orders[..], &["run.trials=8", after]].concat(),
        );
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{out}: {message}");
        let trials = trials(&place, out);
        assert_eq!(trials.len(), 8, "{out}");
        let (failed, evaluated): (Vec<_>, Vec<_>) =
            trials.iter().partition(|t| t["status"] == "failed");
        assert!(
            !failed.is_empty() && !evaluated.is_empty(),
            "{out}: {trials:?}"
        );
        for trial in failed {
            assert!(
                trial["reason"].as_str().unwrap().contains(reason),
                "{out}: {trial}"
            );
            assert!(trial["reward"].is_null(), "a failure is not a score");
        }
    }
}

#[test]
fn a_controller_or_schedule_that_panics_ends_the_run_with_its_trials() {
    let place = Place::new();
    for (out, at, how) in [
        ("propose", "controller.at=propose", "controller.how=panic"),
        ("observe", "controller.at=observe", "controller.how=panic"),
        ("save", "controller.at=save", "controller.how=bomb"),
        ("verdict", "schedule.at=verdict", "schedule.how=panic"),
        ("told", "schedule.at=reward", "schedule.how=lie"),
    ] {
        let item = at.split('.').next().unwrap();
        let after = format!("{item}.after=2");
        let output = run(&place, out, &[at, how, &after, "run.trials=6"]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{out}: {message}");
        for part in [
            "error: the search cannot continue: plugin rude: ",
            "nasfw resume",
        ] {
            assert!(message.contains(part), "{out}: {message}");
        }
        let kept = trials(&place, out).len();
        assert!((1..6).contains(&kept), "{out}: {kept} trials");
        // Calls are counted from the start of a process, so resuming gets two calls further.
        place.call(&["resume", out]);
        assert!(trials(&place, out).len() > kept, "{out}");
    }
}

/// Presses Ctrl-C once that many trials are finished, and waits for the end.
#[cfg(unix)]
fn interrupt(place: &Place, out: &str, after: usize, orders: &[&str]) -> (Output, Duration) {
    let mut command = command(place, out, orders);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    for _ in 0..1000 {
        let listed = place.call(&["trials", out, "--json"]);
        let finished = listed.stdout.iter().filter(|b| **b == b'\n').count();
        if listed.status.success() && finished >= after {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // Until it is in the call that does not return.
    std::thread::sleep(Duration::from_millis(300));
    let pid = child.id().to_string();
    Command::new("kill").args(["-INT", &pid]).status().unwrap();
    let start = Instant::now();
    let output = child.wait_with_output().unwrap();
    (output, start.elapsed())
}

#[cfg(unix)]
#[test]
fn a_call_that_never_returns_does_not_keep_the_program() {
    let place = Place::new();
    let orders = [
        "controller.at=propose",
        "controller.how=hang",
        "controller.after=2",
    ];
    let (output, took) = interrupt(&place, "hang", 2, &orders);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    let said = "plugin rude does not return from `propose`; exiting anyway";
    assert!(message.contains(said), "{message}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(trials(&place, "hang").len(), 2);
    // Calls are counted from the start of a process.
    place.text(&["resume", "hang", "--trials", "3"]);
    assert_eq!(trials(&place, "hang").len(), 3);
}

#[cfg(unix)]
#[test]
fn a_call_that_asks_is_told_to_stop() {
    let place = Place::new();
    let orders = ["space.at=decode", "space.how=wait", "space.after=2"];
    let (output, took) = interrupt(&place, "wait", 1, &orders);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("stopped after 1 of"), "{message}");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("waiting to be stopped"), "{shown}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(trials(&place, "wait").len(), 1);
}

#[test]
fn a_run_continues_with_the_bytes_it_began_with_only() {
    let place = Place::new();
    let copy = place.path("mine.so");
    std::fs::copy(library("rude"), &copy).unwrap();
    let plugin = text(&copy);
    let mut args = vec!["run", "--plugin", plugin, "--out", "r", "--trials", "1"];
    let settings = settings();
    args.extend(sets(&settings));
    place.text(&args);
    let config = std::fs::read_to_string(place.path("r").join("config.toml")).unwrap();
    let recorded = config.lines().next().unwrap();
    assert!(recorded.contains("mine.so#sha256="), "{recorded}");
    let was = recorded.split("sha256=").nth(1).unwrap()[..64].to_owned();

    let mut bytes = std::fs::read(&copy).unwrap();
    bytes.push(0);
    std::fs::write(&copy, &bytes).unwrap();
    let message = refusal(&place.call(&["resume", "r", "--trials", "2"]));
    assert!(message.contains(&was), "{message}");
    assert!(message.contains("restore that file"), "{message}");
    // Finished trials can still be read.
    assert_eq!(trials(&place, "r").len(), 1);
    place.text(&["trials", "r"]);

    std::fs::remove_file(&copy).unwrap();
    let message = refusal(&place.call(&["resume", "r", "--trials", "2"]));
    assert!(message.contains("no such file"), "{message}");
    std::fs::copy(library("rude"), &copy).unwrap();
    place.text(&["resume", "r", "--trials", "2"]);
    assert_eq!(trials(&place, "r").len(), 2);
}
