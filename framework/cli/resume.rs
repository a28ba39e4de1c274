//! `nasfw resume`: continue a run.

use std::path::PathBuf;

use nasfw::engine::config::Layers;
use nasfw::engine::search;
use nasfw::{Device, Preset, Run, Search};

use crate::cache::CacheArgs;
use crate::events::EventArgs;
use crate::exit::Failure;
use crate::session::{ShowArgs, go};
use crate::workers::{WorkerArgs, use_threads_for};

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
    cache: CacheArgs,
    #[command(flatten)]
    workers: WorkerArgs,
    #[command(flatten)]
    events: EventArgs,
    #[command(flatten)]
    show: ShowArgs,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let run = Run::open(&args.run)?;
    let best = search::best(&run.trials()?).and_then(|trial| trial.reward);
    args.events.check()?;
    let mut now = run.config()?.run;
    drop(run);
    let set = |to: &mut usize, given: Option<u64>| *to = given.map_or(*to, |n| n as usize);
    set(&mut now.workers, args.workers.workers);
    set(&mut now.threads, args.workers.threads);
    use_threads_for(&now)?;
    let mut search = Search::with_layers(Layers::new(Preset::None));
    for (_, key, value) in args.workers.given() {
        search = search.set(&format!("{key}={value}"));
    }
    if let Some(trials) = args.trials {
        search = search.trials(trials);
    }
    if let Some(data) = &args.data {
        search = search.data(data);
    }
    if let Some(device) = args.device {
        search = search.device(device);
    }
    if let Some(cache) = args.cache.open() {
        search = search.cache(cache);
    }
    go(args.show, |progress| {
        (args.events).with(progress, best, |observer| {
            search.observer(observer).resume(&args.run)
        })
    })
}
