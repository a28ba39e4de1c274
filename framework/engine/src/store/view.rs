//! Reading a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nasfw_sdk::State;
use rusqlite::{Connection, OptionalExtension};

use super::{SearchState, artifact, database_error, format, io_error, rows, run_error};
use crate::config::Config;
use crate::contenders::Contenders;
use crate::error::Result;
use crate::machine::Machine;
use crate::trial::{Trial, best};

/// Key of the data set's fingerprint.
pub(super) const DATA: &str = "data_fingerprint";
/// Key of the number of output channels.
pub(super) const OUTPUTS: &str = "output_channels";
/// Key of the constant-prediction baseline's reward.
pub(super) const CONSTANT: &str = "constant_reward";
/// Key of the architectures that may be the best, a JSON object.
pub(super) const CONTENDERS: &str = "contenders";
/// Key of the machines that were used, a JSON list.
pub(super) const MACHINES: &str = "machines";
/// Key of the seconds by kind of work, a JSON object.
pub(super) const SPENT: &str = "spent_secs";

/// A run opened for reading; another process may write to it meanwhile.
#[derive(Debug)]
pub struct RunView {
    pub(super) folder: PathBuf,
    pub(super) db: Connection,
}

impl RunView {
    /// Opens the run in `folder`.
    ///
    /// # Errors
    /// When there is none, a newer version made it, or it is damaged.
    pub fn open(folder: &Path) -> Result<Self> {
        Ok(Self {
            folder: folder.into(),
            db: format::open_to_read(folder)?,
        })
    }

    /// The run folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The resolved configuration, with the number of trials wanted now.
    ///
    /// # Errors
    /// When it cannot be read back, e.g. because a plugin it names is not in this program.
    pub fn config(&self) -> Result<Config> {
        let text = self.meta("config")?;
        let text = text.ok_or_else(|| run_error(&self.folder, "run.db has no configuration"))?;
        Config::from_toml(&text)
    }

