//! Trials as rows.

use std::path::Path;

use rusqlite::{Connection, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{SearchState, database_error, run_error};
use crate::error::{Error, Result};
use crate::trial::{Status, Trial};

const COLUMNS: &str = "id, genotype, choices, log_prob, status, stage_rewards, reward, metrics, \
                       params, macs, seconds, reason";

/// A number that SQLite's signed integers can hold.
pub(super) fn integer<T>(value: T) -> rusqlite::Result<i64>
where
    i64: TryFrom<T>,
    <i64 as TryFrom<T>>::Error: std::error::Error + Send + Sync + 'static,
{
    i64::try_from(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

pub(super) fn json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))
}

pub(super) fn insert(db: &Connection, trial: &Trial) -> rusqlite::Result<()> {
    db.execute(
        &format!("INSERT INTO trials ({COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)"),
        params![
            integer(trial.id)?,
            trial.genotype,
            json(&trial.choices)?,
            trial.log_prob,
            status_text(trial.status),
            json(&trial.stage_rewards)?,
            trial.reward,
            json(&trial.metrics)?,
            integer(trial.params)?,
            integer(trial.macs)?,
            trial.seconds,
            trial.reason,
        ],
    )?;
    Ok(())
}

pub(super) fn read_all(db: &Connection, run: &Path) -> Result<Vec<Trial>> {
    let read = || -> rusqlite::Result<Vec<Trial>> {
        let mut statement = db.prepare(&format!("SELECT {COLUMNS} FROM trials ORDER BY id"))?;
        statement.query_map([], read)?.collect()
    };
    read().map_err(|e| match e {
        rusqlite::Error::FromSqlConversionFailure(column, _, source) => {
            let name = COLUMNS.split(", ").nth(column).unwrap_or_default();
            run_error(
                run,
                format!("run.db is damaged: a trial's {name}: {source}"),
            )
        }
        other => database_error(run, other),
    })
}

/// Wraps the error of reading other stored records.
pub(super) fn damage_error(run: &Path, error: rusqlite::Error) -> Error {
    match error {
        rusqlite::Error::FromSqlConversionFailure(_, _, source) => {
            run_error(run, format!("run.db is damaged: a pending trial: {source}"))
        }
        other => database_error(run, other),
    }
}

/// Replaces the search state.
pub(super) fn replace_state(
    db: &Connection,
    state: &SearchState,
    next: u64,
) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO state VALUES (1, ?1, ?2, ?3)";
    let values = params![state.controller.0, state.schedule.0, integer(next)?];
    db.execute(sql, values)?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Trial> {
    Ok(Trial {
        id: unsigned(row, 0)?,
        genotype: row.get(1)?,
        choices: from_json(row, 2)?,
        log_prob: row.get(3)?,
        status: read_status(row, 4)?,
        stage_rewards: from_json(row, 5)?,
        reward: row.get(6)?,
        metrics: from_json(row, 7)?,
        params: unsigned(row, 8)?,
        macs: unsigned(row, 9)?,
        seconds: row.get(10)?,
        reason: row.get(11)?,
    })
}

fn status_text(status: Status) -> &'static str {
    match status {
        Status::Complete => "complete",
        Status::Stopped => "stopped",
        Status::Failed => "failed",
    }
}

fn read_status(row: &Row<'_>, column: usize) -> rusqlite::Result<Status> {
    let text: String = row.get(column)?;
    let all = [Status::Complete, Status::Stopped, Status::Failed];
    let found = all.into_iter().find(|s| status_text(*s) == text);
    found.ok_or_else(|| damage(column, format!("unknown status `{text}`").into()))
}

pub(super) fn unsigned<T>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T: TryFrom<i64>,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    let value: i64 = row.get(column)?;
    T::try_from(value).map_err(|e| damage(column, Box::new(e)))
}

pub(super) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|e| damage(column, Box::new(e)))
}

fn damage(column: usize, source: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Null, source)
}
