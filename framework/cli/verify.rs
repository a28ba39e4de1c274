//! `nasfw verify`: checks a run's integrity.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nasfw::engine::store::{Run, Verified, baseline_folder, is_run};

use crate::exit::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run folder; the run may be in progress. Its baseline, if any, is checked as well
    run: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    verify(&args.run)?;
    let baseline = baseline_folder(&args.run);
    if is_run(&baseline) {
        verify(&baseline)?;
    }
    Ok(())
}

fn verify(run: &Path) -> Result<(), Failure> {
    let found = Run::read(run)?.verify()?;
    let run = run.display();
    match found.problems.len() {
        0 => say(&run.to_string(), &found).map_err(Into::into),
        1 => Err(Failure::Failed(format!("{run}: {}", found.problems[0]))),
        _ => {
            let lines: Vec<String> = found.problems.iter().map(|p| format!("  {p}")).collect();
            Err(Failure::Failed(format!("{run}:\n{}", lines.join("\n"))))
        }
    }
}

fn say(run: &str, found: &Verified) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{run}: unchanged; trials: {}, artifacts: {}",
        found.trials, found.artifacts
    )?;
    if !found.is_whole_file {
        writeln!(
            out,
            "  the records in run.db were compared, not every byte of the file: a run in progress or \
            interrupted has no run.blake3"
        )?;
    }
    out.flush()
}
