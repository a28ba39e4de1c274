//! `nasfw train`: full training of one architecture.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nasfw::engine::config::{Layers, Preset};
use nasfw::sdk::Metrics;
use nasfw::{Config, Observer, Trained, Training, UnfinishedTraining};
use serde::Serialize;

use crate::args::{ComputeArgs, MAX_SEED, PluginArgs, SettingsArgs, path_flag};
use crate::card;
use crate::events::EventArgs;
use crate::exit::Failure;
use crate::found;
use crate::number::grouped;
use crate::session::{ShowArgs, quoted};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    plugins: PluginArgs,
    /// The architecture to train
    #[arg(long, required_unless_present_any = ["from", "resume"])]
    genotype: Option<String>,
    /// An architecture of a run, with the run's settings, data and warmed-up encoder: the best
    /// trial, or trial ID
    #[arg(long, value_name = "RUN[#ID]", conflicts_with_all = ["genotype", "plugins", "task", "preset"])]
    from: Option<String>,
    /// The task: segm, depth or pose [default: segm]
    #[arg(long)]
    task: Option<String>,
    /// Data folder: images with labels; generated scenes if omitted
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Initial encoder weights: safetensors with nasfw's, torchvision's or timm's array names
    #[arg(long, value_name = "FILE")]
    encoder_weights: Option<PathBuf>,
    /// Base settings: demo or paper [default: demo]
    #[arg(long)]
    preset: Option<String>,
    /// Teacher: a model of the same task and classes to distil, weighted by train.distillation
    #[arg(long, value_name = "MODEL")]
    teacher: Option<PathBuf>,
    /// Number of passes over the training images
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    epochs: Option<u64>,
    /// Random seed; the same seed gives the same result [default: the run's, else 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MAX_SEED))]
    seed: Option<u64>,
    #[command(flatten)]
    compute: ComputeArgs,
    /// The model folder, which must be new; checkpoints are kept in MODEL.unfinished until it is
    /// done
    #[arg(long, value_name = "MODEL", required_unless_present = "resume")]
    out: Option<PathBuf>,
    /// Resume an interrupted training with all its settings; the result is the same as without the
    /// interruption. Use --data if the data was moved
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["genotype", "from", "plugins", "task",
        "preset", "teacher", "epochs", "seed", "out", "config", "sets"])]
    resume: Option<PathBuf>,
    /// With --resume: stop training and save the best weights so far as the model
    #[arg(long, requires = "resume", conflicts_with_all = ["out", "genotype", "from"])]
    finish: bool,
    /// Write a checkpoint every N steps as well, not only after each epoch
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    checkpoint_every: usize,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    events: EventArgs,
    #[command(flatten)]
    show: ShowArgs,
}

/// The output line of `--json`.
#[derive(Serialize)]
struct End<'a> {
    model: &'a Path,
    genotype: &'a str,
    reward: f64,
    metrics: Option<&'a Metrics>,
    epoch: usize,
    epochs: usize,
    params: usize,
    ended_early: Option<&'a str>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match (&args.out, &args.resume) {
        (_, Some(model)) => go_on(args, model),
        (Some(out), None) => begin(args, out),
        // clap requires one of them.
        (None, None) => Err(Failure::Input("name a folder with --out".into())),
    }
}

fn begin(args: &Args, out: &Path) -> Result<(), Failure> {
    let training = match &args.from {
        Some(from) => {
            let (run, trial) = found::find(from)?;
            Training::of_trial(&run, &trial)?
                .map_layers(|layers| flags(args, args.settings.over(layers)?))?
        }
        None => {
            let preset = (args.preset.as_deref()).map_or(Ok(Preset::Demo), str::parse)?;
            let layers = args.plugins.over(args.settings.layers(preset)?)?;
            let genotype = args.genotype.as_deref().unwrap_or_default();
            Training::with_layers(flags(args, layers)?, genotype)
        }
    };
    let training = training.checkpoint_every(args.checkpoint_every);
    let config = training.config()?;
    args.events.check()?;
    nasfw::use_threads(config.run.threads)?;
    end(args, &config, out, |observer| {
        training.observer(observer).run(out)
    })
}

