//! Integrity check of a run.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::Connection;

use super::hash_chain::{link, seal, stored_link};
use super::{RunView, artifact, database_error, file_digest, format, run_error};
use crate::error::Result;

/// Longer than it takes to write a small file.
const BETWEEN_COPIES: Duration = Duration::from_millis(100);

/// The result of [`RunView::verify`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Number of trials checked.
    pub trials: u64,
    /// Number of artifacts checked.
    pub artifacts: u64,
    /// True if the whole database file was compared, not only its records: the run was closed, and
    /// no process writes to it.
    pub is_whole_file: bool,
    /// The changes found, one sentence each; empty when nothing has changed.
    pub problems: Vec<String>,
}

impl RunView {
    /// Compares everything recorded with its hashes.
    ///
    /// # Errors
    /// When the database cannot be read at all, which is damage too.
    pub fn verify(&self) -> Result<Verified> {
        let mut found = Verified::default();
        let read = |e| database_error(&self.folder, e);
        self.verify_database(&mut found).map_err(read)?;
        self.verify_file(&mut found);
        self.verify_artifacts(&mut found).map_err(read)?;
        if let Some(problem) = self.other_copy()? {
            // `resume --trials` writes both one after the other: it may have been between the two.
            std::thread::sleep(BETWEEN_COPIES);
            found.problems.extend(self.other_copy()?.and(Some(problem)));
        }
        Ok(found)
    }

    /// Refuses a run whose record has changed: new hashes would cover the change, and nobody could
    /// detect it any more.
    pub(super) fn check_unchanged(&self) -> Result<()> {
        let mut found = Verified::default();
        let looked = self.verify_database(&mut found);
        looked.map_err(|e| database_error(&self.folder, e))?;
        match found.problems.first() {
            None => Ok(()),
            Some(problem) => {
                let message = format!("{problem}; restore a copy from before the change");
                Err(run_error(&self.folder, message))
            }
        }
    }

    /// The problem with `config.toml`, if any.
    fn other_copy(&self) -> Result<Option<String>> {
        Ok(
            match std::fs::read_to_string(self.folder.join("config.toml")) {
                Ok(text) if text == self.config_text()? => None,
                Ok(_) => Some("config.toml is not the configuration that run.db records".into()),
                Err(e) => Some(format!("config.toml cannot be read: {e}")),
            },
        )
    }

    fn verify_database(&self, found: &mut Verified) -> rusqlite::Result<()> {
        // One moment is compared, though a search may continue.
        let db = self.db.unchecked_transaction()?;
        let damage: String = db.query_row("PRAGMA integrity_check(1)", [], |r| r.get(0))?;
        if damage != "ok" {
            found.problems.push(format!("run.db is damaged: {damage}"));
        }
        if format::tables(&db)? != format::tables(&format::empty()?)? {
            let problem = "the tables of run.db are not those that nasfw creates";
            found.problems.push(problem.into());
        }
        let ids = ids(&db, "SELECT id FROM trials ORDER BY id")?;
        found.trials = ids.len() as u64;
        if ids.iter().zip(0_i64..).any(|(id, at)| *id != at) {
            let problem = "the trials are not numbered consecutively from 0";
            found.problems.push(problem.into());
        }
        let mut changed = Vec::new();
        let mut before: Vec<u8> = Vec::new();
        for &id in &ids {
            let stored = stored_link(&db, id)?.unwrap_or_default();
            // A link that follows neither from its stored predecessor nor from the expected one was
            // changed itself, or its trial was.
            if link(&db, id, &before)? != stored[..] {
                changed.push(id.to_string());
            }
            before = stored;
        }
        if !changed.is_empty() {
            found.problems.push(format!(
                "the record of trial {} has changed, or its hash has",
                shortened(&changed)
            ));
        }
        let links: BTreeSet<i64> = self::ids(&db, "SELECT id FROM links")?
            .into_iter()
            .collect();
        let trials: BTreeSet<i64> = ids.into_iter().collect();
        let gone: Vec<String> = links.difference(&trials).map(i64::to_string).collect();
        if !gone.is_empty() {
            let ids = shortened(&gone);
            found.problems.push(format!("trial {ids} is missing"));
        }
        let stored: Option<Vec<u8>> = db
            .query_row("SELECT seal FROM seal", [], |r| r.get(0))
            .map(Some)
            .or_else(|e| match e {
                rusqlite::Error::QueryReturnedNoRows => Ok(None),
                other => Err(other),
            })?;
        if stored.as_deref() != Some(&seal(&db)?[..]) {
            found.problems.push(
                "the configuration, the state to continue from, the current round, the list of artifacts or \
                 their seal has changed"
                    .into(),
            );
        }
        Ok(())
    }

    fn verify_file(&self, found: &mut Verified) {
        let noted = || std::fs::read(file_digest::path(&self.folder)).ok();
        let Some(before) = noted() else {
            return; // someone writes to it, or was interrupted
        };
        let now = file_digest::text(&self.folder).ok();
        let is_same = now.as_ref().map(String::as_bytes) == Some(&before[..]);
        if !is_same && noted().as_ref() != Some(&before) {
            return; // someone began to write meanwhile
        }
        found.is_whole_file = true;
        if !is_same {
            found
                .problems
                .push("run.db does not match run.blake3: one of the two files has changed".into());
        }
    }

    fn verify_artifacts(&self, found: &mut Verified) -> rusqlite::Result<()> {
        let sql = "SELECT name, blake3 FROM artifacts ORDER BY name";
        let mut statement = self.db.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let noted: Vec<(String, String)> = rows.collect::<rusqlite::Result<_>>()?;
        found.artifacts = noted.len() as u64;
        for (name, hash) in &noted {
            let content = artifact::path_of(&self.folder, name)
                .and_then(|path| std::fs::read(&path).map_err(super::io_error(&path)));
            match content {
                Ok(bytes) if artifact::hash(&bytes) == *hash => {}
                Ok(_) => found.problems.push(format!("artifacts/{name} has changed")),
                Err(e) => found
                    .problems
                    .push(format!("artifacts/{name} cannot be read: {e}")),
            }
        }
        Ok(())
    }
}

fn ids(db: &Connection, sql: &str) -> rusqlite::Result<Vec<i64>> {
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

/// The first few of the ids.
fn shortened(ids: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown = ids[..ids.len().min(SHOWN)].join(", ");
    if ids.len() > SHOWN {
        format!("{shown} and {} more", ids.len() - SHOWN)
    } else {
        shown
    }
}