    /// The configuration as stored, TOML; reading it loads no library.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn config_text(&self) -> Result<String> {
        Ok(self.meta("config")?.unwrap_or_default())
    }

    /// Total number of trials wanted, without reading the rest of the configuration.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn trials_wanted(&self) -> Result<Option<u64>> {
        let table: toml::Table = toml::from_str(&self.config_text()?).unwrap_or_default();
        let wanted = table.get("run").and_then(|run| run.get("trials"));
        let wanted = wanted.and_then(toml::Value::as_integer);
        Ok(wanted.and_then(|n| u64::try_from(n).ok()))
    }

    /// Version of the program that created the run, and the time: seconds since 1970, UTC.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn made(&self) -> Result<(Option<String>, Option<u64>)> {
        let at = self.meta("created_unix_secs")?;
        let at = at.and_then(|t| t.parse().ok());
        Ok((self.meta("program_version")?, at))
    }

    /// The reward of the constant-prediction baseline; `None` until it was measured, and in runs of
    /// programs that did not record it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn constant_reward(&self) -> Result<Option<f64>> {
        let text = self.meta(CONSTANT)?;
        Ok(text.and_then(|t| t.parse().ok()))
    }

    /// The architectures that may be the best, by a model of all trials. `None` while a search is
    /// active, after a crash until the run is continued, and where no trial is complete.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn contenders(&self) -> Result<Option<Contenders>> {
        let text = self.meta(CONTENDERS)?.unwrap_or_default();
        let read: Option<Contenders> = serde_json::from_str(&text).ok();
        let finished = self.finished()?;
        Ok(read.filter(|it| it.trials == finished && !it.ranked.is_empty()))
    }

    /// The trial whose architecture is recommended: the first one with the best of the
    /// [`contenders`](Self::contenders), or else the trial with the highest reward. `None` where no
    /// trial has a reward.
    ///
    /// # Errors
    /// When the database cannot be read, or a trial in it is damaged.
    pub fn recommended(&self) -> Result<Option<Trial>> {
        let (contenders, trials) = (self.contenders()?, self.trials()?);
        let first = contenders.map(|it| it.ranked[0].trial);
        let named = trials.iter().find(|trial| Some(trial.id()) == first);
        Ok(named.or_else(|| best(&trials)).cloned())
    }

    /// The machines that worked on the run, in the order of their first call.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn machines(&self) -> Result<Vec<Machine>> {
        let text = self.meta(MACHINES)?.unwrap_or_default();
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// Seconds by kind of work, of all calls that ran to their end.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn spent(&self) -> Result<BTreeMap<String, f64>> {
        let text = self.meta(SPENT)?.unwrap_or_default();
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// True if reading the [configuration](Self::config) loads libraries, that is, runs their code.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn loads_libraries(&self) -> Result<bool> {
        let text = self.config_text()?;
        // Text that does not parse is reported where it is read.
        let table: toml::Table = toml::from_str(&text).unwrap_or_default();
        let plugins = table.get("plugins").and_then(toml::Value::as_array);
        Ok(plugins.is_some_and(|p| !p.is_empty()))
    }

    /// Output channels of the run's networks.
    ///
    /// # Errors
    /// When the run ended before it was known.
    pub fn outputs(&self) -> Result<u32> {
        let text = self.meta(OUTPUTS)?;
        text.and_then(|t| t.parse().ok()).ok_or_else(|| {
            run_error(
                &self.folder,
                "run.db does not record how many outputs its networks have",
            )
        })
    }

    /// The fingerprint of the run's data set.
    ///
    /// # Errors
    /// When the run ended before it was known.
    pub fn data_fingerprint(&self) -> Result<String> {
        self.meta(DATA)?
            .ok_or_else(|| run_error(&self.folder, "run.db does not record which data it is for"))
    }

    pub(super) fn meta(&self, key: &str) -> Result<Option<String>> {
        let sql = "SELECT value FROM meta WHERE key = ?1";
        let value = self.db.query_row(sql, [key], |r| r.get(0)).optional();
        value.map_err(|e| database_error(&self.folder, e))
    }

    /// Runs `read` on a consistent snapshot, though another process may write meanwhile.
    ///
    /// # Errors
    /// When the database cannot be read, or as `read`.
    pub fn at_one_moment<T>(&self, read: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let moment = self.db.unchecked_transaction();
        let moment = moment.map_err(|e| database_error(&self.folder, e))?;
        let value = read(self)?;
        drop(moment);
        Ok(value)
    }

    /// All finished trials, in order.
    ///
    /// # Errors
    /// When the database cannot be read, or a trial in it is damaged.
    pub fn trials(&self) -> Result<Vec<Trial>> {
        rows::read_all(&self.db, &self.folder)
    }

    /// The number of finished trials.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn finished(&self) -> Result<u64> {
        let count = self
            .db
            .query_row("SELECT count(*) FROM trials", [], |r| r.get::<_, i64>(0));
        let count = count.map_err(|e| database_error(&self.folder, e))?;
        Ok(count.unsigned_abs())
    }

    /// The state after the last finished trial; `None` before the first.
    ///
    /// # Errors
    /// When the database cannot be read, or state and trials do not match.
    pub fn state(&self) -> Result<Option<SearchState>> {
        let row = self
            .db
            .query_row(
                "SELECT controller, schedule, next_trial FROM state",
                [],
                |row| {
                    let state = SearchState {
                        controller: State(row.get(0)?),
                        schedule: State(row.get(1)?),
                    };
                    Ok((state, row.get::<_, i64>(2)?))
                },
            )
            .optional()
            .map_err(|e| database_error(&self.folder, e))?;
        match (row, self.finished()?) {
            (None, 0) => Ok(None),
            (Some((state, next)), finished) if u64::try_from(next) == Ok(finished) => {
                Ok(Some(state))
            }
            _ => Err(run_error(
                &self.folder,
                "run.db is damaged: its state does not follow its last trial",
            )),
        }
    }

    /// The bytes of an artifact; `None` when there is none of this name.
    ///
    /// # Errors
    /// When it cannot be read, or its length differs from when it was written.
    pub fn artifact(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT bytes, blake3 FROM artifacts WHERE name = ?1";
        let noted = self.db.query_row(sql, [name], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        });
        let noted = noted.optional();
        let Some((bytes, hash)) = noted.map_err(|e| database_error(&self.folder, e))? else {
            return Ok(None);
        };
        let path = artifact::path_of(&self.folder, name)?;
        let content = std::fs::read(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => run_error(
                &self.folder,
                format!("artifact `{name}` is missing; put it back"),
            ),
            _ => io_error(&path)(e),
        })?;
        if i64::try_from(content.len()) != Ok(bytes) {
            let message = format!(
                "artifact `{name}` has {} bytes, but {bytes} were written",
                content.len()
            );
            return Err(run_error(&self.folder, message));
        }
        if hash != artifact::hash(&content) {
            let message =
                format!("artifact `{name}` has changed since it was written; put it back");
            return Err(run_error(&self.folder, message));
        }
        Ok(Some(content))
    }
}
