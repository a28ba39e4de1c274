//! `nasfw describe`: cost and sketches of one architecture.

use std::io::{self, Write};
use std::path::PathBuf;

use nasfw::disk::write_file;
use nasfw::engine::config::Preset;
use nasfw::report::sketch::to_svg;
use nasfw::sdk::{Choices, Cost, IoChannels, SearchSpace, Size};
use serde_json::{Map, Value};

use crate::args::{PluginArgs, SettingsArgs, size};
use crate::exit::Failure;
use crate::number::{grouped, short};
use crate::{card, found};

/// Classes of PASCAL VOC with the background, as in the paper's figures.
const VOC_CLASSES: u32 = 21;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    plugins: PluginArgs,
    /// The architecture to describe
    #[arg(long, required_unless_present = "from")]
    genotype: Option<String>,
    /// An architecture of a run, in the run's space: the recommended one, or that of trial ID
    #[arg(long, value_name = "RUN[#ID]", conflicts_with_all = ["genotype", "plugins", "config", "sets"])]
    from: Option<String>,
    /// Output channels: classes, joints, or 1 for depth [default: the run's, else 21]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=65536))]
    outputs: Option<u32>,
    /// Size of the input image, for multiply-adds and memory
    #[arg(long, value_name = "HEIGHTxWIDTH", default_value = "512x512", value_parser = size)]
    input: Size,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Draw cell and wiring as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let (config, genotype, outputs) = match (&args.from, &args.genotype) {
        (Some(from), _) => {
            let (run, trial) = found::find(from)?;
            (
                run.config()?,
                trial.evaluation.genotype,
                run.output_channels()?,
            )
        }
        (None, genotype) => {
            let layers = args.settings.layers(Preset::None)?;
            let config = args.plugins.over(layers)?.resolve()?;
            (config, genotype.clone().unwrap_or_default(), VOC_CLASSES)
        }
    };
    let outputs = args.outputs.unwrap_or(outputs);
    let space = config.make_space()?;
    let choices = space.parse(&genotype)?;
    let graph = space.decode(&choices, &IoChannels::rgb(outputs as usize))?;
    let cost = graph.cost(args.input);
    if let Some(path) = &args.svg {
        let svg = sketches_as_svg(&*space, &choices)?;
        write_file(path, svg.as_bytes())?;
    }
    let mut out = io::stdout().lock();
    if args.json {
        let object = Value::Object(facts(&*space, &choices, &cost)?);
        writeln!(out, "{object}")?;
    } else {
        show(&mut out, (args.input, outputs), &*space, &choices, &cost)?;
    }
    out.flush()?;
    Ok(())
}

fn facts(
    space: &dyn SearchSpace,
    choices: &Choices,
    cost: &Cost,
) -> Result<Map<String, Value>, Failure> {
    // The space's facts go first, so that none of them can replace a cost.
    let mut all = space.facts(choices)?;
    all.insert("genotype".into(), space.genotype(choices)?.into());
    all.insert("params".into(), cost.params.into());
    all.insert("params_with_aux".into(), cost.params_with_aux.into());
    all.insert("macs".into(), cost.macs.into());
    all.insert(
        "peak_activation_bytes".into(),
        cost.peak_activation_bytes.into(),
    );
    all.insert("output_stride".into(), cost.output_stride.into());
    Ok(all)
}

fn show(
    out: &mut dyn Write,
    (Size { width, height }, outputs): (Size, u32),
    space: &dyn SearchSpace,
    choices: &Choices,
    cost: &Cost,
) -> Result<(), Failure> {
    card::heading(out, &space.genotype(choices)?)?;
    let with_aux = if cost.params_with_aux == cost.params {
        String::new()
    } else {
        format!(
            "  ({} with auxiliary heads)",
            grouped(cost.params_with_aux as u64)
        )
    };
    card::row(
        out,
        "parameters",
        &format!("{}{with_aux}", grouped(cost.params as u64)),
    )?;
    let at = format!("{height}x{width}, {outputs} outputs");
    card::row(
        out,
        "multiply-adds",
        &format!("{}  at {at}", short(cost.macs)),
    )?;
    let mib = cost.peak_activation_bytes as f64 / f64::from(1 << 20);
    card::row(out, "peak memory", &format!("{mib:.1} MiB of activations"))?;
    let stride = match cost.output_stride {
        0 => "a single pixel".into(),
        stride => format!("1/{stride} of the input"),
    };
    card::row(out, "output", &stride)?;
    for (name, value) in space.facts(choices)? {
        card::row(out, &name.replace('_', " "), &value.to_string())?;
    }
    card::sketches(out, space, choices)?;
    writeln!(out)?;
    Ok(())
}

/// Sketches of an architecture as SVG.
///
/// # Errors
/// When the space has none.
pub(crate) fn sketches_as_svg(
    space: &dyn SearchSpace,
    choices: &Choices,
) -> Result<String, Failure> {
    let sketches = space.sketches(choices)?;
    if sketches.is_empty() {
        Err(Failure::Input(
            "--svg: this search space has no sketches (`SearchSpace::sketches`); `nasfw export --dot` \
            draws any network"
                .into(),
        ))
    } else {
        Ok(to_svg(&sketches))
    }
}
