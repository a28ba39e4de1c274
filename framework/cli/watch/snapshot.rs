//! The state of the run, read periodically.

use std::path::Path;
use std::time::{Duration, SystemTime};

use nasfw::engine::search::best;
use nasfw::engine::store::{Run, RunView};
use nasfw::engine::{Status, Trial};

use crate::exit::Failure;
use crate::session::quoted;
use crate::trials::headline;

/// Number of trials whose mean time gives the speed.
const RECENT: usize = 10;

/// The state of a run when it was last read.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub(super) name: String,
    pub(super) wanted: u64,
    /// The metric to show, if the task is in this program.
    pub(super) headline: Option<&'static str>,
    pub(super) trials: Vec<Trial>,
    /// True if a process has the run open, or had it open when it crashed.
    pub(super) is_open: bool,
    /// Time since the last write.
    pub(super) since: Option<Duration>,
}

impl Snapshot {
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let view = Run::read(folder)?;
        let mut snapshot = Self {
            name: quoted(folder),
            headline: headline(&view)?,
            ..Self::default()
        };
        snapshot.update(&view)?;
        snapshot.look_at_files(folder);
        Ok(snapshot)
    }

    /// Reads changes. The run is opened only briefly, so that a search that ends meanwhile can
    /// leave its database in one file.
    pub(super) fn look_again(&mut self, folder: &Path) -> Result<(), Failure> {
        let view = Run::read(folder)?;
        // `resume --trials` changes the number wanted.
        if view.finished()? != self.trials.len() as u64 || !self.is_running() {
            self.update(&view)?;
        }
        drop(view);
        self.look_at_files(folder);
        Ok(())
    }

    fn update(&mut self, view: &RunView) -> Result<(), Failure> {
        self.trials = view.trials()?;
        let wanted = view.trials_wanted()?;
        self.wanted = wanted.unwrap_or(self.trials.len() as u64);
        Ok(())
    }

    fn look_at_files(&mut self, folder: &Path) {
        let log = folder.join("run.db-wal");
        self.is_open = log.exists();
        let written = [folder.join("run.db"), log].map(|file| {
            let changed = std::fs::metadata(file).and_then(|m| m.modified());
            changed.ok()
        });
        let last = written.into_iter().flatten().max();
        self.since = last.and_then(|t| SystemTime::now().duration_since(t).ok());
    }

    /// True if more trials are expected, as far as can be snapshot from outside.
    pub(super) fn is_running(&self) -> bool {
        self.is_open && (self.trials.len() as u64) < self.wanted
    }

    pub(super) fn best(&self) -> Option<&Trial> {
        best(&self.trials)
    }

    pub(super) fn count(&self, status: Status) -> usize {
        self.trials.iter().filter(|t| t.status() == status).count()
    }

    /// Mean seconds of the last trials; `None` before the first.
    pub(super) fn secs_a_trial(&self) -> Option<f64> {
        let recent = self.trials.iter().rev().take(RECENT);
        let count = recent.len();
        let sum: f64 = recent.map(|t| t.evaluation.seconds).sum();
        (count > 0).then(|| sum / count as f64)
    }

    /// Estimated seconds until all trials are done, at the speed of the last ones.
    pub(super) fn secs_left(&self) -> Option<f64> {
        let left = self.wanted.saturating_sub(self.trials.len() as u64);
        Some(self.secs_a_trial()? * left as f64)
    }
}
