//! Writing to a run.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, params};

use super::folder_identity::FolderIdentity;
use super::lock::Lock;
use super::view::{CONSTANT, CONTENDERS, DATA, MACHINES, OUTPUTS, SPENT};
use super::{
    RunView, SearchState, artifact, create, database_error, file_digest, format, hash_chain, rows,
    run_error,
};
use crate::config::Config;
use crate::contenders::Contenders;
use crate::error::{Error, Result};
use crate::machine::Machine;
use crate::trial::Trial;

/// A run opened for writing, by one process at a time. It reads as a [`RunView`] does.
#[derive(Debug)]
pub struct Run {
    pub(super) view: RunView,
    identity: FolderIdentity,
    // Released after the database is closed, because fields drop in order.
    _lock: Lock,
}

impl Run {
    /// Checks that [`create`](Run::create) would accept `folder`, before any work is done.
    ///
    /// # Errors
    /// When it exists and is not an empty folder.
    pub fn check_free(folder: &Path) -> Result<()> {
        create::check_free(folder)
    }

    /// Creates a run in the new folder `folder`, whole or not at all.
    ///
    /// # Errors
    /// When the folder exists and is not empty, or cannot be written.
    pub fn create(folder: &Path, config: &Config) -> Result<Self> {
        let lock = create::create(folder, config)?;
        Self::with(folder, lock)
    }

    /// Opens the run in `folder` to continue it.
    ///
    /// # Errors
    /// When there is none, another version made it, it is damaged or was changed, or another
    /// process writes to it.
    pub fn open(folder: &Path) -> Result<Self> {
        // Checked before taking the lock, which would leave a file in any folder.
        let view = RunView::open(folder)?;
        let lock = Lock::take(folder)?;
        view.check_unchanged()?;
        drop(view);
        Self::with(folder, lock)
    }

    /// Opens the run in `folder` for reading only.
    ///
    /// # Errors
    /// As [`RunView::open`].
    pub fn read(folder: &Path) -> Result<RunView> {
        RunView::open(folder)
    }

    fn with(folder: &Path, lock: Lock) -> Result<Self> {
        file_digest::remove(folder)?;
        let db = format::open(folder)?;
        let folder = folder.to_owned();
        let view = RunView { folder, db };
        // The readable copy may be from before an interruption.
        let (config, copy) = (view.config_text()?, view.folder.join("config.toml"));
        if std::fs::read_to_string(&copy).ok().as_ref() != Some(&config) {
            artifact::write_whole(&copy, config.as_bytes())?;
        }
        Ok(Self {
            identity: FolderIdentity::of(&view.folder),
            view,
            _lock: lock,
        })
    }

    /// Adds the next trial, which is then no longer pending, and the state after it. Both are
    /// durable when this returns; if it fails, neither is.
    ///
    /// # Errors
    /// When the trial does not follow the last one, or the database fails, e.g. on a full disk.
    pub fn append(&mut self, trial: &Trial, state: &SearchState) -> Result<()> {
        let next = self.finished()?;
        if trial.id() != next {
            let id = trial.id();
            let message = format!("trial {id} is out of order: the next one is {next}");
            return Err(run_error(&self.view.folder, message));
        }
        self.change(|tx| {
            let id = rows::integer(trial.id())?;
            rows::insert(tx, trial)?;
            hash_chain::add_link(tx, id)?;
            tx.execute("DELETE FROM pending WHERE id = ?1", [id])?;
            rows::replace_state(tx, state, next + 1)
        })
    }

    /// Changes the record, wholly or not at all; durable when this returns.
    pub(super) fn change<T>(
        &mut self,
        body: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        self.check_place()?;
        let write = |db: &mut Connection| -> rusqlite::Result<T> {
            let tx = db.transaction()?;
            let value = body(&tx)?;
            hash_chain::reseal(&tx)?;
            tx.commit()?;
            Ok(value)
        };
        let written = write(&mut self.view.db);
        written.map_err(|e| self.explained(database_error(&self.view.folder, e)))
    }

    /// Writes to a folder that no longer exists are lost, and workers read whatever is there
    /// instead.
    fn check_place(&self) -> Result<()> {
        if self.is_in_place() {
            Ok(())
        } else {
            Err(self.moved())
        }
    }

    fn moved(&self) -> Error {
        Error::Moved {
            run: self.view.folder.clone(),
        }
    }

    /// Returns `error`, or its cause if the folder was moved: SQLite only knows that something
    /// failed.
    pub fn explained(&self, error: Error) -> Error {
        if self.is_in_place() {
            error
        } else {
            self.moved()
        }
    }

    fn is_in_place(&self) -> bool {
        self.identity == FolderIdentity::of(&self.view.folder)
    }

