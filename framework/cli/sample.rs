//! `nasfw sample`: proposals of an untrained controller.

use std::io::{self, Write};

use nasfw::engine::config::Preset;
use nasfw::engine::experiment::Members;
use nasfw::engine::search::proposals;
use serde::Serialize;

use crate::args::{MAX_SEED, PluginArgs, SettingsArgs};
use crate::exit::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    plugins: PluginArgs,
    /// The controller to sample from
    #[arg(long)]
    controller: Option<String>,
    /// Number of architectures
    #[arg(short, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    n: u64,
    /// The seed; a run with the same seed and controller settings begins with the same proposals
    /// [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=MAX_SEED))]
    seed: Option<u64>,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print JSON, one object per line
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    genotype: &'a str,
    choices: &'a [usize],
    #[serde(skip_serializing_if = "Option::is_none")]
    log_prob: Option<f64>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut layers = args.plugins.over(args.settings.layers(Preset::None)?)?;
    if let Some(name) = &args.controller {
        layers = layers.flag("--controller", "controller.name", name.as_str());
    }
    if let Some(seed) = args.seed {
        layers = layers.flag("--seed", "run.seed", seed);
    }
    let config = layers.resolve()?;
    let members = Members::of(&config)?;
    let space = members.space();
    let mut out = io::stdout().lock();
    let count = usize::try_from(args.n).unwrap_or(usize::MAX);
    for proposal in proposals(&config, &members)?.take(count) {
        let proposal = proposal?;
        let genotype = space.genotype(&proposal.choices)?;
        if args.json {
            let line = Line {
                genotype: &genotype,
                choices: &proposal.choices,
                log_prob: proposal.log_prob,
            };
            let json = serde_json::to_string(&line).map_err(io::Error::from)?;
            writeln!(out, "{json}")?;
        } else {
            match proposal.log_prob {
                Some(log_prob) => writeln!(out, "{genotype}  log-prob {log_prob:.4}")?,
                None => writeln!(out, "{genotype}")?,
            }
        }
    }
    out.flush()?;
    Ok(())
}
