//! Kinds of nasfw folders, so that a command given the wrong kind can say what to do with it.

use std::path::Path;

use crate::full::unfinished_model;
use crate::model::is_model;
use crate::store::is_run;

/// The kind of a folder by its looks, sound or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folder {
    /// A search.
    Run,
    /// A trained network.
    Model,
    /// A training that can be resumed, or the model that it will produce.
    Unfinished {
        /// The command that resumes it.
        resume: String,
    },
    /// Anything else, or no folder at all.
    Other,
}

impl Folder {
    /// Inspects a path.
    pub fn at(path: &Path) -> Self {
        if is_run(path) {
            return Self::Run;
        }
        if is_model(path) {
            return Self::Model;
        }
        match unfinished_model(path) {
            Some(model) => Self::Unfinished {
                resume: format!("resume it with `nasfw train --resume {}`", model.display()),
            },
            None => Self::Other,
        }
    }
}
