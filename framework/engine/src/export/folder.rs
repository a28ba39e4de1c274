//! A folder of files, whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A folder under way: filled beside its place and moved there when it is whole. What was not
/// finished is removed.
#[derive(Debug)]
pub struct NewFolder {
    target: PathBuf,
    beside: PathBuf,
}

impl NewFolder {
    /// Whether a folder may be made at `target`: it does not exist or is empty, and the nearest folder
    /// around it that exists can be written to. Called before long work whose result is to go there;
    /// leaves nothing.
    ///
    /// # Errors
    /// Says why not, and what to choose instead.
    pub fn check_free(target: &Path) -> Result<()> {
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
        let trial = Self::at(&around.unwrap_or(Path::new("")).join(name))?;
        fs::create_dir(&trial.beside).map_err(|e| refused(target, e))
    }

    /// Makes the folder that is filled.
    ///
    /// # Errors
    /// As [`check_free`](Self::check_free).
    pub fn create(target: &Path) -> Result<Self> {
        Self::check_free(target)?;
        let folder = Self::at(target)?;
        let make = || -> io::Result<()> {
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::create_dir(&folder.beside)
        };
        make().map_err(|e| refused(target, e))?;
        Ok(folder)
    }

    /// Has `write` make the file `name`, and waits for the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn file(
        &self,
        name: impl AsRef<Path>,
        write: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<()> {
        let path = self.beside.join(name);
        write(&path)
            .and_then(|()| File::open(&path)?.sync_all())
            .map_err(|e| refused(&self.target, e))
    }

    /// Moves it to its place.
    ///
    /// # Errors
    /// When that fails; nothing is left then.
    pub fn finish(self) -> Result<()> {
        let target = &self.target;
        sync_folder(&self.beside);
        let place = || -> io::Result<()> {
            // An empty folder in the way is replaced; some systems rename onto nothing only.
            if target.is_dir() {
                fs::remove_dir(target)?;
            }
            fs::rename(&self.beside, target)
        };
        place().map_err(|e| refused(target, e))?;
        sync_folder(target.parent().unwrap_or(Path::new(".")));
        Ok(())
    }

    fn at(target: &Path) -> Result<Self> {
        let Some(name) = target.file_name() else {
            return Err(unfit(target, "this names no folder that could be made"));
        };
        let mut unfinished = std::ffi::OsString::from(".");
        unfinished.push(name);
        unfinished.push(format!(".unfinished-{}", std::process::id()));
        Ok(Self {
            target: target.into(),
            beside: target.with_file_name(unfinished),
        })
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        // After the rename there is nothing here; before it, the error that brought us here is the
        // one to report.
        let _ = fs::remove_dir_all(&self.beside);
    }
}

fn refused(target: &Path, e: io::Error) -> Error {
    match e.kind() {
        ErrorKind::StorageFull => Error::DiskFull {
            then: "try again",
            path: target.into(),
        },
        _ => unfit(target, &format!("{e}; choose another folder with --out")),
    }
}

fn unfit(target: &Path, message: &str) -> Error {
    Error::Target {
        path: target.into(),
        message: message.into(),
    }
}

/// Makes names in `folder` durable where the system can.
fn sync_folder(folder: &Path) {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    if let Ok(file) = File::open(folder) {
        let _ = file.sync_all();
    }
}
