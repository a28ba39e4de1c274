//! `nasfw replay`: recomputes a search's decisions from its seed and the recorded outcomes.

use std::io::{self, Write};
use std::path::PathBuf;

use nasfw::engine::experiment::GivenMembers;
use nasfw::engine::search::replay;
use nasfw::engine::store::Run;
use nasfw::plugin_host as plugins;

use crate::exit::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run folder; the run may be in progress. Loads the libraries that the run used; they
    /// execute with your permissions
    run: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let replayed = replay(&Run::read(&args.run)?, &GivenMembers::default())?;
    plugins::take_notes();
    let run = args.run.display();
    if let Some(difference) = replayed.difference {
        let place = match difference.trial {
            Some(id) => format!("trial {id}"),
            None => format!("all {} trials match, but", replayed.trials),
        };
        return Err(Failure::Failed(format!(
            "{run}: {place}: {}",
            difference.what
        )));
    }
    let mut out = io::stdout().lock();
    let pending = match replayed.pending {
        0 => String::new(),
        n => format!(", {n} proposals of the current round"),
    };
    writeln!(
        out,
        "{run}: {} trials{pending} and the final state match the seed and the recorded stage rewards",
        replayed.trials
    )?;
    out.flush()?;
    Ok(())
}
