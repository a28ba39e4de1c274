//! `nasfw describe`: one architecture, its cost and its drawing.

use std::io::{self, Write};
use std::path::PathBuf;

use nasfw_engine::Error;
use nasfw_engine::config::Preset;
use nasfw_sdk::sketch::sketches_to_svg;
use nasfw_sdk::{Choices, Cost, Io, SearchSpace};
use serde_json::{Map, Value};

use crate::args::{SettingsArgs, size, with_plugin};
use crate::card;
use crate::exit::Failure;
use crate::number::{grouped, short};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The plugin whose search space the genotype is of
    #[arg(long)]
    plugin: Option<String>,
    /// The architecture
    #[arg(long)]
    genotype: String,
    /// Output channels: classes, joints, or 1 for depth
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..))]
    outputs: u32,
    /// Size of the input image, which multiply-adds and memory depend on
    #[arg(long, value_name = "HEIGHTxWIDTH", default_value = "512x512", value_parser = size)]
    input: (usize, usize),
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Draw cell and wiring into an SVG file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let layers = args.settings.layers(Preset::None)?;
    let config = with_plugin(layers, args.plugin.as_deref())?.resolve()?;
    let space = config.make_space()?;
    let choices = space.parse(&args.genotype)?;
    let graph = space.decode(&choices, &Io::rgb(args.outputs as usize))?;
    let cost = graph.cost(args.input);
    if let Some(path) = &args.svg {
        let svg = sketches_to_svg(&space.sketches(&choices));
        std::fs::write(path, svg).map_err(|source| Error::Io {
            path: path.clone(),
            source,
        })?;
    }
    let mut out = io::stdout().lock();
    if args.json {
        let object = Value::Object(facts(&*space, &choices, &cost));
        writeln!(out, "{object}")?;
    } else {
        show(&mut out, args, &*space, &choices, &cost)?;
    }
    out.flush()?;
    Ok(())
}

fn facts(space: &dyn SearchSpace, choices: &Choices, cost: &Cost) -> Map<String, Value> {
    // The space's facts first, so that none of them can take the place of a cost.
    let mut all = space.facts(choices);
    all.insert("genotype".into(), space.genotype(choices).into());
    all.insert("params".into(), cost.params.into());
    all.insert("params_with_aux".into(), cost.params_with_aux.into());
    all.insert("macs".into(), cost.macs.into());
    all.insert(
        "peak_activation_bytes".into(),
        cost.peak_activation_bytes.into(),
    );
    all.insert("output_stride".into(), cost.output_stride.into());
    all
}

fn show(
    out: &mut dyn Write,
    args: &Args,
    space: &dyn SearchSpace,
    choices: &Choices,
    cost: &Cost,
) -> io::Result<()> {
    card::heading(out, &space.genotype(choices))?;
    let (height, width) = args.input;
    let with_aux = match cost.params_with_aux == cost.params {
        true => String::new(),
        false => format!(
            "  ({} with auxiliary heads)",
            grouped(cost.params_with_aux as u64)
        ),
    };
    card::row(
        out,
        "parameters",
        &format!("{}{with_aux}", grouped(cost.params as u64)),
    )?;
    let at = format!("{height}x{width}, {} outputs", args.outputs);
    card::row(
        out,
        "multiply-adds",
        &format!("{}  at {at}", short(cost.macs)),
    )?;
    let mib = cost.peak_activation_bytes as f64 / f64::from(1 << 20);
    card::row(out, "peak memory", &format!("{mib:.1} MiB of maps"))?;
    let stride = match cost.output_stride {
        0 => "a single pixel".into(),
        stride => format!("1/{stride} of the input"),
    };
    card::row(out, "output", &stride)?;
    for (name, value) in space.facts(choices) {
        card::row(out, &name.replace('_', " "), &value.to_string())?;
    }
    card::drawing(out, space, choices)?;
    writeln!(out)
}
