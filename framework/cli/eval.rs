//! `nasfw eval`: evaluates a trained network on a data set.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use nasfw::sdk::{LabelKind, Metrics};
use nasfw::{Config, Description, EvalRegion, EvalResult, Model, ModelEvaluation};
use serde::Serialize;

use crate::args::{ComputeArgs, SettingsArgs, path_flag};
use crate::card::{self, INDENT, WIDTH, cut};
use crate::exit::Failure;
use crate::session::ShowArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The model folder
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// Data folder: images with labels; if omitted, the generated scenes that the model was trained
    /// on
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The split to evaluate on
    #[arg(long, value_enum, default_value_t = Split::Val)]
    split: Split,
    /// The region of each image to evaluate: all of it, or the central crop that training uses
    #[arg(long, value_enum, default_value_t = See::Whole)]
    view: See,
    /// A plugin library that provides the model's task; may be repeated
    #[arg(long = "plugin", value_name = "FILE")]
    plugins: Vec<String>,
    #[command(flatten)]
    compute: ComputeArgs,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    show: ShowArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Split {
    Train,
    Val,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum See {
    Whole,
    Crop,
}

/// The output line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    model: &'a Path,
    task: &'a str,
    split: Split,
    view: EvalRegion,
    shorter_side_px: usize,
    images: usize,
    data: &'a str,
    is_training_data: bool,
    reward: f64,
    metrics: &'a Metrics,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let model = Model::load(&args.model)?;
    let mut evaluation = ModelEvaluation::of(&model)?
        .split(match args.split {
            Split::Train => nasfw::sdk::Split::Train,
            Split::Val => nasfw::sdk::Split::Val,
        })
        .region(match args.view {
            See::Whole => EvalRegion::Whole,
            See::Crop => EvalRegion::Crop,
        })
        .map_layers(|layers| {
            let layers = args.compute.over(args.settings.over(layers)?);
            path_flag(layers, "--data", "data.path", args.data.as_deref())
        })?;
    for reference in &args.plugins {
        evaluation = evaluation.library(reference);
    }
    let config = evaluation.config()?;
    nasfw::use_threads(config.run.threads)?;
    let mut progress = args.show.bars()?;
    let result = evaluation.observer(&mut progress).run();
    progress.close();
    let result = result?;
    let mut out = io::stdout().lock();
    if args.show.is_json() {
        let line = Line {
            model: &args.model,
            task: &config.task.name,
            split: args.split,
            view: result.region,
            shorter_side_px: config.train.shorter_side_px,
            images: result.images,
            data: &result.data,
            is_training_data: result.is_training_data,
            reward: result.reward,
            metrics: &result.metrics,
        };
        let json = serde_json::to_string(&line).map_err(io::Error::from)?;
        writeln!(out, "{json}")?;
    } else {
        print_summary(&mut out, args, &model, &config, &result)?;
    }
    out.flush()?;
    Ok(())
}

fn print_summary(
    out: &mut dyn Write,
    args: &Args,
    model: &Model,
    config: &Config,
    result: &EvalResult,
) -> Result<(), Failure> {
    let folder = args.model.display();
    card::heading(out, &format!("{folder}: {} images", result.images))?;
    let train = &config.train;
    let view = match result.region {
        EvalRegion::Whole => "whole images".to_owned(),
        EvalRegion::Crop => format!("crops of {0} x {0}", train.crop_px),
    };
    card::row(out, "task", &config.task.name)?;
    card::words(out, "data", &result.data)?;
    let part = match (args.split, result.is_training_data) {
        (Split::Train, true) => "train (the model was trained on it)",
        (Split::Train, false) => "train (not the training data set)",
        (Split::Val, true) => "val (used to select the best epoch)",
        (Split::Val, false) => "val (not the training data set)",
    };
    card::row(out, "split", part)?;
    let scale = format!("{view}, shorter side {} px", train.shorter_side_px);
    card::row(out, "view", &scale)?;
    card::row(out, "reward", &format!("{:.4}", result.reward))?;
    let task = config.make_task()?;
    let metrics = &result.metrics;
    for (name, value) in metrics.headline_first(task.headline()) {
        card::row(out, name, &card::metric(value))?;
    }
    items(out, model.description(), metrics)?;
    writeln!(out)?;
    Ok(())
}

/// Prints one line per class or joint.
fn items(out: &mut dyn Write, description: &Description, metrics: &Metrics) -> io::Result<()> {
    const COLUMN: usize = 12;
    const NAME: usize = 16;
    let names: BTreeSet<&str> = metrics.items().map(|(metric, ..)| metric).collect();
    if names.is_empty() {
        return Ok(());
    }
    let (what, known) = match description.labels {
        LabelKind::Keypoints => ("joint", &description.data.joints),
        _ => ("class", &description.data.classes),
    };
    let mut items: Vec<&str> = known.iter().map(String::as_str).collect();
    for (_, item, _) in metrics.items() {
        if !items.contains(&item) {
            items.push(item);
        }
    }
    let room = WIDTH - INDENT.len();
    let shown = names.len().min((room - NAME) / COLUMN);
    let longest = items.iter().map(|n| n.chars().count()).max().unwrap_or(0);
    let width = longest.clamp(NAME, room - shown * COLUMN);
    writeln!(out)?;
    let mut line = |name: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|c| format!("{c:>COLUMN$}")).collect();
        writeln!(out, "{INDENT}{:<width$}{cells}", cut(name, width))
    };
    let columns: Vec<&str> = names.iter().copied().take(shown).collect();
    line(what, columns.iter().map(|c| (*c).to_owned()).collect())?;
    for item in items {
        let value = |column: &&str| metrics.get(&format!("{column}/{item}"));
        let cells = columns.iter().map(|c| value(c).map_or("-".into(), figure));
        line(item, cells.collect())?;
    }
    match names.len() - shown {
        0 => Ok(()),
        more => writeln!(out, "{INDENT}--json prints {more} more columns"),
    }
}

/// Four digits after the decimal point, so that a column can be compared at a glance.
fn figure(value: f64) -> String {
    if value.abs() < 1e5 {
        format!("{value:.4}")
    } else {
        card::metric(value)
    }
}
