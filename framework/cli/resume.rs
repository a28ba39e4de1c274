//! `nasfw resume`: continue a run.

use std::path::PathBuf;

use nasfw_engine::search;
use nasfw_engine::store::Run;

use crate::args::{MAX_THREADS, use_threads};
use crate::events::EventArgs;
use crate::exit::Failure;
use crate::session::{ShowArgs, go};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run folder
    run: PathBuf,
    /// Change how many trials are wanted in all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    trials: Option<u64>,
    /// Threads to compute with, 0 for one per core; the result does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MAX_THREADS))]
    threads: Option<u64>,
    /// What to compute on from here: cpu, or cuda:N in a program built with CUDA [default: as before]
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    #[command(flatten)]
    events: EventArgs,
    #[command(flatten)]
    show: ShowArgs,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let view = Run::read(&args.run)?;
    let stored = view.config()?.run.threads;
    let best = search::best(&view.trials()?).and_then(|t| t.reward);
    drop(view);
    args.events.check()?;
    use_threads(args.threads.map_or(stored, |n| n as usize))?;
    go(args.show, |progress| {
        (args.events).with(progress, best, |o| {
            let changes = search::Changes {
                trials: args.trials,
                device: args.device.as_deref(),
            };
            search::resume(&args.run, changes, o)
        })
    })
}
