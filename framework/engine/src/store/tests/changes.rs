//! Changes to the record of a run are detected.
//!
//! `NASFW_CHANGES` sets the number of random byte changes; the default is 300.

use std::path::{Path, PathBuf};

use nasfw_sdk::{Rng, Seed};
use rand::RngExt;
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

use super::{new_run, state, trial};
use crate::store::{Run, database_path, format};
use crate::trial::{Evaluation, RecordedProposal};

/// A closed run of 30 trials in rounds of three, one of them evaluated, with two artifacts.
fn closed() -> (TempDir, PathBuf) {
    let (folder, mut run) = new_run();
    for id in 0..30 {
        run.append(&trial(id), &state(id)).unwrap();
    }
    let proposal = |choice| RecordedProposal {
        choices: vec![choice],
        log_prob: Some(-0.5),
        repeat: 1,
    };
    let round = [proposal(0), proposal(1), proposal(0)];
    run.begin_round(&round, &state(29)).unwrap();
    run.keep_evaluation(&Evaluation::begun(31)).unwrap();
    run.bind("a data set", 21).unwrap();
    run.write_artifact("warmup.safetensors", &[7; 900]).unwrap();
    run.write_artifact("drawings/best.svg", b"<svg/>").unwrap();
    let path = run.folder().to_owned();
    (folder, path)
}

/// The problems that verifying reports, or the error of opening.
fn problems(run: &Path) -> Vec<String> {
    match Run::read(run).and_then(|view| view.verify()) {
        Ok(found) => found.problems,
        Err(e) => vec![e.to_string()],
    }
}

fn cases() -> usize {
    std::env::var("NASFW_CHANGES").map_or(300, |n| n.parse().unwrap())
}

/// A different value for one byte.
fn change(bytes: &mut [u8], rng: &mut Rng) -> usize {
    let at = rng.random_range(0..bytes.len());
    bytes[at] ^= rng.random_range(1..=255_u8);
    at
}

#[test]
fn a_run_that_nobody_changed_is_as_it_was() {
    let (_folder, path) = closed();
    let found = Run::read(&path).unwrap().verify().unwrap();
    assert_eq!(found.problems, [""; 0]);
    assert_eq!((found.trials, found.artifacts), (30, 2));
    assert!(found.is_whole_file);
    // The whole file has no hash while a run is being written.
    let run = Run::open(&path).unwrap();
    let found = run.verify().unwrap();
    assert!(found.problems.is_empty() && !found.is_whole_file);
}

#[test]
fn every_changed_byte_of_a_closed_run_is_found() {
    let (_folder, path) = closed();
    let files = [
        "run.db",
        "run.blake3",
        "config.toml",
        "artifacts/warmup.safetensors",
        "artifacts/drawings/best.svg",
    ];
    let whole = files.map(|file| std::fs::read(path.join(file)).unwrap());
    let mut rng = Seed(5).stream("changes");
    for case in 0..cases() {
        // Every file is changed equally often, however large the database is.
        let file = rng.random_range(0..files.len());
        let mut bytes = whole[file].clone();
        let at = change(&mut bytes, &mut rng);
        std::fs::write(path.join(files[file]), &bytes).unwrap();
        let found = problems(&path);
        assert!(
            !found.is_empty(),
            "case {case}: byte {at} of {}",
            files[file]
        );
        std::fs::write(path.join(files[file]), &whole[file]).unwrap();
    }
    assert!(problems(&path).is_empty());
}

/// All readable contents of a database, as text.
fn content(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut all = format::tables(db)?;
    for table in [
        "meta",
        "trials",
        "state",
        "artifacts",
        "pending",
        "round",
        "links",
        "seal",
    ] {
        let mut statement = db.prepare(&format!("SELECT * FROM {table} ORDER BY 1"))?;
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let values: rusqlite::Result<Vec<Value>> = (0..columns).map(|c| row.get(c)).collect();
            Ok(format!("{table} {:?}", values?))
        })?;
        all.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    Ok(all)
}

/// An interrupted run has no hash of the whole file: changes that go undetected then are of bytes
/// that record nothing.
#[test]
fn every_change_of_what_is_recorded_is_found() {
    let (_folder, path) = closed();
    std::fs::remove_file(path.join("run.blake3")).unwrap();
    let db = database_path(&path);
    let whole = std::fs::read(&db).unwrap();
    let before = content(&Run::read(&path).unwrap().db).unwrap();
    let mut rng = Seed(6).stream("changes");
    let mut not_found = 0;
    for case in 0..cases() {
        let mut bytes = whole.clone();
        let at = change(&mut bytes, &mut rng);
        std::fs::write(&db, &bytes).unwrap();
        if problems(&path).is_empty() {
            not_found += 1;
            let after = content(&Run::read(&path).unwrap().db).unwrap();
            assert!(before == after, "case {case}: byte {at} reads differently");
        }
    }
    // Free space and the header's counters.
    assert!(not_found < cases() * 9 / 10, "{not_found}");
}

#[test]
fn changes_by_statements_are_named() {
    for (sql, expected) in [
        (
            "UPDATE trials SET reward = 0.9 WHERE id = 7",
            "of trial 7 has changed",
        ),
        (
            "UPDATE trials SET seconds = 0.0",
            "of trial 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 20 more has changed",
        ),
        ("DELETE FROM trials WHERE id = 12", "trial 12 is missing"),
        ("DELETE FROM trials WHERE id = 12", "consecutively from 0"),
        ("DELETE FROM trials WHERE id = 29", "trial 29 is missing"),
        (
            "DELETE FROM trials WHERE id = 29; DELETE FROM links WHERE id = 29",
            "or their seal has changed",
        ),
        (
            "UPDATE links SET link = x'00' WHERE id = 3",
            "of trial 3, 4 has changed",
        ),
        ("UPDATE pending SET evaluation = NULL", "the current round"),
        (
            "UPDATE state SET controller = x'00'",
            "the state to continue from",
        ),
        (
            "UPDATE meta SET value = 'x' WHERE key = 'config'",
            "config.toml is not",
        ),
        (
            "DELETE FROM artifacts WHERE name = 'warmup.safetensors'",
            "list of artifacts",
        ),
        ("DELETE FROM seal", "or their seal has changed"),
        ("CREATE TABLE more (x)", "the tables of run.db"),
    ] {
        let (_folder, path) = closed();
        std::fs::remove_file(path.join("run.blake3")).unwrap();
        let db = Connection::open(database_path(&path)).unwrap();
        db.execute_batch(sql).unwrap();
        drop(db);
        let found = problems(&path);
        assert!(
            found.iter().any(|p| p.contains(expected)),
            "{sql}: {found:?}"
        );
    }
    let (_folder, path) = closed();
    std::fs::remove_file(path.join("artifacts/warmup.safetensors")).unwrap();
    assert!(problems(&path)[0].contains("artifacts/warmup.safetensors"));
}
