//! Run folders through the program and through the library, with the built-in members.

use nasfw_engine::config::{Layers, Preset};
use nasfw_engine::store::{FORMAT, Run, SearchState};
use nasfw_engine::{Config, Ending, Trial};
use nasfw_plugins as _; // Linked so that its items are registered.
use nasfw_sdk::Metrics;
use nasfw_sdk::State;
use serde_json::json;

use crate::program::{self, Place};

fn config() -> Config {
    let layers = Layers::new(Preset::Demo).flag("--trials", "run.trials", 4);
    layers.resolve().unwrap()
}

fn trial(id: u64, ending: Ending) -> Trial {
    let space = config().make_space().unwrap();
    let mut trial = program::trial(&*space, id, ending, vec![0.25, 0.1 * (id + 1) as f64]);
    trial.evaluation.cost.params = 1_234_567;
    trial.evaluation.cost.macs = 987_654_321;
    trial.evaluation.metrics = Metrics::new([("miou", 0.5), ("pixel_acc", 0.75)]).unwrap();
    trial
}

/// A run of three trials in `place`, named `r`.
fn run_of_three(place: &Place) -> Run {
    let mut run = Run::create(&place.path("r"), &config()).unwrap();
    let state = SearchState {
        controller: State(vec![1]),
        schedule: State(vec![2]),
    };
    let failed = Ending::Failed {
        reason: "loss is NaN".into(),
    };
    let stopped = Ending::Stopped {
        reason: "reward 0.3000 after stage 1".into(),
    };
    for (id, ending) in [(0, Ending::Complete), (1, failed), (2, stopped)] {
        run.append(&trial(id, ending), &state).unwrap();
    }
    run
}

#[test]
fn the_stored_configuration_comes_back() {
    let place = Place::new();
    let mut run = run_of_three(&place);
    assert_eq!(run.config().unwrap(), config());
    let file = std::fs::read_to_string(place.path("r/config.toml")).unwrap();
    assert_eq!(Config::from_toml(&file).unwrap(), config());
    run.set_trials_wanted(9).unwrap();
    assert_eq!(run.config().unwrap().run.trials, 9);
    let file = std::fs::read_to_string(place.path("r/config.toml")).unwrap();
    assert_eq!(Config::from_toml(&file).unwrap().run.trials, 9);
    let fewer = run.set_trials_wanted(2).unwrap_err();
    assert!(
        fewer.is_input() && fewer.to_string().contains("3 are already finished"),
        "{fewer}"
    );
}

#[test]
fn trials_are_listed_while_another_process_writes() {
    let place = Place::new();
    let run = run_of_three(&place);
    let lines = place.json(&["trials", "r", "--json"]);
    let first = trial(0, Ending::Complete);
    let expected = json!({"id": 0, "genotype": first.genotype(), "repeat": 0, "status": "complete",
        "stage_rewards": [0.25, 0.1], "reward": 0.1, "metrics": {"miou": 0.5, "pixel_acc": 0.75},
        "params": 1_234_567, "macs": 987_654_321, "seconds": 12.5, "reason": null});
    assert_eq!(lines[0], expected);
    let statuses: Vec<&str> = lines
        .iter()
        .map(|l| l["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["complete", "failed", "stopped"]);
    assert_eq!(
        (&lines[1]["reward"], &lines[1]["reason"]),
        (&json!(null), &json!("loss is NaN"))
    );
    let timeless = place.text(&["trials", "r", "--json", "--no-times"]);
    assert!(!timeless.contains("seconds"), "{timeless}");
    let sorted = place.json(&["trials", "r", "--json", "--sort", "reward"]);
    let ids: Vec<u64> = sorted.iter().map(|l| l["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [0, 2, 1], "complete, stopped, failed");
    let table = place.text(&["trials", "r"]);
    assert!(
        table.contains("miou") && table.contains("1 complete, 1 stopped, 1 failed"),
        "{table}"
    );
    // A complete trial ranks above a stopped one, whatever the reward.
    assert!(table.lines().any(|l| l.starts_with("*   0")), "{table}");
    place.refuses(&["resume", "r"], &["r: another nasfw process is writing"]);
    drop(run);
}

#[test]
fn a_run_of_another_version_is_refused() {
    let place = Place::new();
    drop(run_of_three(&place));
    // The version is the big-endian number at byte 60 of an SQLite file.
    let path = place.path("r/run.db");
    let mut bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes[60..64], (FORMAT as u32).to_be_bytes());
    let reads = format!("this program reads {FORMAT}");
    for (format, whose) in [(FORMAT + 1, "a newer nasfw"), (1, "an earlier nasfw")] {
        bytes[60..64].copy_from_slice(&(format as u32).to_be_bytes());
        std::fs::write(&path, &bytes).unwrap();
        let named = format!("format {format}");
        let parts = [
            "run r:",
            whose,
            &named,
            &reads,
            "use the version that created it",
        ];
        for command in ["trials", "verify", "resume"] {
            place.refuses(&[command, "r"], &parts);
        }
    }
    std::fs::write(
        &path,
        b"this is no database, but it is long enough to look at",
    )
    .unwrap();
    place.refuses(&["trials", "r"], &["run r:", "damaged"]);
    place.refuses(&["resume", "r"], &["run r:", "damaged"]);
}

#[test]
fn a_finished_pipe_is_no_failure() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_nasfw"))
        .args(["sample", "--controller", "random", "-n", "100000", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // As with `head -0`: the reader closes the pipe.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A separate file system, unmounted when dropped.
#[cfg(target_os = "linux")]
struct SmallDisk(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount(path: std::path::PathBuf, size: &str) -> Self {
        std::fs::create_dir(&path).unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]);
        assert!(mount.arg(&path).status().unwrap().success(), "{mount:?}");
        Self(path)
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs to mount a file system, as root may"]
fn a_full_disk_keeps_what_was_finished() {
    let place = Place::new();
    let state = |bytes: usize| SearchState {
        controller: State(vec![1; bytes]),
        schedule: State(Vec::new()),
    };
    let tiny = SmallDisk::mount(place.path("tiny"), "16k");
    let small = SmallDisk::mount(place.path("small"), "512k");
    // No room for a run at all: nothing of it remains.
    let error = Run::create(&tiny.0.join("r"), &config()).unwrap_err();
    assert!(error.to_string().contains("disk is full"), "{error}");
    let size = "data.generator.train=10";
    let output = place.call(&["run", "--trials", "1", "--set", size, "--out", "tiny/r"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(
        message.contains("tiny/r") && message.contains("disk is full"),
        "{message}"
    );
    assert_eq!(std::fs::read_dir(&tiny.0).unwrap().count(), 0);
    // Room for some trials: those before the failure remain, with the state after the last one.
    let mut run = Run::create(&small.0.join("r"), &config()).unwrap();
    let mut finished = 0;
    let error = loop {
        match run.append(&trial(finished, Ending::Complete), &state(20_000)) {
            Ok(()) => finished += 1,
            Err(error) => break error,
        }
        assert!(finished < 1000, "the disk never fills");
    };
    assert!(
        finished > 0 && error.to_string().contains("disk is full"),
        "{finished}: {error}"
    );
    drop(run);
    let run = Run::read(&small.0.join("r")).unwrap();
    assert_eq!(run.trials().unwrap().len() as u64, finished);
    assert_eq!(run.state().unwrap(), Some(state(20_000)));
}
