//! `--tensorboard DIR`: metrics of a search or training as event files.

use std::path::{Path, PathBuf};

use nasfw::engine::Observer;
use nasfw::engine::tensorboard::{Events, check_folder};

use crate::exit::Failure;
use crate::progress::Progress;

#[derive(Debug, clap::Args)]
pub(crate) struct EventArgs {
    /// Write metrics as a TensorBoard event file into this folder
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,
}

impl EventArgs {
    /// Checks that the folder can be written, before any work is done.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.folder().map_or(Ok(()), check_folder)?;
        Ok(())
    }

    /// Runs the work with its events shown and, on request, written. `best` is the best reward so
    /// far.
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
