//! A folder of files, whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::file::owner;
use crate::paths::parent;
use crate::unfinished::Unfinished;

/// A folder under construction: filled beside its final place and moved there when complete. An
/// unfinished one is removed.
#[derive(Debug)]
pub struct NewFolder {
    target: PathBuf,
    unfinished: Unfinished,
}

impl NewFolder {
    /// Checks that a folder may be created at `target`: it does not exist or is empty, and its
    /// nearest existing ancestor is writable. Called before long work whose result goes there;
    /// leaves nothing behind.
    ///
    /// # Errors
    /// The reason, and what to choose instead.
    pub fn check_free(target: &Path) -> Result<()> {
        if let Some(of) = owner(target) {
            let message = format!("this is within {of}, which must not be changed; choose another");
            return Err(unfit(target, &message));
        }
        match fs::read_dir(target) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    let message = "this folder exists and is not empty; choose another with --out";
                    return Err(unfit(target, message));
                }
            }
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) if e.kind() == ErrorKind::NotADirectory => {
                let message =
                    "it or a part of its path is a file; choose another folder with --out";
                return Err(unfit(target, message));
            }
            Err(e) => return Err(refused(target, e)),
        }
        // Missing parents are created together with this folder.
        let mut around = target.ancestors().skip(1);
        let around = around.find(|p| p.as_os_str().is_empty() || p.exists());
        let name = target.file_name().unwrap_or_default();
        let trial = Unfinished::create(&around.unwrap_or(Path::new("")).join(name));
        trial.map(drop).map_err(|e| refused(target, e))
    }

    /// Creates the temporary folder to fill.
    ///
    /// # Errors
    /// As [`check_free`](Self::check_free).
    pub fn create(target: &Path) -> Result<Self> {
        Self::check_free(target)?;
        let unfinished = fs::create_dir_all(parent(target))
            .and_then(|()| Unfinished::create(target))
            .map_err(|e| refused(target, e))?;
        Ok(Self {
            target: target.into(),
            unfinished,
        })
    }

    /// Lets `write` fill the file `name`, creates the folders it needs, and flushes it to disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn file(
        &self,
        name: impl AsRef<Path>,
        write: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<()> {
        let path = self.unfinished.path().join(name);
        fs::create_dir_all(parent(&path))
            .and_then(|()| write(&path))
            .and_then(|()| File::open(&path)?.sync_all())
            .map_err(|e| refused(&self.target, e))
    }

    /// Moves it to its final place.
    ///
    /// # Errors
    /// When that fails; nothing is left behind then.
    pub fn finish(self) -> Result<()> {
        let target = &self.target;
        self.unfinished
            .finish(target)
            .map_err(|e| refused(target, e))
    }
}

fn refused(target: &Path, e: io::Error) -> Error {
    match e.kind() {
        ErrorKind::StorageFull => Error::Full {
            then: "try again",
            path: target.into(),
        },
        ErrorKind::InvalidFilename if target.file_name().is_none() => unfit(
            target,
            "this is not the name of a folder that could be created",
        ),
        _ => unfit(target, &format!("{e}; choose another folder with --out")),
    }
}

fn unfit(target: &Path, message: &str) -> Error {
    Error::Target {
        path: target.into(),
        message: message.into(),
    }
}
