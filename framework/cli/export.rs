//! `nasfw export`: exports a trained network to formats of other programs.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use nasfw::disk::write_file;
use nasfw::model::Model;
use nasfw::model::export::onnx::{Normalise, Options, to_onnx};
use nasfw::model::export::to_dot;
use nasfw::sdk::Size;
use nasfw::sdk::registry::SpaceEntry;

use crate::args::size;
use crate::exit::Failure;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("format").required(true).multiple(true).args(["onnx", "safetensors", "dot", "svg"]))]
pub(crate) struct Args {
    /// The model folder
    #[arg(long, value_name = "MODEL")]
    model: PathBuf,
    /// Write ONNX, opset 17
    #[arg(long, value_name = "FILE")]
    onnx: Option<PathBuf>,
    /// Fix the input size of the ONNX network; by default it accepts any size
    #[arg(long, value_name = "HEIGHTxWIDTH", value_parser = size, requires = "onnx")]
    size: Option<Size>,
    /// Normalisation of images: `in` the ONNX network, whose input is bytes (batch, height, width,
    /// 3); `out` of it, with normalised floats (batch, 3, height, width) as input
    #[arg(long, value_enum, default_value_t = Where::In, requires = "onnx")]
    normalise: Where,
    /// Write only the weights, with nasfw's array names and layout
    #[arg(long, value_name = "FILE")]
    safetensors: Option<PathBuf>,
    /// Write the network's graph for Graphviz
    #[arg(long, value_name = "FILE")]
    dot: Option<PathBuf>,
    /// Draw cell and wiring as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Where {
    In,
    Out,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let model = Model::load(&args.model)?;
    // All are generated before the first is written.
    let mut files: Vec<(&Path, Vec<u8>)> = Vec::new();
    if let Some(path) = &args.onnx {
        let normalise = match args.normalise {
            Where::In => Normalise::Inside,
            Where::Out => Normalise::Outside,
        };
        let size = args.size;
        files.push((path, to_onnx(&model, &Options { normalise, size })?));
    }
    if let Some(path) = &args.safetensors {
        files.push((path, model.weights().to_safetensors()?));
    }
    if let Some(path) = &args.dot {
        files.push((path, to_dot(&model.description().graph).into_bytes()));
    }
    if let Some(path) = &args.svg {
        files.push((path, sketches_as_svg(&model)?.into_bytes()));
    }
    for (at, (path, _)) in files.iter().enumerate() {
        if files[..at].iter().any(|(other, _)| other == path) {
            let path = path.display();
            return Err(Failure::Input(format!(
                "{path} is given twice; use a different file for each format"
            )));
        }
    }
    let mut out = io::stdout().lock();
    for (path, bytes) in files {
        write_file(path, &bytes)?;
        writeln!(out, "{}: {} bytes", path.display(), bytes.len())?;
    }
    out.flush()?;
    Ok(())
}

fn sketches_as_svg(model: &Model) -> Result<String, Failure> {
    let provenance = &model.description().provenance;
    for reference in &provenance.plugins {
        nasfw::plugin_host::load(reference)?;
    }
    let entry = SpaceEntry::of_plugin(&provenance.space.plugin)?;
    let space = (entry.build)(&provenance.space.settings)?;
    let choices = space.parse(&provenance.genotype)?;
    crate::describe::sketches_as_svg(&*space, &choices)
}
