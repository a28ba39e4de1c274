//! The `nasfw` program: arguments, one command a file, exit codes, progress.

mod args;
mod bench;
mod card;
mod describe;
mod eval;
mod events;
mod exit;
mod export;
mod features;
mod found;
mod judging;
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

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Searches compact networks for dense prediction: segmentation, depth and pose.
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
    /// Continue a run that was stopped, or give it more trials
    Resume(resume::Args),
    /// Train one architecture in full, into a model folder
    Train(train::Args),
    /// Score a trained network on a data set, class by class or joint by joint
    Eval(eval::Args),
    /// Show what a trained network says of images: masks, depth maps, keypoints
    Predict(predict::Args),
    /// Write a trained network as ONNX, safetensors or a drawing
    Export(export::Args),
    /// Write what an encoder makes of an image, to compare it with other frameworks
    Features(features::Args),
    /// List the trials of a run, also while it is going on
    Trials(trials::Args),
    /// Show a search as it goes, in the terminal
    Watch(watch::Args),
    /// Make one HTML page of a run or a model, to be read anywhere
    Report(report::Args),
    /// Decide a run again, from its seed and what judging showed: is it what it says?
    Replay(replay::Args),
    /// Whether anything that a run recorded has changed since
    Verify(verify::Args),
    /// Show one architecture: cost, cell and wiring
    Describe(describe::Args),
    /// Draw architectures from a controller
    Sample(sample::Args),
    /// Score predictions in files against the truth
    Score(score::Args),
    /// Time one training step or one inference of an architecture
    Bench(bench::Args),
    /// Show what this program can use by name, and check libraries of other people
    Plugins(plugins::Args),
    /// Run the promises over everything that a library has; the program calls itself so
    #[command(name = "__check-plugin", hide = true)]
    CheckPlugin { reference: String },
}

fn main() -> ExitCode {
    memory::keep_freed();
    if let Some(code) = nasfw::serve() {
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
        Command::Plugins(args) => plugins::run(&args),
        Command::CheckPlugin { reference } => plugins::check_here(&reference),
    };
    exit::code(result)
}
