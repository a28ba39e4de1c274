//! `nasfw score`: scores predictions in files against ground truth in files.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nasfw::data::{DataError, read_depth_png, read_indexed_png};
use nasfw::plugins::tasks::{ConfusionMatrix, DepthErrors};
use nasfw::sdk::Size;
use rayon::prelude::*;
use serde_json::{Map, Value};

use crate::card;
use crate::exit::Failure;
use crate::score_pose::{Scored, score_pose};

/// Number of files read in parallel, which bounds memory.
const CHUNK: usize = 32;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The task: segm, depth or pose
    #[arg(long)]
    task: String,
    /// Folder of predicted PNGs; for pose, a COCO keypoint results file
    #[arg(long, value_name = "PATH")]
    pred: PathBuf,
    /// Folder of ground-truth PNGs with the same names; for pose, a COCO annotation file
    #[arg(long, value_name = "PATH")]
    truth: PathBuf,
    /// segm: number of classes
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=256))]
    classes: Option<u16>,
    /// segm: ground-truth value of ignored pixels
    #[arg(long, default_value_t = 255)]
    ignore: u8,
    /// depth: units per metre
    #[arg(long, default_value_t = 1000.0)]
    scale: f64,
    /// pose: tolerance as a fraction of the box's longer side
    #[arg(long, default_value_t = 0.1)]
    alpha: f64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let (metrics, counted) = match args.task.as_str() {
        "segm" => score_classes(args)?,
        "depth" => score_depth(args)?,
        "pose" => score_pose(&args.pred, &args.truth, args.alpha)?,
        other => {
            return Err(
                nasfw::sdk::Error::unknown("task", other, ["segm", "depth", "pose"]).into(),
            );
        }
    };
    let mut out = io::stdout().lock();
    if args.json {
        let mut object: Map<String, Value> = metrics
            .iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        for (name, count) in counted {
            object.insert(name.into(), count.into());
        }
        writeln!(out, "{}", Value::Object(object))?;
    } else {
        for (name, value) in metrics.iter() {
            card::row(&mut out, name, &card::metric(value))?;
        }
        for (name, count) in counted {
            card::row(&mut out, name, &count.to_string())?;
        }
    }
    out.flush()?;
    Ok(())
}

fn score_classes(args: &Args) -> Result<Scored, Failure> {
    let classes = args.classes.ok_or_else(|| {
        Failure::Input("--task segm needs --classes K, the number of classes".into())
    })?;
    let (classes, ignore) = (usize::from(classes), args.ignore);
    let mut matrix = ConfusionMatrix::new(classes, ignore);
    let load = |name: &str| {
        let (pred, truth) = (args.pred.join(name), args.truth.join(name));
        let (size, predicted) = read_indexed_png(&pred)?;
        let (true_size, true_values) = read_indexed_png(&truth)?;
        same_size(&pred, size, &truth, true_size)?;
        let width = size.width.max(1);
        let is_class = |v: u8| usize::from(v) < classes;
        let bad_truth = true_values
            .iter()
            .position(|&t| t != ignore && !is_class(t));
        let mut pixels = predicted.iter().zip(&true_values);
        let bad_pred = pixels.position(|(&p, &t)| t != ignore && !is_class(p));
        for (path, bad, values) in [
            (&truth, bad_truth, &true_values),
            (&pred, bad_pred, &predicted),
        ] {
            if let Some(at) = bad {
                return Err(Failure::from(DataError::ClassRange {
                    path: path.clone(),
                    x: at % width,
                    y: at / width,
                    value: values[at],
                    classes,
                    ignore,
                }));
            }
        }
        Ok((predicted, true_values))
    };
    let mut pixels = 0;
    let images = each_pair(args, load, |(predicted, truth): (Vec<u8>, Vec<u8>)| {
        pixels += truth.iter().filter(|&&t| t != ignore).count() as u64;
        matrix.add(&predicted, &truth)
    })?;
    if pixels == 0 {
        let all = args.truth.display();
        return Err(Failure::Input(format!(
            "{all}: every pixel has the ignored value {ignore}"
        )));
    }
    Ok((
        matrix.metrics(),
        vec![("images", images), ("pixels", pixels)],
    ))
}

fn score_depth(args: &Args) -> Result<Scored, Failure> {
    let mut errors = DepthErrors::default();
    let load = |name: &str| {
        let (pred, truth) = (args.pred.join(name), args.truth.join(name));
        let (size, predicted) = read_depth_png(&pred, args.scale)?;
        let (true_size, depths) = read_depth_png(&truth, args.scale)?;
        same_size(&pred, size, &truth, true_size)?;
        Ok((predicted, depths))
    };
    let images = each_pair(args, load, |(predicted, truth): (Vec<f32>, Vec<f32>)| {
        errors.add(&predicted, &truth)
    })?;
    if errors.pixels() == 0 {
        let all = args.truth.display();
        return Err(Failure::Input(format!(
            "{all}: no pixel has a valid depth (all are 0)"
        )));
    }
    Ok((
        errors.metrics(),
        vec![("images", images), ("pixels", errors.pixels())],
    ))
}

/// Loads all pairs, some in parallel, and adds them in the order of their names. Returns their
/// number.
fn each_pair<T: Send>(
    args: &Args,
    load: impl Fn(&str) -> Result<T, Failure> + Sync,
    mut add: impl FnMut(T) -> nasfw::sdk::Result<()>,
) -> Result<u64, Failure> {
    let names = common_names(&args.pred, &args.truth)?;
    for chunk in names.chunks(CHUNK) {
        let loaded: Vec<Result<T, Failure>> = chunk.par_iter().map(|n| load(n)).collect();
        for pair in loaded {
            add(pair?)?;
        }
    }
    Ok(names.len() as u64)
}

/// The names of the PNGs, which must be the same in both folders.
fn common_names(pred: &Path, truth: &Path) -> Result<Vec<String>, Failure> {
    let (predicted, true_names) = (png_names(pred)?, png_names(truth)?);
    for (have, lack, folder, what) in [
        (&true_names, &predicted, pred, "prediction"),
        (&predicted, &true_names, truth, "ground-truth file"),
    ] {
        let missing: Vec<&String> = have.difference(lack).collect();
        if let Some(first) = missing.first() {
            let more = match missing.len() {
                1 => String::new(),
                n => format!(" (and {} more)", n - 1),
            };
            let path = folder.join(first);
            return Err(Failure::Input(format!(
                "{} is missing: expected a {what} for every file of the other folder{more}",
                path.display()
            )));
        }
    }
    Ok(true_names.into_iter().collect())
}

fn png_names(folder: &Path) -> Result<BTreeSet<String>, Failure> {
    let fail = |e: io::Error| Failure::Input(format!("{}: {e}", folder.display()));
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let is_png = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("png"));
        if let (true, Some(name)) = (is_png, path.file_name().and_then(|n| n.to_str())) {
            names.insert(name.to_owned());
        }
    }
    if names.is_empty() {
        Err(Failure::Input(format!(
            "{} has no PNG files",
            folder.display()
        )))
    } else {
        Ok(names)
    }
}

fn same_size(pred: &Path, pred_size: Size, truth: &Path, truth_size: Size) -> Result<(), Failure> {
    if pred_size == truth_size {
        return Ok(());
    }
    Err(Failure::Input(format!(
        "{} is {pred_size} pixels, but its ground truth {} is {truth_size}; the sizes must match",
        pred.display(),
        truth.display()
    )))
}
