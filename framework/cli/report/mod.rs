//! `nasfw report`: a run or a model as a self-contained HTML page.
//!
//! `examples.rs` draws predictions beside the ground truth.

mod examples;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nasfw::disk::Folder;
use nasfw::disk::is_model;
use nasfw::disk::write_file;
use nasfw::engine::store::{Run, RunView, baseline_folder, is_run};
use nasfw::model::Model;
use nasfw::plugin_host as plugins;
use nasfw::report::run::{Recorded, TrainedInFull};

use crate::exit::Failure;
use crate::session::quoted;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run folder or the model folder; a run may be in progress
    #[arg(value_name = "RUN|MODEL")]
    folder: PathBuf,
    /// Output file [default: report.html in the run, MODEL.html beside the model]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Load the libraries that the run or model used, for names of decisions and for sketches; a
    /// library executes with your permissions
    #[arg(long)]
    load: bool,
    /// For a run: another run with the same task, data and schedule to compare with, e.g. one with
    /// --controller random [default: that of `run --baseline`]
    #[arg(long, value_name = "RUN")]
    baseline: Option<PathBuf>,
    /// For a run: a model of one of its architectures, trained in full, to compare rewards with; may
    /// be repeated
    #[arg(long, value_name = "MODEL")]
    trained: Vec<PathBuf>,
    /// For a model: data folder for example images; if omitted, the generated scenes that the model
    /// was trained on
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// For a model: number of example images from the validation split [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=8))]
    examples: Option<u64>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let folder = &args.folder;
    let (page, usual) = if is_model(folder) {
        (model_page(args)?, beside(folder))
    } else {
        (run_page(args)?, folder.join("report.html"))
    };
    let out = args.out.as_ref().unwrap_or(&usual);
    write_file(out, page.as_bytes())?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}: {} bytes", out.display(), page.len())?;
    stdout.flush()?;
    Ok(())
}

fn run_page(args: &Args) -> Result<String, Failure> {
    let folder = &args.folder;
    if folder.is_dir() && Folder::at(folder) == Folder::Other {
        return Err(Failure::Input(format!(
            "{}: neither a run (no run.db) nor a model (no model.json)",
            folder.display()
        )));
    }
    if args.data.is_some() || args.examples.is_some() {
        return Err(Failure::Input(format!(
            "--data, --examples: {} is a run, which has no trained network to predict with; make one with \
            `nasfw train --from`",
            folder.display()
        )));
    }
    let view = Run::read(folder)?;
    let mut recorded = Recorded::read(&view, &quoted(folder), args.load)?;
    let own = Some(baseline_folder(folder)).filter(|own| is_run(own));
    if let Some(other) = args.baseline.as_ref().or(own.as_ref()) {
        if other
            .canonicalize()
            .is_ok_and(|other| folder.canonicalize().is_ok_and(|it| it == other))
        {
            return Err(Failure::Input(format!(
                "--baseline {}: this is the run itself; name another one",
                other.display()
            )));
        }
        let other = Recorded::read(&Run::read(other)?, &quoted(other), false)?;
        recorded.compare_with(&other).map_err(Failure::Input)?;
    }
    let trained = args.trained.iter().map(|model| trained(model, &view));
    recorded.compare_with_trained(trained.collect::<Result<_, _>>()?);
    Ok(nasfw::report::run::page(&recorded))
}

/// An architecture of `run` as it is after full training.
fn trained(folder: &Path, run: &RunView) -> Result<TrainedInFull, Failure> {
    let refused = |why: String| Failure::Input(format!("--trained {}: {why}", folder.display()));
    let model = Model::load(folder)?;
    let description = model.description();
    let provenance = &description.provenance;
    if run.data_fingerprint()? != provenance.data_fingerprint {
        return Err(refused(
            "it was trained on other data than the run's".into(),
        ));
    }
    let genotype = provenance.genotype.clone();
    if run
        .trials()?
        .iter()
        .all(|trial| trial.genotype() != genotype)
    {
        return Err(refused("the run has no trial with its architecture".into()));
    }
    let metrics = description.metrics.as_ref();
    let metrics = metrics.ok_or_else(|| refused("it was not evaluated".into()))?;
    let reward = run.config()?.make_task()?.reward(metrics)?;
    Ok(TrainedInFull { genotype, reward })
}

fn model_page(args: &Args) -> Result<String, Failure> {
    let model = Model::load(&args.folder)?;
    if let Some((flag, other)) = (args.baseline.iter().map(|it| ("--baseline", it)))
        .chain(args.trained.iter().map(|it| ("--trained", it)))
        .next()
    {
        return Err(Failure::Input(format!(
            "{flag} {}: {} is a model; only runs can be compared",
            other.display(),
            args.folder.display()
        )));
    }
    if args.load {
        for library in &model.description().provenance.plugins {
            plugins::load(library)?;
        }
    }
    let examples = examples::of(&model, args)?;
    let (name, shown) = (args.folder.display().to_string(), quoted(&args.folder));
    Ok(nasfw::report::model::page(&model, &name, &shown, &examples))
}

/// `models/first.html` for `models/first`: a model's folder holds nothing but the model.
fn beside(model: &Path) -> PathBuf {
    let whole = model.canonicalize().unwrap_or_else(|_| model.into());
    let mut name = whole.file_name().unwrap_or_default().to_owned();
    name.push(".html");
    match model.file_name() {
        Some(_) => model.with_file_name(name),
        // `.` and `..` have no file name.
        None => whole.with_file_name(name),
    }
}
