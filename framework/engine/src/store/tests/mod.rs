//! Guarantees of a run folder.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod changes;

use std::path::Path;

use nasfw_sdk::{Cost, Metrics, State};
use serde_json::json;
use tempfile::TempDir;

use super::{FORMAT, Pending, Round, Run, RunView, SearchState, database_path};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::trial::{Ending, Evaluation, RecordedProposal, Trial};
use nasfw_sdk::{MemberConfig, SpaceConfig};

fn config() -> Config {
    let member = |name: &str| MemberConfig {
        name: name.into(),
        settings: json!({}),
    };
    Config {
        plugins: Vec::new(),
        run: Default::default(),
        space: SpaceConfig {
            plugin: "segm".into(),
            settings: json!({}),
        },
        task: member("segm"),
        controller: member("random"),
        schedule: member("progressive"),
        data: Default::default(),
        meta: Default::default(),
        encoder: Default::default(),
        warmup: Default::default(),
        teacher: Default::default(),
        train: Default::default(),
        features: Default::default(),
    }
}

fn trial(id: u64) -> Trial {
    let (ending, reward) = match id % 3 {
        0 => (Ending::Complete, Some(1.0 / 3.0)),
        1 => {
            let reason = "reward 0.3000 after stage 1".into();
            (Ending::Stopped { reason }, Some(0.1 + 0.2))
        }
        _ => {
            let reason = "loss is NaN".into();
            (Ending::Failed { reason }, None)
        }
    };
    Trial {
        proposal: RecordedProposal {
            choices: vec![0, 10, id as usize],
            log_prob: Some(-35.124_300_000_000_004),
            repeat: 0,
        },
        evaluation: Evaluation {
            id,
            genotype: format!("[[{id},[0,0]],'ö\"']"),
            cost: Cost {
                params: 2_629_909,
                params_with_aux: 2_700_000,
                macs: 4_208_000_000,
                peak_activation_bytes: 12_345_678,
                output_stride: 4,
            },
            stage_rewards: vec![0.1, 0.1 + 0.2],
            metrics: Metrics::new([("miou", 0.1 + 0.2), ("macc", 1e-300)]).unwrap(),
            ending,
            seconds: 0.125,
        },
        reward,
    }
}

fn state(id: u64) -> SearchState {
    SearchState {
        controller: State(vec![id as u8, 0, 255]),
        schedule: State(Vec::new()),
    }
}

fn new_run() -> (TempDir, Run) {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::create(&folder.path().join("run"), &config()).unwrap();
    (folder, run)
}

fn refused<T>(result: Result<T>, expected: &str) {
    match result {
        Ok(_) => panic!("expected an error with `{expected}`"),
        Err(e) => assert!(e.is_input() && e.to_string().contains(expected), "{e}"),
    }
}

#[test]
fn everything_comes_back_after_a_crash() {
    let (folder, mut run) = new_run();
    assert_eq!(
        (run.trials().unwrap(), run.state().unwrap()),
        (vec![], None)
    );
    for id in 0..4 {
        run.append(&trial(id), &state(id)).unwrap();
        // Another process now sees exactly what a crash now would leave.
        let view = RunView::open(run.folder()).unwrap();
        assert_eq!(
            view.trials().unwrap(),
            (0..=id).map(trial).collect::<Vec<_>>()
        );
        assert_eq!(view.state().unwrap(), Some(state(id)));
    }
    // A crash: the files as they are, nothing closed. The copy has no lock.
    let copy = folder.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    for name in ["run.db", "run.db-wal", "config.toml"] {
        std::fs::copy(run.folder().join(name), copy.join(name)).unwrap();
    }
    let mut again = Run::open(&copy).unwrap();
    assert_eq!(again.trials().unwrap().len(), 4);
    again.append(&trial(4), &state(4)).unwrap();
    assert_eq!(again.state().unwrap(), Some(state(4)));
}

fn proposal(n: usize) -> RecordedProposal {
    RecordedProposal {
        choices: vec![n],
        log_prob: Some(-0.1 * n as f64),
        repeat: n as u64 / 2,
    }
}

fn evaluation(id: u64) -> Evaluation {
    let ending = if id == 2 {
        Ending::Failed {
            reason: "SIGSEGV".into(),
        }
    } else {
        Ending::Complete
    };
    Evaluation {
        genotype: format!("g{id}"),
        stage_rewards: vec![0.1 + 0.2, 1.0 / 3.0],
        metrics: Metrics::new([("miou", 1e-300)]).unwrap(),
        ending,
        seconds: 0.1,
        ..Evaluation::begun(id)
    }
}

