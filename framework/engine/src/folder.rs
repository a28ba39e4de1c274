//! What a folder of ours is, so that a command given another kind can say what to do with it.

use std::path::Path;

use crate::full::unfinished_model;
use crate::model::is_model;
use crate::store::is_run;

/// What a folder looks like, sound or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folder {
    /// A search.
    Run,
    /// A trained network.
    Model,
    /// A training that can go on, or the model that it will make.
    Unfinished {
        /// How.
        resume: String,
    },
    /// Anything else, or nothing.
    Other,
}

impl Folder {
    /// Looks at a path.
    pub fn at(path: &Path) -> Self {
        if is_run(path) {
            return Self::Run;
        }
        if is_model(path) {
            return Self::Model;
        }
        match unfinished_model(path) {
            Some(model) => Self::Unfinished {
                resume: format!("go on with `nasfw train --resume {}`", model.display()),
            },
            None => Self::Other,
        }
    }
}
