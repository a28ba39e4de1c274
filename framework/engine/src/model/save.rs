//! A new model folder, whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::{DESCRIPTION, Model, WEIGHTS, model_error};
use crate::error::{Error, Result};

/// Whether a model may be made in `folder`: it does not exist or is empty, and the nearest folder
/// around it that exists can be written to. Called before a long training whose result is to go there; leaves nothing.
///
/// # Errors
/// Says why not, and what to choose instead.
pub fn check_free(folder: &Path) -> Result<()> {
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                let message = "this folder exists and is not empty; choose another with --out";
                return Err(model_error(folder, message));
            }
        }
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) if e.kind() == ErrorKind::NotADirectory => {
            let message = "it or a part of its path is a file; choose another folder with --out";
            return Err(model_error(folder, message));
        }
        Err(e) => return Err(refused(folder, e)),
    }
    // Folders on the way are made when the model is saved.
    let mut around = folder.ancestors().skip(1);
    let around = around.find(|p| p.as_os_str().is_empty() || p.exists());
    let name = folder.file_name().unwrap_or_default();
    let beside = Beside::new(&around.unwrap_or(Path::new("")).join(name))?;
    fs::create_dir(&beside.0).map_err(|e| refused(folder, e))
}

pub(super) fn save(model: &Model, folder: &Path) -> Result<()> {
    check_free(folder)?;
    let beside = Beside::new(folder)?;
    let weights = model.weights.to_safetensors()?;
    let mut description = serde_json::to_vec_pretty(&model.description)
        .map_err(|e| model_error(folder, e.to_string()))?;
    description.push(b'\n');
    let write = || -> io::Result<()> {
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::create_dir(&beside.0)?;
        for (name, bytes) in [(WEIGHTS, &weights), (DESCRIPTION, &description)] {
            let mut file = File::create(beside.0.join(name))?;
            file.write_all(bytes)?;
            file.sync_all()?;
        }
        sync_folder(&beside.0);
        // An empty folder in the way is replaced; some systems rename onto nothing only.
        if folder.is_dir() {
            fs::remove_dir(folder)?;
        }
        fs::rename(&beside.0, folder)
    };
    write().map_err(|e| refused(folder, e))?;
    sync_folder(beside.0.parent().unwrap_or(Path::new(".")));
    Ok(())
}

fn refused(folder: &Path, e: io::Error) -> Error {
    match e.kind() {
        ErrorKind::StorageFull => Error::DiskFull {
            path: folder.into(),
        },
        _ => model_error(
            folder,
            format!("cannot be made here: {e}; choose another folder with --out"),
        ),
    }
}

/// The folder beside the target that is filled first, removed unless it was renamed.
struct Beside(PathBuf);

impl Beside {
    fn new(folder: &Path) -> Result<Self> {
        let Some(name) = folder.file_name() else {
            return Err(model_error(
                folder,
                "this names no folder that could be made",
            ));
        };
        let mut unfinished = std::ffi::OsString::from(".");
        unfinished.push(name);
        unfinished.push(format!(".unfinished-{}", std::process::id()));
        Ok(Self(folder.with_file_name(unfinished)))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After the rename there is nothing here; before it, the error that brought us here is the
        // one to report.
        let _ = fs::remove_dir_all(&self.0);
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
