//! `nasfw bench`: times one training step or one inference, and measures controllers.

mod search;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Subcommand;
use nasfw::device::Device;
use nasfw::disk::write_file;
use nasfw::engine::config::Preset;
use nasfw::engine::timing::{self, Reference, Timed};
use nasfw::sdk::graph::Graph;
use nasfw::sdk::{IoChannels, Seed, Size};
use serde::Serialize;

use crate::args::{ComputeArgs, MAX_SEED, PluginArgs, SettingsArgs, size};
use crate::card;
use crate::exit::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Time one stage-0 training step of the decoder on random encoder features: forward pass,
    /// losses of main and auxiliary outputs, backward pass, clipping, Adam
    Step {
        #[command(flatten)]
        case: Case,
        /// Batch size
        #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=4096))]
        batch: u32,
        /// Size of the square crops
        #[arg(long, value_name = "SIDExSIDE", default_value = "256x256", value_parser = size)]
        input: Size,
    },
    /// Time one inference of the deployed network: encoder and decoder, evaluation mode
    Infer {
        #[command(flatten)]
        case: Case,
        /// Batch size
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096))]
        batch: u32,
        /// Size of the images
        #[arg(long, value_name = "HEIGHTxWIDTH", default_value = "512x512", value_parser = size)]
        input: Size,
    },
    /// Measure controllers on recorded rewards of a whole search space: how far from the best
    /// architecture is a search after so many trials?
    Search(search::Args),
}

#[derive(Debug, clap::Args)]
struct Case {
    #[command(flatten)]
    plugins: PluginArgs,
    /// The architecture to time
    #[arg(long)]
    genotype: String,
    /// Output channels: classes, joints, or 1 for depth
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..=65536))]
    outputs: u32,
    #[command(flatten)]
    compute: ComputeArgs,
    /// Number of measured calls, after two warm-up calls
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    runs: u32,
    /// Seed of random weights and inputs
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=MAX_SEED))]
    seed: u64,
    /// Write graph, weights, inputs, outputs and gradients to this folder, to compare with other
    /// frameworks
    #[arg(long, value_name = "FOLDER")]
    reference: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The network to measure, and its device.
struct Network {
    genotype: String,
    graph: Graph,
    device: Device,
}

#[derive(Serialize)]
struct Report {
    genotype: String,
    seconds_median: f64,
    seconds_min: f64,
    seconds_max: f64,
    runs: usize,
    threads: usize,
    device: Device,
}

pub(crate) fn run(args: &Args) -> std::result::Result<(), Failure> {
    match &args.what {
        What::Step { case, batch, input } => {
            let Size { width, height } = *input;
            if width != height {
                return Err(Failure::Input(format!(
                    "--input {height}x{width}: training crops are square, e.g. {height}x{height}"
                )));
            }
            let network = case.network()?;
            let (batch, seed) = (*batch as usize, Seed(case.seed));
            let timed = timing::step(network.device, &network.graph, batch, width, seed)?;
            case.time(network, timed)
        }
        What::Infer { case, batch, input } => {
            let network = case.network()?;
            let (batch, seed) = (*batch as usize, Seed(case.seed));
            let timed = timing::infer(network.device, &network.graph, batch, *input, seed)?;
            case.time(network, timed)
        }
        What::Search(args) => search::run(args),
    }
}

impl Case {
    fn network(&self) -> std::result::Result<Network, Failure> {
        let layers = self.plugins.over(self.settings.layers(Preset::None)?)?;
        let config = self.compute.over(layers).resolve()?;
        nasfw::use_threads(config.run.threads)?;
        let space = config.make_space()?;
        let choices = space.parse(&self.genotype)?;
        let graph = space.decode(&choices, &IoChannels::rgb(self.outputs as usize))?;
        let genotype = space.genotype(&choices)?;
        Ok(Network {
            genotype,
            graph,
            device: config.run.device,
        })
    }

    /// Times calls of `timed`, which must wait for the device before returning.
    fn time(
        &self,
        network: Network,
        mut timed: Box<dyn Timed>,
    ) -> std::result::Result<(), Failure> {
        if let Some(folder) = &self.reference {
            write(folder, &timed.reference()?)?;
        }
        // Warms up caches, the allocator and the thread pool.
        timed.run()?;
        timed.run()?;
        let mut seconds = Vec::new();
        for _ in 0..self.runs {
            let start = Instant::now();
            timed.run()?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        let report = Report {
            genotype: network.genotype,
            seconds_median: seconds[seconds.len() / 2],
            seconds_min: seconds[0],
            seconds_max: seconds[seconds.len() - 1],
            runs: seconds.len(),
            threads: rayon::current_num_threads(),
            device: network.device,
        };
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(
                out,
                "{}",
                serde_json::to_string(&report).map_err(io::Error::from)?
            )?;
        } else {
            card::row(&mut out, "genotype", &report.genotype)?;
            for (name, value) in [
                ("median", report.seconds_median),
                ("least", report.seconds_min),
                ("most", report.seconds_max),
            ] {
                card::row(&mut out, name, &format!("{:.2} ms", value * 1e3))?;
            }
            card::row(&mut out, "runs", &report.runs.to_string())?;
            card::row(&mut out, "threads", &report.threads.to_string())?;
            card::row(&mut out, "device", &report.device.to_string())?;
        }
        Ok(())
    }
}

fn write(folder: &Path, reference: &Reference) -> std::result::Result<(), Failure> {
    let refused = |path: &Path| {
        let path = path.display().to_string();
        move |e: io::Error| Failure::Input(format!("--reference {path}: {e}"))
    };
    std::fs::create_dir_all(folder).map_err(refused(folder))?;
    let graph = serde_json::to_string(&reference.graph)
        .map_err(|e| refused(&folder.join("graph.json"))(e.into()))?;
    let files = [
        ("graph.json", graph.into_bytes()),
        ("weights.safetensors", reference.weights.to_safetensors()?),
        ("inputs.safetensors", reference.inputs.to_safetensors()?),
        ("outputs.safetensors", reference.outputs.to_safetensors()?),
        (
            "gradients.safetensors",
            reference.gradients.to_safetensors()?,
        ),
    ];
    for (name, bytes) in files {
        write_file(&folder.join(name), &bytes)?;
    }
    Ok(())
}
