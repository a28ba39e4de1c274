//! `--tensorboard DIR`: numbers of a search or a training as event files.

use std::path::{Path, PathBuf};

use nasfw::engine::Observer;
use nasfw::engine::tensorboard::{Events, check_folder};

use crate::exit::Failure;
use crate::progress::Progress;

#[derive(Debug, clap::Args)]
pub(crate) struct EventArgs {
    /// Write numbers by step as an event file for TensorBoard into this folder
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,
}

impl EventArgs {
    /// Whether the folder can be written, asked before work is done.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.folder().map_or(Ok(()), check_folder)?;
        Ok(())
    }

    /// Does the work, its events shown and, if asked for, written. `best` is the best reward before.
    pub(crate) fn with<T>(
        &self,
        progress: &mut Progress,
        best: Option<f64>,
        work: impl FnOnce(&mut dyn Observer) -> T,
    ) -> T {
        match self.folder() {
            None => work(progress),
            Some(folder) => work(&mut Events::new(progress, folder.into(), best)),
        }
    }

    fn folder(&self) -> Option<&Path> {
        self.tensorboard.as_deref()
    }
}