#[test]
fn a_round_comes_back_wherever_it_was_left() {
    let (_folder, mut run) = new_run();
    let empty = run.round().unwrap();
    assert!(empty.pending.is_empty());
    let proposals: Vec<RecordedProposal> = (0..3).map(proposal).collect();
    let before = SearchState {
        schedule: State(vec![5]),
        ..state(7)
    };
    run.begin_round(&proposals, &before).unwrap();
    refused(run.begin_round(&proposals, &before), "previous round");
    assert_eq!(run.state().unwrap(), Some(before));
    // Out of order, and learned in order.
    run.keep_evaluation(&evaluation(2)).unwrap();
    refused(
        run.keep_evaluation(&evaluation(2)),
        "trial 2 is not pending",
    );
    refused(
        run.keep_evaluation(&evaluation(3)),
        "trial 3 is not pending",
    );
    run.append(&trial(0), &state(0)).unwrap();
    let pending = |id: u64, evaluation: Option<Evaluation>| Pending {
        id,
        proposal: proposals[id as usize].clone(),
        evaluation,
    };
    let left = Round {
        schedule: State(vec![5]),
        pending: vec![pending(1, None), pending(2, Some(evaluation(2)))],
    };
    assert_eq!(run.round().unwrap(), left);
    run.append(&trial(1), &state(1)).unwrap();
    run.append(&trial(2), &state(2)).unwrap();
    assert!(run.round().unwrap().pending.is_empty());
    run.begin_round(&proposals, &state(2)).unwrap();
    assert_eq!(run.round().unwrap().pending[0].id, 3);
    run.db
        .execute("DELETE FROM pending WHERE id = 3", [])
        .unwrap();
    refused(run.round(), "do not follow its last trial");
    let sql = "UPDATE pending SET id = id - 1, evaluation = '{'";
    run.db.execute(sql, []).unwrap();
    refused(run.round(), "damaged: a pending trial");
}

#[test]
fn notes_add_up_and_come_back() {
    let (_folder, mut run) = new_run();
    assert_eq!(run.constant_reward().unwrap(), None);
    assert!(run.spent().unwrap().is_empty());
    run.note_constant_reward(0.1 + 0.2).unwrap();
    run.add_spent(&[("data".into(), 1.5), ("stage 0".into(), 2.0)])
        .unwrap();
    run.add_spent(&[("data".into(), 0.25)]).unwrap();
    assert_eq!(run.constant_reward().unwrap(), Some(0.1 + 0.2));
    let spent: Vec<_> = run.spent().unwrap().into_iter().collect();
    assert_eq!(spent, [("data".into(), 1.75), ("stage 0".into(), 2.0)]);
    let (version, _) = run.made().unwrap();
    assert_eq!(version.as_deref(), Some(env!("CARGO_PKG_VERSION")));
}

#[test]
fn trials_follow_each_other() {
    let (_folder, mut run) = new_run();
    refused(run.append(&trial(1), &state(1)), "the next one is 0");
    run.append(&trial(0), &state(0)).unwrap();
    refused(run.append(&trial(0), &state(9)), "the next one is 1");
    assert_eq!(run.state().unwrap(), Some(state(0)));
}

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    let (_folder, run) = new_run();
    let path = run.folder().to_owned();
    refused(Run::open(&path), "another nasfw process is writing");
    assert_eq!(Run::read(&path).unwrap().finished().unwrap(), 0);
    drop(run);
    Run::open(&path).unwrap();
}

#[test]
fn an_open_read_does_not_block_the_writer() {
    let (_folder, mut run) = new_run();
    run.append(&trial(0), &state(0)).unwrap();
    let view = Run::read(run.folder()).unwrap();
    view.db
        .execute_batch("BEGIN; SELECT count(*) FROM trials")
        .unwrap();
    run.append(&trial(1), &state(1)).unwrap();
    assert_eq!(view.finished().unwrap(), 1, "a reader sees one moment");
    view.db.execute_batch("COMMIT").unwrap();
    assert_eq!(view.finished().unwrap(), 2);
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("photo.png"), b"x").unwrap();
    refused(Run::create(folder.path(), &config()), "--out");
    assert_eq!(names(folder.path()), ["photo.png"]);
    let file = folder.path().join("photo.png");
    refused(Run::create(&file, &config()), "file");
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let run = Run::create(&empty, &config()).unwrap();
    refused(Run::create(&empty, &config()), "nasfw resume");
    drop(run);
    // A closed run consists of these files, and reading it leaves no others.
    Run::read(&empty).unwrap().trials().unwrap();
    assert_eq!(names(folder.path()), ["empty", "photo.png"]);
    assert_eq!(
        names(&empty),
        ["config.toml", "run.blake3", "run.db", "run.lock"]
    );
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_no_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    refused(Run::open(&folder.path().join("none")), "no such run");
    refused(Run::open(folder.path()), "has no run.db");
    assert!(names(folder.path()).is_empty());
    let db = database_path(folder.path());
    for (content, expected) in [
        (vec![b'x'; 5000], "damaged or not a database"),
        (Vec::new(), "not created by nasfw"),
    ] {
        std::fs::write(&db, content).unwrap();
        refused(Run::open(folder.path()), expected);
        refused(Run::read(folder.path()), expected);
    }
}

