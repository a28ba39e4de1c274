//! `nasfw plugins`: lists members, checks third-party libraries, creates new ones.

mod check;
mod list;
mod names;
mod new;

use crate::args::PluginArgs;
use crate::exit::Failure;

pub(crate) use check::check_here;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List search spaces, controllers, schedules and tasks
    List {
        #[command(flatten)]
        plugins: PluginArgs,
        /// Print JSON, one object per line, with default settings
        #[arg(long)]
        json: bool,
    },
    /// Check that a library is a plugin, loads, and passes the conformance checks
    Check {
        /// The library, ./libx.so, or ./libx.so#sha256=HEX
        #[arg(value_name = "FILE")]
        file: String,
    },
    /// Create a small, complete crate for a new plugin
    New(new::Args),
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::List { plugins, json } => list::run(plugins, *json),
        Command::Check { file } => check::run(file),
        Command::New(args) => new::run(args),
    }
}
