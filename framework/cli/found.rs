//! `RUN[#ID]`: an architecture that a search found.

use std::path::Path;

use nasfw::engine::search::compare;
use nasfw::engine::store::is_run;
use nasfw::{Run, Status, Trial};

use crate::exit::Failure;

/// The run and the trial that `text` names: `RUN#ID`, or the recommended one of `RUN`.
pub(crate) fn find(text: &str) -> Result<(Run, Trial), Failure> {
    find_for("--from", text)
}

/// The same, for messages about `flag`.
fn find_for(flag: &str, text: &str) -> Result<(Run, Trial), Failure> {
    let (folder, id) = match text.rsplit_once('#') {
        // A folder's name may itself contain a #.
        Some((folder, id)) if !Path::new(text).exists() => (folder, Some(id)),
        _ => (text, None),
    };
    let run = Run::open(folder)?;
    let trial = match id {
        Some(id) => {
            let id = id.parse().map_err(|_| {
                Failure::Input(format!("{flag} {text}: `{id}` is not a trial's number"))
            })?;
            run.trial(id)?
        }
        None => run.recommended()?,
    };
    Ok((run, trial))
}

/// The genotypes that values of `--prior` name, each one once.
pub(crate) fn priors(values: &[String]) -> Result<Vec<String>, Failure> {
    let mut genotypes: Vec<String> = Vec::new();
    for value in values {
        let folder = value
            .rsplit_once('#')
            .map_or(value.as_str(), |(folder, _)| folder);
        let named = match value.strip_suffix("#all") {
            Some(folder) if is_run(Path::new(folder)) => all(folder)?,
            _ if is_run(Path::new(folder)) || is_run(Path::new(value)) => {
                vec![find_for("--prior", value)?.1.evaluation.genotype]
            }
            // Taken for a path that leads nowhere. A genotype with these signs can be given in run.prior.
            _ if value.contains(['/', '\\', '#']) || Path::new(value).exists() => {
                return Err(Failure::Input(format!(
                    "--prior {value}: no run is there; give a run folder, RUN#ID, or a genotype"
                )));
            }
            _ => vec![value.clone()],
        };
        for genotype in named {
            if !genotypes.contains(&genotype) {
                genotypes.push(genotype);
            }
        }
    }
    Ok(genotypes)
}

/// The genotypes of the complete trials of a run, the best first.
fn all(folder: &str) -> Result<Vec<String>, Failure> {
    let mut trials = Run::open(folder)?.trials()?;
    trials.retain(|trial| trial.status() == Status::Complete);
    if trials.is_empty() {
        return Err(Failure::Input(format!(
            "--prior {folder}#all: no trial of this run is complete yet"
        )));
    }
    trials.sort_by(|a, b| compare(b, a));
    Ok(trials
        .into_iter()
        .map(|trial| trial.evaluation.genotype)
        .collect())
}
