//! The `nasfw` program: arguments, commands (one per file), exit codes, progress.

mod args;
mod bench;
mod cache;
mod card;
mod describe;
mod eval;
mod events;
mod exit;
mod export;
mod features;
mod found;
mod memory;
mod number;
mod picture;
mod plugins;
mod predict;
mod progress;
mod replay;
mod report;
mod resume;
mod run;
mod sample;
mod score;
mod score_pose;
mod session;
mod train;
mod trials;
mod verify;
mod watch;
mod workers;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Neural architecture search for dense prediction: segmentation, depth and pose.
#[derive(Debug, Parser)]
#[command(name = "nasfw", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Search for a network
    Run(run::Args),
    /// Continue a stopped run, or extend a finished one
    Resume(resume::Args),
    /// Train one architecture in full and save it as a model
    Train(train::Args),
    /// Evaluate a trained network on a data set, per class or joint
    Eval(eval::Args),
    /// Predict masks, depth maps or keypoints for images
    Predict(predict::Args),
    /// Export a trained network as ONNX, safetensors or a sketch
    Export(export::Args),
    /// Write an encoder's feature maps of an image, to compare with other frameworks
    Features(features::Args),
    /// List the trials of a run, finished or in progress
    Trials(trials::Args),
    /// Watch a search live in the terminal
    Watch(watch::Args),
    /// Write a self-contained HTML report of a run or a model
    Report(report::Args),
    /// Recompute a run's decisions from its seed and check that they match
    Replay(replay::Args),
    /// Check a run's integrity
    Verify(verify::Args),
    /// Show the cost, cell and wiring of an architecture
    Describe(describe::Args),
    /// Sample architectures from a controller
    Sample(sample::Args),
    /// Score predictions in files against the ground truth
    Score(score::Args),
    /// Time a training step or an inference, or measure controllers on a table of rewards
    Bench(bench::Args),
    /// List, check or clear results kept for later runs
    Cache(cache::Args),
    /// List available members; check or create plugins
    Plugins(plugins::Args),
    /// Run the conformance checks on everything in a library; called by the program itself
    #[command(name = "__check-plugin", hide = true)]
    CheckPlugin { reference: String },
}

fn main() -> ExitCode {
    memory::keep_freed();
    if let Some(code) = nasfw::run_as_worker_if_asked() {
        return code;
    }
    let result = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Resume(args) => resume::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Features(args) => features::run(&args),
        Command::Trials(args) => trials::run(&args),
        Command::Watch(args) => watch::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Describe(args) => describe::run(&args),
        Command::Sample(args) => sample::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Cache(args) => cache::run(&args),
        Command::Plugins(args) => plugins::run(&args),
        Command::CheckPlugin { reference } => plugins::check_here(&reference),
    };
    exit::code(result)
}
