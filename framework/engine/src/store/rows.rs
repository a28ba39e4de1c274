//! Trials as rows.

use std::path::Path;

use nasfw_sdk::Cost;
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{SearchState, database_error, run_error};
use crate::error::{Error, Result};
use crate::trial::{Ending, Evaluation, RecordedProposal, Status, Trial};

const COLUMNS: [&str; 16] = [
    "id",
    "genotype",
    "choices",
    "log_prob",
    "status",
    "stage_rewards",
    "reward",
    "metrics",
    "params",
    "params_with_aux",
    "macs",
    "peak_activation_bytes",
    "output_stride",
    "seconds",
    "reason",
    "repeat",
];
const STATUS: usize = 4;
const REWARD: usize = 6;
const REASON: usize = 14;

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
    let columns = COLUMNS.join(", ");
    let (proposal, evaluation) = (&trial.proposal, &trial.evaluation);
    let cost = &evaluation.cost;
    db.execute(
        &format!(
            "INSERT INTO trials ({columns}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)"
        ),
        params![
            integer(evaluation.id)?,
            evaluation.genotype,
            json(&proposal.choices)?,
            proposal.log_prob,
            trial.status().name(),
            json(&evaluation.stage_rewards)?,
            trial.reward,
            json(&evaluation.metrics)?,
            integer(cost.params)?,
            integer(cost.params_with_aux)?,
            integer(cost.macs)?,
            integer(cost.peak_activation_bytes)?,
            integer(cost.output_stride)?,
            evaluation.seconds,
            trial.reason(),
            integer(proposal.repeat)?,
        ],
    )?;
    Ok(())
}

pub(super) fn read_all(db: &Connection, run: &Path) -> Result<Vec<Trial>> {
    let columns = COLUMNS.join(", ");
    let other = |e| database_error(run, e);
    let statement = db.prepare(&format!("SELECT {columns} FROM trials ORDER BY id"));
    let mut statement = statement.map_err(other)?;
    let mut rows = statement.query([]).map_err(other)?;
    let mut trials = Vec::new();
    while let Some(row) = rows.next().map_err(other)? {
        trials.push(read(row).map_err(|e| trial_error(run, row, e))?);
    }
    Ok(trials)
}

/// Names the trial and the column that cannot be read.
fn trial_error(run: &Path, row: &Row<'_>, error: rusqlite::Error) -> Error {
    match (error, row.get::<_, i64>(0)) {
        (rusqlite::Error::FromSqlConversionFailure(column, _, source), Ok(id)) => {
            let name = COLUMNS.get(column).copied().unwrap_or_default();
            let message = format!("run.db is damaged: the {name} of trial {id}: {source}");
            run_error(run, message)
        }
        (other, _) => database_error(run, other),
    }
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
    let ending = read_ending(row)?;
    Ok(Trial {
        reward: read_reward(row, ending.status())?,
        proposal: RecordedProposal {
            choices: from_json(row, 2)?,
            log_prob: row.get(3)?,
            repeat: unsigned(row, 15)?,
        },
        evaluation: Evaluation {
            id: unsigned(row, 0)?,
            genotype: row.get(1)?,
            cost: Cost {
                params: unsigned(row, 8)?,
                params_with_aux: unsigned(row, 9)?,
                macs: unsigned(row, 10)?,
                peak_activation_bytes: unsigned(row, 11)?,
                output_stride: unsigned(row, 12)?,
            },
            stage_rewards: from_json(row, 5)?,
            metrics: from_json(row, 7)?,
            ending,
            seconds: row.get(13)?,
        },
    })
}

/// Reads status and reason, which must agree.
fn read_ending(row: &Row<'_>) -> rusqlite::Result<Ending> {
    let text: String = row.get(STATUS)?;
    let status = Status::ALL.into_iter().find(|s| s.name() == text);
    match (status, row.get(REASON)?) {
        (Some(Status::Complete), None) => Ok(Ending::Complete),
        (Some(Status::Stopped), Some(reason)) => Ok(Ending::Stopped { reason }),
        (Some(Status::Failed), Some(reason)) => Ok(Ending::Failed { reason }),
        (Some(Status::Complete), Some(_)) => Err(contradiction(REASON, "is given", &text)),
        (Some(_), None) => Err(contradiction(REASON, "is missing", &text)),
        (None, _) => Err(damage(STATUS, format!("unknown status `{text}`").into())),
    }
}

/// Reads the reward, which exactly the failed trials lack.
fn read_reward(row: &Row<'_>, status: Status) -> rusqlite::Result<Option<f64>> {
    let reward: Option<f64> = row.get(REWARD)?;
    match (status, reward) {
        (Status::Failed, Some(_)) => Err(contradiction(REWARD, "is given", status.name())),
        (Status::Complete | Status::Stopped, None) => {
            Err(contradiction(REWARD, "is missing", status.name()))
        }
        _ => Ok(reward),
    }
}

/// A column that contradicts the status of its trial.
fn contradiction(column: usize, problem: &str, status: &str) -> rusqlite::Error {
    let message = format!("it {problem}, but the status is `{status}`");
    damage(column, message.into())
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
