//! `nasfw plugins`: what this program can use by name, and libraries of other people.

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
        /// Print one JSON object a line, with the default settings
        #[arg(long)]
        json: bool,
    },
    /// Check a library: what it is, whether it loads, and whether it keeps its promises
    Check {
        /// The library, ./libx.so, or ./libx.so#sha256=HEX
        #[arg(value_name = "FILE")]
        file: String,
    },
    /// Make a crate for a plugin of your own: small, complete, ready to change
    New(new::Args),
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::List { plugins, json } => list::run(plugins, *json),
        Command::Check { file } => check::run(file),
        Command::New(args) => new::run(args),
    }
}
