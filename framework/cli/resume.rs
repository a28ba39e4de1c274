//! `nasfw resume`: continue a run.

use std::path::PathBuf;

use nasfw_device::Device;
use nasfw_engine::experiment::Values;
use nasfw_engine::search::{self, Changes};
use nasfw_engine::store::Run;

use crate::events::EventArgs;
use crate::exit::Failure;
use crate::judging::{self, JudgeArgs};
use crate::session::{ShowArgs, go};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run folder
    run: PathBuf,
    /// Change the total number of trials
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    trials: Option<u64>,
    /// New location of the data, if it was moved; it must be the same data
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Device to continue on: cpu, or cuda:N in a program built with CUDA [default: as before]
    #[arg(long, value_name = "DEVICE")]
    device: Option<Device>,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    events: EventArgs,
    #[command(flatten)]
    show: ShowArgs,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let view = Run::read(&args.run)?;
    let mut now = view.config()?.run;
    let best = search::best(&view.trials()?).and_then(|t| t.reward);
    drop(view);
    args.events.check()?;
    let changes = Changes {
        trials: args.trials,
        data: args.data.clone(),
        device: args.device,
        workers: args.judge.workers.map(|n| n as usize),
        threads: args.judge.threads.map(|n| n as usize),
        memory_limit_mb: args.judge.memory_limit,
        trial_timeout_secs: args.judge.trial_timeout,
    };
    changes.apply(&mut now);
    let program = judging::prepare(&now)?;
    go(args.show, |progress| {
        (args.events).with(progress, best, |o| {
            search::resume(&args.run, &changes, &Values::default(), program.as_ref(), o)
        })
    })
}