fn go_on(args: &Args, model: &Path) -> Result<(), Failure> {
    let mut training = UnfinishedTraining::open(model)?.checkpoint_every(args.checkpoint_every);
    args.events.check()?;
    let config = training.config().clone();
    let threads = args.compute.threads.map(|n| n as usize);
    nasfw::use_threads(threads.unwrap_or(config.run.threads))?;
    if let Some(data) = &args.data {
        training = training.data(data);
    }
    if let Some(device) = args.compute.device {
        training = training.device(device);
    }
    if args.finish {
        training = training.finish();
    }
    end(args, &config, model, |observer| {
        training.observer(observer).run()
    })
}

/// Trains with progress and shows the model.
fn end(
    args: &Args,
    config: &Config,
    out: &Path,
    training: impl FnOnce(&mut dyn Observer) -> nasfw::Result<Trained>,
) -> Result<(), Failure> {
    let mut progress = args.show.progress()?;
    let result = args.events.with(&mut progress, None, training);
    progress.close();
    let trained = result.map_err(|e| match e {
        nasfw::Error::Stopped => Failure::Stopped(format!(
            "stopped; continue with: nasfw train --resume {0}\n\
             or finish with the best weights so far: nasfw train --resume {0} --finish",
            quoted(out)
        )),
        other => other.into(),
    })?;
    if args.show.is_json() {
        json(&trained, out)?;
    } else {
        print_summary(&trained, config, out)?;
    }
    match &trained.ended_early {
        None => Ok(()),
        Some(reason) => Err(Failure::Stopped(format!(
            "{reason}; {} holds the best weights up to that point",
            out.display()
        ))),
    }
}

/// The layers with what the command line changes.
fn flags(args: &Args, layers: Layers) -> Result<Layers, Failure> {
    let mut layers = args.compute.over(layers);
    if let Some(task) = &args.task {
        layers = layers.flag("--task", "task.name", task.as_str());
    }
    let numbers = [
        ("--epochs", "train.epochs", args.epochs),
        ("--seed", "run.seed", args.seed),
    ];
    for (flag, key, value) in numbers {
        if let Some(value) = value {
            layers = layers.flag(flag, key, value);
        }
    }
    for (flag, key, path) in [
        ("--data", "data.path", &args.data),
        (
            "--encoder-weights",
            "encoder.weights",
            &args.encoder_weights,
        ),
        ("--teacher", "train.teacher", &args.teacher),
    ] {
        layers = path_flag(layers, flag, key, path.as_deref())?;
    }
    Ok(layers)
}

fn json(trained: &Trained, out: &Path) -> io::Result<()> {
    let description = trained.model.description();
    let end = End {
        model: out,
        genotype: &description.provenance.genotype,
        reward: trained.reward,
        metrics: description.metrics.as_ref(),
        epoch: description.provenance.epoch,
        epochs: description.provenance.epochs,
        params: description.graph.parameters(),
        ended_early: trained.ended_early.as_deref(),
    };
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(&end)?)?;
    stdout.flush()
}

fn print_summary(trained: &Trained, config: &Config, folder: &Path) -> Result<(), Failure> {
    let description = trained.model.description();
    let p = &description.provenance;
    let mut out = io::stdout().lock();
    let heading = format!(
        "best on the validation split: epoch {} of {}",
        p.epoch, p.epochs
    );
    card::heading(&mut out, &heading)?;
    card::row(&mut out, "genotype", &p.genotype)?;
    card::row(&mut out, "reward", &format!("{:.4}", trained.reward))?;
    let task = config.make_task()?;
    if let Some(metrics) = &description.metrics {
        for (name, value) in metrics.headline_first(task.headline()) {
            card::row(&mut out, name, &card::metric(value))?;
        }
    }
    let params = grouped(description.graph.parameters() as u64);
    card::row(&mut out, "parameters", &params)?;
    card::heading(&mut out, &format!("the model is in {}", folder.display()))?;
    let model = quoted(folder);
    writeln!(out, "  nasfw export --model {model} --onnx network.onnx\n")?;
    out.flush()?;
    Ok(())
}
