//! `RUN[#ID]`: an architecture that a search found.

use std::path::Path;

use nasfw::{Run, Trial};

use crate::exit::Failure;

/// The run and the trial that `text` names: `RUN#ID`, or the best one of `RUN`.
pub(crate) fn find(text: &str) -> Result<(Run, Trial), Failure> {
    let (folder, id) = match text.rsplit_once('#') {
        // A folder's name may itself contain a #.
        Some((folder, id)) if !Path::new(text).exists() => (folder, Some(id)),
        _ => (text, None),
    };
    let run = Run::open(folder)?;
    let trial = match id {
        Some(id) => {
            let id = id.parse().map_err(|_| {
                Failure::Input(format!("--from {text}: `{id}` is not a trial's number"))
            })?;
            run.trial(id)?
        }
        None => run.best()?,
    };
    Ok((run, trial))
}
