//! `nasfw report`: a run or a model as one page that can be read anywhere.
//!
//! `examples.rs` draws what a model sees in images beside the truth.

mod examples;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nasfw::disk::Folder;
use nasfw::disk::is_model;
use nasfw::disk::write_file;
use nasfw::engine::store::Run;
use nasfw::model::Model;
use nasfw::plugin_host as plugins;
use nasfw::report::run::Recorded;

use crate::exit::Failure;
use crate::session::quoted;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run folder or the model folder; a run may be going on
    #[arg(value_name = "RUN|MODEL")]
    folder: PathBuf,
    /// The page [default: report.html in the run, MODEL.html beside the model]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Load the libraries that the run or model names: names of their decisions, and drawings. A
    /// library is code that runs as you
    #[arg(long)]
    load: bool,
    /// Of a run: another one of the same task, data and schedule to compare rewards with, e.g. of
    /// --controller random
    #[arg(long, value_name = "RUN")]
    baseline: Option<PathBuf>,
    /// Of a model: the folder of images and truth that examples are from; without it, the generated scenes
    /// that the model was trained on
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Of a model: how many images of the validation part to show, with truth and prediction [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=8))]
    examples: Option<u64>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let folder = &args.folder;
    let (page, usual) = match is_model(folder) {
        true => (model_page(args)?, beside(folder)),
        false => (run_page(args)?, folder.join("report.html")),
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
            "--data, --examples: {} is a run, and a run keeps no trained network to show images to; `nasfw train \
             --from` makes one",
            folder.display()
        )));
    }
    let view = Run::read(folder)?;
    let mut recorded = Recorded::read(&view, &quoted(folder), args.load)?;
    if let Some(other) = &args.baseline {
        let other = Recorded::read(&Run::read(other)?, &quoted(other), false)?;
        recorded.compare_with(&other).map_err(Failure::Input)?;
    }
    Ok(nasfw::report::run::page(&recorded))
}

fn model_page(args: &Args) -> Result<String, Failure> {
    let model = Model::load(&args.folder)?;
    if let Some(other) = &args.baseline {
        return Err(Failure::Input(format!(
            "--baseline {}: {} is a model; two runs are compared",
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

/// `models/first.html` of `models/first`: a model's folder holds the model and nothing else.
fn beside(model: &Path) -> PathBuf {
    let whole = model.canonicalize().unwrap_or_else(|_| model.into());
    let mut name = whole.file_name().unwrap_or_default().to_owned();
    name.push(".html");
    match model.file_name() {
        Some(_) => model.with_file_name(name),
        // `.` and `..` have no name of their own.
        None => whole.with_file_name(name),
    }
}
