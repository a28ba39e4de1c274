//! `nasfw train`: one architecture in full.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nasfw_disk::NewFolder;
use nasfw_engine::config::{Layers, Preset};
use nasfw_engine::experiment::Values;
use nasfw_engine::train::{
    CheckpointPolicy, Resume, TrainRequest, Trained, Unfinished, check_not_begun, resume, train,
};
use nasfw_engine::{Config, Observer};
use nasfw_network::Weights;
use nasfw_sdk::Metrics;
use serde::Serialize;

use crate::args::{ComputeArgs, MAX_SEED, PluginArgs, SettingsArgs, path_flag, use_threads};
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
    /// The architecture
    #[arg(long, required_unless_present_any = ["from", "resume"])]
    genotype: Option<String>,
    /// An architecture of a run, with the run's settings, data and warmed-up encoder: the best one, or
    /// trial ID
    #[arg(long, value_name = "RUN[#ID]", conflicts_with_all = ["genotype", "plugins", "task", "preset"])]
    from: Option<String>,
    /// What the network is for: segm, depth or pose [default: segm]
    #[arg(long)]
    task: Option<String>,
    /// Folder of images and truth; without it scenes are generated
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Weights that the encoder starts from: safetensors, in nasfw's names, torchvision's or timm's
    #[arg(long, value_name = "FILE")]
    encoder_weights: Option<PathBuf>,
    /// Where settings start from: demo or paper [default: demo]
    #[arg(long)]
    preset: Option<String>,
    /// A model of the same task and classes to learn from as well, in the weight train.distillation
    #[arg(long, value_name = "MODEL")]
    teacher: Option<PathBuf>,
    /// Passes over the training images
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    epochs: Option<u64>,
    /// The same seed gives the same result [default: the run's, else 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MAX_SEED))]
    seed: Option<u64>,
    #[command(flatten)]
    compute: ComputeArgs,
    /// The model folder, which must be new; until it is finished, the training is in MODEL.unfinished
    #[arg(long, value_name = "MODEL", required_unless_present = "resume")]
    out: Option<PathBuf>,
    /// Go on with a training that was interrupted, with all its settings; the model is the one that it
    /// would have become. --data says where the data is now, if it was moved
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["genotype", "from", "plugins", "task",
        "preset", "teacher", "epochs", "seed", "out", "config", "sets"])]
    resume: Option<PathBuf>,
    /// With --resume: train no further, make the model of what was best so far
    #[arg(long, requires = "resume", conflicts_with_all = ["out", "genotype", "from"])]
    finish: bool,
    /// Keep the training every N steps as well, not only after each epoch
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    checkpoint_every: usize,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    events: EventArgs,
    #[command(flatten)]
    show: ShowArgs,
}

/// The line of `--json`.
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

/// What a run gives a training.
#[derive(Default)]
struct Start {
    genotype: String,
    warm: Option<Weights>,
    data_fingerprint: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match (&args.out, &args.resume) {
        (_, Some(model)) => go_on(args, model),
        (Some(out), None) => begin(args, out),
        // The arguments require one of them.
        (None, None) => Err(Failure::Input("name a folder with --out".into())),
    }
}

fn begin(args: &Args, out: &Path) -> Result<(), Failure> {
    let (config, start) = match &args.from {
        Some(from) => from_run(args, from)?,
        None => {
            let preset = args
                .preset
                .as_deref()
                .map_or(Ok(Preset::Demo), str::parse)?;
            let layers = args.plugins.over(args.settings.layers(preset)?)?;
            let start = Start {
                genotype: args.genotype.clone().unwrap_or_default(),
                ..Start::default()
            };
            (flags(args, layers)?.resolve()?, start)
        }
    };
    check_not_begun(out)?;
    NewFolder::check_free(out)?;
    args.events.check()?;
    use_threads(config.run.threads)?;
    let request = TrainRequest {
        config: &config,
        values: Values::default(),
        genotype: &start.genotype,
        warm: start.warm.as_ref(),
        data_fingerprint: start.data_fingerprint.as_deref(),
        keep: Some(CheckpointPolicy {
            model: out,
            every_steps: args.checkpoint_every,
        }),
    };
    end(args, &config, out, |progress| train(&request, progress))
}

fn go_on(args: &Args, model: &Path) -> Result<(), Failure> {
    let unfinished = Unfinished::open(model)?;
    args.events.check()?;
    let config = unfinished.config().clone();
    use_threads(
        args.compute
            .threads
            .map_or(config.run.threads, |n| n as usize),
    )?;
    let how = Resume {
        data: args.data.as_deref(),
        values: Values::default(),
        device: args.compute.device,
        every_steps: args.checkpoint_every,
        finish: args.finish,
    };
    end(args, &config, model, |progress| {
        resume(unfinished, &how, progress)
    })
}

/// Trains, writes the model and shows it.
fn end(
    args: &Args,
    config: &Config,
    out: &Path,
    training: impl FnOnce(&mut dyn Observer) -> nasfw_engine::Result<Trained>,
) -> Result<(), Failure> {
    let mut progress = args.show.progress()?;
    let result = args.events.with(&mut progress, None, training);
    progress.close();
    let mut trained = result.map_err(|e| match e {
        nasfw_engine::Error::Stopped => Failure::Stopped(format!(
            "stopped; go on with: nasfw train --resume {0}\n\
             or end here, with the best so far: nasfw train --resume {0} --finish",
            quoted(out)
        )),
        other => other.into(),
    })?;
    trained.save(out)?;
    match args.show.is_json() {
        true => json(&trained, out)?,
        false => print_summary(&trained, config, out)?,
    }
    match &trained.ended_early {
        None => Ok(()),
        Some(reason) => Err(Failure::Stopped(format!(
            "{reason}; {} holds what was best until then",
            out.display()
        ))),
    }
}

/// The run's configuration with what the command line changes, and what the run has for the training.
fn from_run(args: &Args, from: &str) -> Result<(Config, Start), Failure> {
    let found = found::find(from)?;
    let text = found.config.to_toml();
    let layers = Layers::new(Preset::None).text(&text, "the run's configuration")?;
    let mut config = flags(args, args.settings.over(layers)?)?.resolve()?;
    let mut start = Start {
        genotype: found.trial.genotype.clone(),
        ..Start::default()
    };
    if config.encoder == found.config.encoder
        && let Some(warm) = found.warm_weights()?
    {
        start.warm = Some(warm);
        // The warm-up that began from them is over.
        config.encoder.weights = None;
    }
    if config.data == found.config.data {
        start.data_fingerprint = Some(found.data_fingerprint()?);
    }
    Ok((config, start))
}

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
        "best on the validation part: epoch {} of {}",
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
