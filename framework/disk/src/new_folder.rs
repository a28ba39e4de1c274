//! A folder of files, whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::file::owner;
use crate::paths::parent;
use crate::unfinished::Unfinished;

/// A folder under way: filled beside its place and moved there when it is whole. What was not
/// finished is removed.
#[derive(Debug)]
pub struct NewFolder {
    target: PathBuf,
    unfinished: Unfinished,
}

impl NewFolder {
    /// Whether a folder may be made at `target`: it does not exist or is empty, and the nearest folder
    /// around it that exists can be written to. Called before long work whose result is to go there;
    /// leaves nothing.
    ///
    /// # Errors
    /// Says why not, and what to choose instead.
    pub fn check_free(target: &Path) -> Result<()> {
        if let Some(of) = owner(target) {
            let message = format!("this is within {of}, which is not written to; choose another");
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
        // Folders on the way are made when this one is.
        let mut around = target.ancestors().skip(1);
        let around = around.find(|p| p.as_os_str().is_empty() || p.exists());
        let name = target.file_name().unwrap_or_default();
        let trial = Unfinished::create(&around.unwrap_or(Path::new("")).join(name));
        trial.map(drop).map_err(|e| refused(target, e))
    }

    /// Makes the folder that is filled.
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

    /// Has `write` make the file `name`, in folders that are made for it, and waits for the disk.
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

    /// Moves it to its place.
    ///
    /// # Errors
    /// When that fails; nothing is left then.
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
        ErrorKind::InvalidFilename if target.file_name().is_none() => {
            unfit(target, "this names no folder that could be made")
        }
        _ => unfit(target, &format!("{e}; choose another folder with --out")),
    }
}

fn unfit(target: &Path, message: &str) -> Error {
    Error::Target {
        path: target.into(),
        message: message.into(),
    }
}
