//! A worker that crashes, hangs, grows or is killed costs at most its own trial.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::Place;
use crate::search::{finish, run};
use crate::signals::workers;

/// With this seed, these of the first four architectures are deep, and the one that is decoded for
/// its encoder is not.
const SEED: &str = "run.seed=4";
const DEEP: [u64; 2] = [1, 3];
/// Takes every draw: the space is so small that others would follow.
const REPEATS: &str = "run.distinct=false";

fn trials(place: &Place, out: &str) -> Vec<Value> {
    place.json(&["trials", out, "--json", "--no-times"])
}

#[test]
fn a_worker_that_ends_costs_its_trial_only() {
    let place = Place::new();
    finish(&place, "well", &[SEED, REPEATS, "run.trials=4"]);
    let well = trials(&place, "well");
    for (how, limit, reason) in [
        (
            "abort",
            "",
            "the worker crashed with signal 6 (SIGABRT) in each of 2 attempts",
        ),
        (
            "exit",
            "",
            "the worker exited with code 0 in each of 2 attempts",
        ),
        ("overflow", "", "has overflowed its stack"),
        (
            "leak",
            "run.memory_limit_mb=200",
            "memory limit of 200 MiB (--memory-limit)",
        ),
        (
            "hang",
            "run.trial_timeout_secs=1",
            "took longer than 1 s (--trial-timeout)",
        ),
    ] {
        if how == "leak" && !cfg!(target_os = "linux") {
            continue;
        }
        let order = format!("space.how={how}");
        let mut settings = vec![
            SEED,
            REPEATS,
            "run.trials=4",
            "space.at=decode-deep",
            &order,
        ];
        settings.extend(Some(limit).filter(|l| !l.is_empty()));
        settings.extend(Some("run.retries=0").filter(|_| how == "hang"));
        settings.extend(["run.workers=2"]);
        finish(&place, how, &settings);
        for (trial, well) in trials(&place, how).iter().zip(&well) {
            if DEEP.contains(&trial["id"].as_u64().unwrap()) {
                let said = trial["reason"].as_str().unwrap();
                assert!(said.contains(reason), "{how}: {said}");
                assert_eq!(trial["status"], "failed");
                assert!(trial["reward"].is_null(), "a failure is not a score");
                assert_eq!(
                    trial["genotype"], well["genotype"],
                    "known before it failed"
                );
            } else {
                assert_eq!(trial, well, "{how}");
            }
        }
    }
}

#[test]
fn what_fails_once_is_tried_again() {
    let place = Place::new();
    finish(&place, "well", &["run.trials=6"]);
    // A worker decodes one architecture for its encoder; the third trial of each crashes.
    let order = ["space.at=decode", "space.how=abort", "space.after=3"];
    finish(&place, "again", &[&order[..], &["run.trials=6"]].concat());
    assert_eq!(place.trials("well"), place.trials("again"));
    let once = [&order[..], &["run.trials=6", "run.retries=0"]].concat();
    finish(&place, "once", &once);
    let failed: Vec<bool> = (trials(&place, "once").iter())
        .map(|trial| trial["status"] == "failed")
        .collect();
    assert_eq!(failed, [false, false, true, false, false, true]);
}

#[test]
fn a_search_whose_trials_all_fail_ends() {
    let place = Place::new();
    let order = ["space.at=decode", "space.how=abort", "space.after=1"];
    let settings = [
        "run.trials=50",
        "run.max_failures_in_row=3",
        "run.workers=2",
    ];
    let output = run(&place, "r", &[&order[..], &settings].concat())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    for part in ["the last 3 trials all failed", "SIGABRT", "nasfw resume"] {
        assert!(errors.contains(part), "{errors}");
    }
    assert_eq!(trials(&place, "r").len(), 3);
}

#[test]
fn workers_that_cannot_start_end_the_search() {
    let place = Place::new();
    let late = ["run.trial_timeout_secs=4", "run.workers=0"];
    let output = run(&place, "late", &late).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("a time limit needs workers"), "{errors}");
    assert!(
        !place.path("late").exists(),
        "refused before anything is written"
    );
    let limit = ["run.memory_limit_mb=4"];
    let output = run(&place, "r", &limit).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    let said = if cfg!(target_os = "linux") {
        "4 MiB is not enough for a worker"
    } else {
        "workers can be limited on Linux only"
    };
    assert!(errors.contains(said), "{errors}");
    if cfg!(target_os = "linux") {
        // What the message advises.
        let more = ["--memory-limit", "0", "--workers", "2", "--trials", "2"];
        place.text(&[&["resume", "r", "--quiet"][..], &more].concat());
        assert_eq!(trials(&place, "r").len(), 2);
    }
}

#[test]
fn a_worker_killed_from_outside_costs_its_trial_only() {
    let place = Place::new();
    let order = ["space.at=decode", "space.how=hang", "space.after=1"];
    let settings = [&order[..], &["run.trials=1", "run.retries=0"]].concat();
    let child = run(&place, "r", &settings)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    // Until it is in its first trial.
    let mut found = Vec::new();
    while found.is_empty() && start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
        found = workers(child.id());
    }
    std::thread::sleep(Duration::from_millis(700));
    crate::signals::send("KILL", found[0]);
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let said = trials(&place, "r")[0]["reason"].clone();
    let said = said.as_str().unwrap();
    assert!(said.contains("was killed by signal 9 (SIGKILL)"), "{said}");
}
