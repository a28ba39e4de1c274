//! `nasfw run`: search for a network.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nasfw::Device;
use nasfw::engine::config::Layers;
use nasfw::engine::store::Run;
use nasfw::{Config, Search};

use crate::args::{MAX_SEED, PluginArgs, SettingsArgs, path_flag};
use crate::cache::CacheArgs;
use crate::events::EventArgs;
use crate::exit::Failure;
use crate::found;
use crate::session::{ShowArgs, go};
use crate::workers::{WorkerArgs, use_threads_for};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    plugins: PluginArgs,
    /// The task: segm, depth or pose [default: segm]
    #[arg(long)]
    task: Option<String>,
    /// Data folder: images with labels; generated scenes if omitted
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Initial encoder weights: safetensors with nasfw's, torchvision's or timm's array names
    #[arg(long, value_name = "FILE")]
    encoder_weights: Option<PathBuf>,
    /// Base settings: demo (minutes on two cores) or paper (GPU-days)
    #[arg(long, default_value = "demo")]
    preset: String,
    /// The controller, which proposes architectures [default: bayes, or with --preset
    /// paper ppo]
    #[arg(long)]
    controller: Option<String>,
    /// The reward schedule, which sets the stages of an evaluation [default: progressive]
    #[arg(long)]
    schedule: Option<String>,
    /// Number of architectures to try
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    trials: Option<u64>,
    /// Architecture to try first: a genotype, RUN (its recommended one), RUN#ID, or RUN#all (all its
    /// complete ones, best first); may be repeated
    #[arg(long, value_name = "GENOTYPE|RUN[#ID|#all]")]
    prior: Vec<String>,
    /// Also search with another controller, usually random, with the same number of trials, into
    /// OUT/baseline; `report` compares the two
    #[arg(long, value_name = "CONTROLLER")]
    baseline: Option<String>,
    /// Random seed; the same seed gives the same result [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MAX_SEED))]
    seed: Option<u64>,
    /// Device: cpu, or cuda:N in a program built with CUDA [default: cpu]
    #[arg(long, value_name = "DEVICE")]
    device: Option<Device>,
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    workers: WorkerArgs,
    /// The run folder, which must be new [default: runs/PLUGIN-TASK-NNN]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print the resolved configuration and exit
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    events: EventArgs,
    #[command(flatten)]
    show: ShowArgs,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let layers = layers(args)?;
    let config = layers.resolve()?;
    if args.dry_run {
        let mut out = io::stdout().lock();
        out.write_all(config.to_toml().as_bytes())?;
        out.flush()?;
        return Ok(());
    }
    args.events.check()?;
    use_threads_for(&config.run)?;
    let search = |out: &Path| {
        go(args.show, |progress| {
            (args.events).with(progress, None, |observer| {
                let mut search = Search::with_layers(layers).observer(observer);
                if let Some(cache) = args.cache.open() {
                    search = search.cache(cache);
                }
                search.run(out)
            })
        })
    };
    match &args.out {
        Some(out) => {
            Run::check_free(out)?;
            search(out)
        }
        None => {
            let out = claim_next(&config)?;
            let result = search(&out);
            // The folder is still empty when the search was refused; otherwise this fails, as
            // intended.
            let _ = std::fs::remove_dir(&out).and_then(|()| std::fs::remove_dir("runs"));
            result
        }
    }
}

fn layers(args: &Args) -> Result<Layers, Failure> {
    let layers = args.settings.layers(args.preset.parse()?)?;
    let mut layers = args.plugins.over(layers)?;
    let texts = [
        ("--task", "task.name", &args.task),
        ("--controller", "controller.name", &args.controller),
        ("--schedule", "schedule.name", &args.schedule),
        ("--baseline", "run.baseline", &args.baseline),
    ];
    for (flag, key, value) in texts {
        if let Some(value) = value {
            layers = layers.flag(flag, key, value.as_str());
        }
    }
    if let Some(device) = args.device {
        layers = layers.flag("--device", "run.device", device.to_string());
    }
    let numbers = [
        ("--trials", "run.trials", args.trials),
        ("--seed", "run.seed", args.seed),
    ];
    for (flag, key, value) in numbers {
        if let Some(value) = value {
            layers = layers.flag(flag, key, value);
        }
    }
    if !args.prior.is_empty() {
        let prior = found::priors(&args.prior)?;
        layers = layers.flag("--prior", "run.prior", prior);
    }
    layers = args.workers.over(layers);
    layers = path_flag(layers, "--data", "data.path", args.data.as_deref())?;
    let weights = args.encoder_weights.as_deref();
    layers = path_flag(layers, "--encoder-weights", "encoder.weights", weights)?;
    Ok(layers)
}

/// Creates the first of `runs/segm-depth-001`, `-002`, … that does not exist, so that no other
/// process can take it.
fn claim_next(config: &Config) -> Result<PathBuf, Failure> {
    let (plugin, task) = (&config.space.plugin, &config.task.name);
    let refused = |path: &Path, e: io::Error| Failure::Input(format!("{}: {e}", path.display()));
    let runs = Path::new("runs");
    std::fs::create_dir_all(runs).map_err(|e| refused(runs, e))?;
    let mut n = 1_u32;
    loop {
        let path = runs.join(format!("{plugin}-{task}-{n:03}"));
        match std::fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => n += 1,
            Err(e) => return Err(refused(&path, e)),
        }
    }
}
