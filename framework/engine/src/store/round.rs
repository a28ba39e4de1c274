//! The current round: proposals, and their evaluations before they are learned from.

use nasfw_sdk::State;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Run, RunView, SearchState, rows, run_error};
use crate::error::Result;
use crate::trial::{Evaluation, RecordedProposal};

/// A proposal whose outcome has not been learned from yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The id of its trial.
    pub id: u64,
    /// The proposal, as the trial will record it.
    pub proposal: RecordedProposal,
    /// Its evaluation, if that is done.
    pub evaluation: Option<Evaluation>,
}

/// The rest of a round.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// The schedule when the round was proposed, used to evaluate all of it.
    pub schedule: State,
    /// In the order in which outcomes are learned; empty between two rounds.
    pub pending: Vec<Pending>,
}

impl Run {
    /// Begins a round: its proposals, numbered from the last trial onwards, and the state after
    /// proposing are durable when this returns; if it fails, nothing is written.
    ///
    /// # Errors
    /// When the previous round is not over, or the database fails.
    pub fn begin_round(
        &mut self,
        proposals: &[RecordedProposal],
        state: &SearchState,
    ) -> Result<()> {
        if !self.round()?.pending.is_empty() {
            return Err(run_error(self.folder(), "the previous round is not over"));
        }
        let first = self.finished()?;
        self.change(|tx| {
            for (id, proposal) in (first..).zip(proposals) {
                tx.execute(
                    "INSERT INTO pending VALUES (?1, ?2, ?3, ?4, NULL)",
                    params![
                        rows::integer(id)?,
                        rows::json(&proposal.choices)?,
                        proposal.log_prob,
                        rows::integer(proposal.repeat)?
                    ],
                )?;
            }
            let sql = "INSERT OR REPLACE INTO round VALUES (1, ?1)";
            tx.execute(sql, params![state.schedule.0])?;
            rows::replace_state(tx, state, first)
        })
    }

    /// Stores the evaluation of a proposal until it is learned from; durable when this returns.
    ///
    /// # Errors
    /// When no such proposal is pending, or the database fails.
    pub fn keep_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        let changed = self.change(|tx| {
            let sql = "UPDATE pending SET evaluation = ?1 WHERE id = ?2 AND evaluation IS NULL";
            let id = rows::integer(evaluation.id)?;
            tx.execute(sql, params![rows::json(evaluation)?, id])
        });
        match changed? {
            1 => Ok(()),
            _ => {
                let message = format!("trial {} is not pending", evaluation.id);
                Err(run_error(self.folder(), message))
            }
        }
    }
}

impl RunView {
    /// The rest of the current round.
    ///
    /// # Errors
    /// When the database cannot be read, or its records of the round are inconsistent.
    pub fn round(&self) -> Result<Round> {
        let read = || -> rusqlite::Result<(Option<Vec<u8>>, Vec<Pending>)> {
            let db = &self.db;
            let schedule = db.query_row("SELECT schedule FROM round", [], |r| r.get(0));
            Ok((schedule.optional()?, pending(db)?))
        };
        let (schedule, pending) = read().map_err(|e| rows::damage_error(self.folder(), e))?;
        let follows = (self.finished()?..).zip(&pending).all(|(id, p)| p.id == id);
        if !follows || (schedule.is_none() && !pending.is_empty()) {
            let message = "run.db is damaged: its pending trials do not follow its last trial";
            return Err(run_error(self.folder(), message));
        }
        Ok(Round {
            schedule: State(schedule.unwrap_or_default()),
            pending,
        })
    }
}

fn pending(db: &Connection) -> rusqlite::Result<Vec<Pending>> {
    let sql = "SELECT id, choices, log_prob, repeat, evaluation FROM pending ORDER BY id";
    let mut statement = db.prepare(sql)?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Pending {
            id: rows::unsigned(row, 0)?,
            proposal: RecordedProposal {
                choices: rows::from_json(row, 1)?,
                log_prob: row.get(2)?,
                repeat: rows::unsigned(row, 3)?,
            },
            evaluation: match row.get_ref(4)? {
                rusqlite::types::ValueRef::Null => None,
                _ => Some(rows::from_json(row, 4)?),
            },
        })
    };
    statement.query_map([], read)?.collect()
}
