//! `nasfw predict`: masks, depth maps or keypoints for images, as pictures and numbers.
//!
//! | file | holds |
//! |---|---|
//! | `images.rs` | finding images, and checking them before anything is written |
//! | `classes.rs`, `depth.rs`, `keypoints.rs` | the files of each kind of output |
//! | `npy.rs` | the output itself, for NumPy |

mod classes;
mod depth;
mod images;
mod keypoints;
mod npy;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nasfw::data::{DataError, Image, read_rgb};
use nasfw::disk::NewFolder;
use nasfw::engine::{Event, Observer};
use nasfw::model::predict::{Output, Predictor};
use nasfw::model::{Description, Model};
use nasfw::sdk::LabelKind;
use serde::Serialize;

use crate::args::ComputeArgs;
use crate::exit::{self, Failure};
use crate::session::ShowArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The model folder
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// A JPEG or PNG image, or a folder of them
    #[arg(long, value_name = "FILE|DIR")]
    image: PathBuf,
    /// The output folder, which must be new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Also write the raw output as .npy: float32, (height, width, channels)
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    compute: ComputeArgs,
    #[command(flatten)]
    show: ShowArgs,
}

/// The output line of an image with `--json`.
#[derive(Serialize)]
struct Line<'a> {
    image: &'a Path,
    width_px: usize,
    height_px: usize,
    files: Vec<PathBuf>,
    #[serde(flatten)]
    summary: Summary,
}

/// A summary of the prediction.
#[derive(Serialize)]
#[serde(untagged)]
enum Summary {
    /// Share of the image by class, largest first.
    Classes { shares: Vec<(String, f64)> },
    /// Nearest and farthest, in metres.
    Depth { near_m: f32, far_m: f32 },
    /// Number of joints drawn.
    Keypoints { drawn: usize, joints: usize },
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let model = Model::load(&args.model)?;
    let (threads, device) = (args.compute.threads, args.compute.device);
    nasfw::use_threads(threads.map_or(0, |n| n as usize))?;
    let predictor = Predictor::new(&model, device.unwrap_or_default())?;
    NewFolder::check_free(&args.out)?;
    let found = images::find(&args.image)?;
    let images = &found.images;
    images::check(images, &predictor)?;
    if let (Some(note), false) = (found.skipped_note(), args.show.is_json()) {
        exit::say(&note);
    }
    let mut progress = args.show.bars()?;
    progress.on(&Event::Phase {
        name: "prediction",
        steps: images.len(),
    });
    let folder = NewFolder::create(&args.out)?;
    let mut lines = Vec::new();
    for (at, path) in images.iter().enumerate() {
        let image = read_rgb(path)?;
        let answer = predictor.predict(&image)?;
        let files = OutputFiles {
            folder: &folder,
            stem: path.file_stem().unwrap_or_default().to_owned(),
            names: Vec::new(),
        };
        lines.push(show(
            args,
            path,
            model.description(),
            &image,
            &answer,
            files,
        )?);
        progress.on(&Event::Step {
            done: at + 1,
            note: "",
        });
        if progress.should_stop() {
            return Err(nasfw::engine::Error::Stopped.into());
        }
    }
    if model.description().labels == LabelKind::Classes {
        let legend = classes::legend(&model.description().data.classes);
        folder.file("legend.svg", |path| std::fs::write(path, legend))?;
    }
    folder.finish()?;
    progress.close();
    say(args, &lines)
}

/// Writes the files of one image.
fn show<'a>(
    args: &Args,
    path: &'a Path,
    description: &Description,
    image: &Image,
    answer: &Output,
    mut files: OutputFiles<'_>,
) -> Result<Line<'a>, Failure> {
    if args.raw {
        let size = (image.size.height, image.size.width, answer.channels());
        files.file(".npy", |path| npy::write(path, size, answer))?;
    }
    let data = &description.data;
    let summary = match description.labels {
        LabelKind::Classes => classes::show(image, answer, &data.classes, &mut files)?,
        LabelKind::Depth => depth::show(answer, image.size, &mut files)?,
        LabelKind::Keypoints => keypoints::show(path, image, answer, data, &mut files)?,
    };
    Ok(Line {
        image: path,
        width_px: image.size.width,
        height_px: image.size.height,
        files: files.names.iter().map(|name| args.out.join(name)).collect(),
        summary,
    })
}

/// Destination of the files of one image, named after it without its extension.
struct OutputFiles<'a> {
    folder: &'a NewFolder,
    stem: OsString,
    names: Vec<OsString>,
}

impl OutputFiles<'_> {
    /// Writes the file named after the image, with `suffix`.
    fn file(
        &mut self,
        suffix: &str,
        write: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut name = self.stem.clone();
        name.push(suffix);
        self.folder.file(&name, write)?;
        self.names.push(name);
        Ok(())
    }

    /// Writes a picture.
    fn picture(
        &mut self,
        suffix: &str,
        write: impl FnOnce(&Path) -> Result<(), DataError>,
    ) -> Result<(), Failure> {
        self.file(suffix, |path| {
            write(path).map_err(|e| match e {
                DataError::Io { source, .. } => source,
                other => io::Error::other(other),
            })
        })
    }
}

fn say(args: &Args, lines: &[Line<'_>]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    if args.show.is_json() {
        for line in lines {
            let json = serde_json::to_string(line).map_err(io::Error::from)?;
            writeln!(out, "{json}")?;
        }
    } else {
        for line in lines {
            writeln!(out, "{}: {}", line.image.display(), line.summary)?;
        }
        let files: usize = lines.iter().map(|l| l.files.len()).sum();
        let legend = match lines.first().map(|l| &l.summary) {
            Some(Summary::Classes { .. }) => " and legend.svg",
            _ => "",
        };
        writeln!(out, "{files} files{legend} in {}", args.out.display())?;
    }
    out.flush()?;
    Ok(())
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Classes { shares } => {
                let most = shares.iter().take(3);
                let shown: Vec<String> = most
                    .map(|(name, share)| format!("{name} {:.0} %", 100.0 * share))
                    .collect();
                f.write_str(&shown.join(", "))
            }
            Self::Depth { near_m, far_m } => write!(f, "{near_m:.2} to {far_m:.2} m"),
            Self::Keypoints { drawn, joints } => write!(f, "{drawn} of {joints} joints"),
        }
    }
}
