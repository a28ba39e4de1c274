//! The kind of a folder, detected by the names of its files, so that a command given the wrong kind
//! can name the right command, and no nasfw folder is overwritten.

use std::path::{Path, PathBuf};

/// The database of a run.
pub const RUN_DATABASE: &str = "run.db";
/// The description of a model.
pub const MODEL_DESCRIPTION: &str = "model.json";
/// The checkpoint of an unfinished training.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// Suffix of an unfinished training's folder, after the name of its model.
const UNFINISHED: &str = ".unfinished";

/// The apparent kind of a folder, sound or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folder {
    /// A search.
    Run,
    /// A trained network.
    Model,
    /// A training that can be resumed, or the model that it will make.
    Unfinished {
        /// The command that resumes it.
        resume: String,
    },
    /// Anything else, or nothing.
    Other,
}

impl Folder {
    /// Detects the kind of a path.
    pub fn at(path: &Path) -> Self {
        if is_run(path) {
            return Self::Run;
        }
        if is_model(path) {
            return Self::Model;
        }
        match unfinished_model(path) {
            Some(model) => Self::Unfinished {
                resume: format!("continue with `nasfw train --resume {}`", model.display()),
            },
            None => Self::Other,
        }
    }
}

/// True if `folder` looks like a run's.
pub fn is_run(folder: &Path) -> bool {
    folder.join(RUN_DATABASE).is_file()
}

/// True if `folder` looks like a model's.
pub fn is_model(folder: &Path) -> bool {
    folder.join(MODEL_DESCRIPTION).exists()
}

/// The folder of a training into `model` until it is finished; `None` if `model` has no file name.
pub fn unfinished_folder(model: &Path) -> Option<PathBuf> {
    let mut name = model.file_name()?.to_owned();
    name.push(UNFINISHED);
    Some(model.with_file_name(name))
}

/// The folder of a training into `model` that was started and not finished, if there is one.
pub fn started_training(model: &Path) -> Option<PathBuf> {
    unfinished_folder(model).filter(|folder| folder.join(CHECKPOINT).exists())
}

/// The model whose training was started and not finished, where `path` names it or the folder of
/// its checkpoint.
pub fn unfinished_model(path: &Path) -> Option<PathBuf> {
    if started_training(path).is_some() {
        return (!is_model(path)).then(|| path.to_owned());
    }
    let name = path.file_name()?.to_str()?.strip_suffix(UNFINISHED)?;
    let model = path.with_file_name(name);
    started_training(&model).map(|_| model)
}