    /// Records the run's data and network facts, or checks that they are still the same.
    ///
    /// # Errors
    /// When the data set has changed since the run began.
    pub fn bind(&mut self, data: &str, outputs: usize) -> Result<()> {
        let folder = self.view.folder.clone();
        match self.view.meta(DATA)? {
            Some(before) if before == data => Ok(()),
            Some(_) => Err(run_error(
                &folder,
                "the data set has changed since this run started, so rewards would no longer be \
                 comparable; restore it, or start a new run",
            )),
            None => {
                let outputs = outputs.to_string();
                self.change(|tx| {
                    for (key, value) in [(DATA, data), (OUTPUTS, &outputs)] {
                        tx.execute("INSERT INTO meta VALUES (?1, ?2)", [key, value])?;
                    }
                    Ok(())
                })
            }
        }
    }

    /// Records the reward of the constant-prediction baseline.
    ///
    /// # Errors
    /// When the database fails.
    pub fn note_constant_reward(&mut self, reward: f64) -> Result<()> {
        self.note(CONSTANT, &reward.to_string())
    }

    /// Records the architectures that may be the best.
    ///
    /// # Errors
    /// When the database fails.
    pub fn note_contenders(&mut self, contenders: &Contenders) -> Result<()> {
        let text = serde_json::to_string(contenders);
        let text = text.map_err(|e| run_error(&self.view.folder, e.to_string()))?;
        self.note(CONTENDERS, &text)
    }

    /// Records a machine that works on the run from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub fn note_machine(&mut self, machine: &Machine) -> Result<()> {
        let mut all = self.machines()?;
        if all.contains(machine) {
            return Ok(());
        }
        all.push(machine.clone());
        let text =
            serde_json::to_string(&all).map_err(|e| run_error(&self.view.folder, e.to_string()))?;
        self.note(MACHINES, &text)
    }

    /// Adds to the seconds by kind of work.
    ///
    /// # Errors
    /// When the database fails.
    pub fn add_spent(&mut self, seconds: &[(String, f64)]) -> Result<()> {
        let mut all = self.spent()?;
        for (work, secs) in seconds {
            *all.entry(work.clone()).or_default() += secs;
        }
        let text =
            serde_json::to_string(&all).map_err(|e| run_error(&self.view.folder, e.to_string()))?;
        self.note(SPENT, &text)
    }

    fn note(&mut self, key: &str, value: &str) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO meta VALUES (?1, ?2)";
        self.change(|tx| tx.execute(sql, [key, value]).map(drop))
    }

    /// Changes the total number of trials wanted, in the database and in `config.toml`.
    ///
    /// # Errors
    /// When more are finished already, or the stored configuration cannot be read or written.
    pub fn set_trials_wanted(&mut self, trials: u64) -> Result<()> {
        let finished = self.finished()?;
        if trials < finished {
            let message = format!(
                "{trials} trials requested, but {finished} are already finished; request at least {finished}"
            );
            return Err(run_error(&self.view.folder, message));
        }
        let mut config = self.config()?;
        config.run.trials = trials;
        config.check_ranges()?;
        self.store_config(&config)
    }

    /// Records the present location of the data, in the database and in `config.toml`;
    /// [`bind`](Self::bind) checks that it is the same data.
    ///
    /// # Errors
    /// When the stored configuration cannot be read or written.
    pub fn set_data_path(&mut self, now: &Config) -> Result<()> {
        let mut config = self.config()?;
        config.data.path.clone_from(&now.data.path);
        self.store_config(&config)
    }

    fn store_config(&mut self, config: &Config) -> Result<()> {
        let toml = config.to_toml();
        let sql = "UPDATE meta SET value = ?1 WHERE key = 'config'";
        self.change(|tx| tx.execute(sql, [&toml]).map(drop))?;
        artifact::write_whole(&self.view.folder.join("config.toml"), toml.as_bytes())
    }

    /// Writes a file called `name` (a relative path) below `artifacts/`, whole or not at all,
    /// over one of the same name, and returns where it is.
    ///
    /// # Errors
    /// When the name leads out of the folder, or writing fails.
    pub fn write_artifact(&mut self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        self.check_place()?;
        let path = artifact::path_of(&self.view.folder, name)?;
        artifact::write_whole(&path, bytes)?;
        let hash = artifact::hash(bytes);
        self.change(|tx| {
            let length = rows::integer(bytes.len())?;
            let sql = "INSERT OR REPLACE INTO artifacts VALUES (?1, ?2, ?3)";
            tx.execute(sql, params![name, length, hash]).map(drop)
        })?;
        Ok(path)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Folds the write-ahead log into the one file, so that a closed run can be copied or read
        // anywhere. A reader may prevent it; then the log stays, and nothing is lost.
        let closed = (self.view.db).pragma_update(None, "journal_mode", "DELETE");
        if closed.is_ok() && self.is_in_place() && !self.view.folder.join("run.db-wal").exists() {
            let _ = file_digest::leave(&self.view.folder);
        }
    }
}

impl Deref for Run {
    type Target = RunView;
    fn deref(&self) -> &RunView {
        &self.view
    }
}