#[test]
fn a_damaged_database_is_an_error() {
    let (_folder, mut run) = new_run();
    for id in 0..50 {
        run.append(&trial(id), &state(id)).unwrap();
    }
    let path = run.folder().to_owned();
    drop(run);
    let whole = std::fs::read(database_path(&path)).unwrap();
    // Cut short, and overwritten in the middle.
    std::fs::write(database_path(&path), &whole[..whole.len() / 2]).unwrap();
    refused(Run::open(&path), "damaged");
    let mut holed = whole.clone();
    let middle = holed.len() / 2;
    holed[middle..middle + 4096].fill(0xa5);
    std::fs::write(database_path(&path), &holed).unwrap();
    refused(Run::open(&path), "damaged");
    std::fs::write(database_path(&path), &whole).unwrap();
    let run = Run::open(&path).unwrap();
    run.db
        .execute("UPDATE trials SET choices = '[1,' WHERE id = 7", [])
        .unwrap();
    refused(run.trials(), "damaged: the choices of trial 7: ");
}

#[test]
fn a_trial_that_contradicts_its_status_is_refused() {
    // The trials 0, 1 and 2 are complete, stopped and failed.
    for (change, problem) in [
        (
            "reason = 'x' WHERE id = 0",
            "the reason of trial 0: it is given",
        ),
        (
            "reward = NULL WHERE id = 0",
            "the reward of trial 0: it is missing",
        ),
        (
            "reason = NULL WHERE id = 1",
            "the reason of trial 1: it is missing",
        ),
        (
            "reward = NULL WHERE id = 1",
            "the reward of trial 1: it is missing",
        ),
        (
            "reason = NULL WHERE id = 2",
            "the reason of trial 2: it is missing",
        ),
        (
            "reward = 0.5 WHERE id = 2",
            "the reward of trial 2: it is given",
        ),
        (
            "status = 'complete' WHERE id = 2",
            "the reason of trial 2: it is given",
        ),
    ] {
        let (_folder, mut run) = new_run();
        for id in 0..3 {
            run.append(&trial(id), &state(id)).unwrap();
        }
        let sql = format!("UPDATE trials SET {change}");
        assert_eq!(run.db.execute(&sql, []).unwrap(), 1);
        refused(
            run.trials(),
            &format!("run.db is damaged: {problem}, but the status is `"),
        );
    }
}

#[test]
fn another_format_is_named() {
    for (format, whose) in [
        (
            FORMAT + 1,
            "created by a newer nasfw (format 6; this program reads 5)",
        ),
        (
            1,
            "created by an earlier nasfw (format 1; this program reads 5)",
        ),
        (0, "run.db has the unknown format 0"),
    ] {
        let (_folder, run) = new_run();
        let path = run.folder().to_owned();
        run.db.pragma_update(None, "user_version", format).unwrap();
        drop(run);
        refused(Run::open(&path), whose);
        refused(Run::read(&path), whose);
    }
}

#[test]
fn a_full_disk_leaves_the_trials_before() {
    let (_folder, mut run) = new_run();
    run.append(&trial(0), &state(0)).unwrap();
    let pages: i64 = run
        .db
        .pragma_query_value(None, "page_count", |r| r.get(0))
        .unwrap();
    run.db.pragma_update(None, "max_page_count", pages).unwrap();
    let big = SearchState {
        controller: State(vec![7; 1 << 20]),
        schedule: State(Vec::new()),
    };
    let error = run.append(&trial(1), &big).unwrap_err();
    assert!(
        matches!(error, Error::Disk(nasfw_disk::Error::Full { .. })) && error.is_input(),
        "{error}"
    );
    assert_eq!(run.trials().unwrap(), [trial(0)]);
    assert_eq!(run.state().unwrap(), Some(state(0)));
    run.db
        .pragma_update(None, "max_page_count", 1 << 20)
        .unwrap();
    run.append(&trial(1), &big).unwrap();
    assert_eq!(run.state().unwrap(), Some(big));
}

#[test]
fn artifacts_stay_inside_and_come_back() {
    let (_folder, mut run) = new_run();
    let path = run.write_artifact("best/cell.svg", b"<svg/>").unwrap();
    assert_eq!(path, run.folder().join("artifacts/best/cell.svg"));
    run.write_artifact("best/cell.svg", b"<svg></svg>").unwrap();
    assert_eq!(
        run.artifact("best/cell.svg").unwrap().unwrap(),
        b"<svg></svg>"
    );
    assert_eq!(run.artifact("other").unwrap(), None);
    assert_eq!(names(&run.folder().join("artifacts/best")), ["cell.svg"]);
    for name in ["", "../x", "/etc/x", "a/../../x", "a\\b"] {
        refused(run.write_artifact(name, b""), "artifact");
    }
    std::fs::write(&path, b"<sv").unwrap();
    refused(run.artifact("best/cell.svg"), "3 bytes");
    std::fs::write(&path, b"<svg></SVG>").unwrap();
    refused(run.artifact("best/cell.svg"), "has changed");
}
