//! `nasfw bench search`: controllers on recorded rewards of a whole search space.

use std::io::{self, Write};
use std::path::PathBuf;

use nasfw::engine::config::{Layers, Preset, RunConfig};
use nasfw::sdk::registry::ControllerEntry;
use nasfw::table::{Game, MeanAndError, Played, Player, Table, play};
use serde::Serialize;
use serde_json::Value;

use crate::args::{MAX_THREADS, PluginArgs};
use crate::card::{INDENT, WIDTH, cut};
use crate::exit::{Failure, say};
use crate::number::grouped;

/// Width of a column of regrets.
const REGRET: usize = 21;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// CSV file with a row for each architecture of a space: columns choice.LABEL (options of a
    /// decision) and reward; all others are costs
    #[arg(long, value_name = "FILE")]
    table: PathBuf,
    /// Controller to measure, with settings as a JSON object where they are not the defaults, e.g.
    /// 'evolution:{"population":50}'; may be repeated
    #[arg(long = "controller", value_name = "NAME[:JSON]", required = true)]
    controllers: Vec<String>,
    #[command(flatten)]
    plugins: PluginArgs,
    /// Number of searches of each controller, with the seeds 0 to N − 1
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seeds: u64,
    /// Trials of a search
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    trials: u32,
    /// Proposals of a round, which a controller makes before it learns the reward of the first
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    round: u32,
    /// Standard deviation of normal noise on each reward; also measures what a model of all trials
    /// recommends
    #[arg(long, value_name = "SD", default_value_t = 0.0)]
    noise: f64,
    /// With noise: share of the trials that evaluate one of the most promising architectures again, 0
    /// to 0.5 [default: that of run.repeats]
    #[arg(long, value_name = "SHARE")]
    repeats: Option<f64>,
    /// Trials after which to measure, e.g. 30,50,100 [default: the last]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    at: Vec<u32>,
    /// Number of threads, 0 for one per core; the result does not depend on it
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=MAX_THREADS))]
    threads: u64,
    /// Print JSON, one object per controller
    #[arg(long)]
    json: bool,
}

/// A controller's result as JSON; lists have an element for each of `at`, in percentage points.
#[derive(Serialize)]
struct Line<'a> {
    controller: &'a str,
    settings: &'a Value,
    at: &'a [usize],
    regret_mean: Vec<f64>,
    regret_se: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recommended_regret_mean: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recommended_regret_se: Option<Vec<f64>>,
    seconds: f64,
}

/// A controller as named by a flag.
struct Named<'a> {
    text: &'a str,
    entry: &'static ControllerEntry,
    settings: Value,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    // Only loads the libraries.
    args.plugins.over(Layers::new(Preset::None))?;
    args.plugins.check_names()?;
    let controllers: Vec<Named<'_>> = args
        .controllers
        .iter()
        .map(|text| named(text))
        .collect::<Result<_, _>>()?;
    let game = args.game()?;
    let table = args.table(&game)?;
    // Says what is wrong with settings before anything is measured.
    for it in &controllers {
        it.player().check(&table)?;
    }
    nasfw::use_threads(usize::try_from(args.threads).unwrap_or(0))?;
    let mut out = io::stdout().lock();
    if !args.json {
        head(&mut out, &table, &game)?;
    }
    for it in &controllers {
        let played = play(&table, &it.player(), &game)?;
        if args.json {
            let line = serde_json::to_string(&it.line(&game, &played)).map_err(io::Error::from)?;
            writeln!(out, "{line}")?;
        } else {
            rows(&mut out, it.text, &game, &played)?;
        }
        out.flush()?;
    }
    Ok(())
}

impl Args {
    fn game(&self) -> Result<Game, Failure> {
        if !(self.noise >= 0.0 && self.noise.is_finite()) {
            return Err(Failure::Input(format!(
                "--noise {}: give a finite number, 0 or more",
                self.noise
            )));
        }
        let repeats = match self.repeats {
            Some(share) if !(0.0..=0.5).contains(&share) => {
                return Err(Failure::Input(format!("--repeats {share}: give 0 to 0.5")));
            }
            Some(share) if share > 0.0 && self.noise == 0.0 => {
                return Err(Failure::Input(format!(
                    "--repeats {share}: without noise a reward would be the same again; give --noise as well"
                )));
            }
            Some(share) => share,
            None if self.noise > 0.0 => RunConfig::default().repeats,
            None => 0.0,
        };
        if let Some(late) = self.at.iter().find(|&&at| at > self.trials) {
            return Err(Failure::Input(format!(
                "--at {late}: a search has {} trials; give at most that, or a larger --trials",
                self.trials
            )));
        }
        let mut at: Vec<usize> = if self.at.is_empty() {
            vec![self.trials as usize]
        } else {
            self.at.iter().map(|&at| at as usize).collect()
        };
        at.sort_unstable();
        at.dedup();
        Ok(Game {
            seeds: self.seeds,
            trials: self.trials as usize,
            round: self.round as usize,
            noise: self.noise,
            repeats,
            at,
        })
    }

    fn table(&self, game: &Game) -> Result<Table, Failure> {
        let file = self.table.display();
        let text = std::fs::read_to_string(&self.table)
            .map_err(|e| Failure::Input(format!("--table {file}: cannot be read: {e}")))?;
        let table =
            Table::read(&text).map_err(|e| Failure::Input(format!("--table {file}: {e}")))?;
        if game.trials > table.len() {
            return Err(Failure::Input(format!(
                "--trials {}: {file} has {} architectures; give at most that",
                game.trials,
                table.len()
            )));
        }
        let (low, high) = table.range();
        if low < 0.0 || high > 1.0 {
            say(&format!(
                "note: {file}: rewards are {low} to {high}, expected 0 to 1; a regret is 100 times the distance of \
                 two rewards"
            ));
        }
        Ok(table)
    }
}

/// Reads `NAME` or `NAME:JSON`.
fn named(text: &str) -> Result<Named<'_>, Failure> {
    let (name, json) = text.split_once(':').unwrap_or((text, "{}"));
    let entry = ControllerEntry::find(name)?;
    let wrong = |why: String| {
        Failure::Input(format!(
            "--controller {text}: {why}; settings are a JSON object, e.g. '{name}:{{\"KEY\":1}}'"
        ))
    };
    let settings: Value = serde_json::from_str(json).map_err(|e| wrong(e.to_string()))?;
    if !settings.is_object() {
        return Err(wrong(format!("`{json}` is no object")));
    }
    Ok(Named {
        text,
        entry,
        settings,
    })
}

impl Named<'_> {
    fn player(&self) -> Player<'_> {
        Player {
            entry: self.entry,
            settings: &self.settings,
        }
    }

    fn line<'a>(&'a self, game: &'a Game, played: &Played) -> Line<'a> {
        let means = |all: &[MeanAndError]| all.iter().map(|it| it.mean).collect::<Vec<f64>>();
        let errors = |all: &[MeanAndError]| all.iter().map(|it| it.error).collect::<Vec<f64>>();
        Line {
            controller: self.entry.about.name,
            settings: &self.settings,
            at: &game.at,
            regret_mean: means(&played.regret),
            regret_se: errors(&played.regret),
            recommended_regret_mean: played.recommended.as_deref().map(means),
            recommended_regret_se: played.recommended.as_deref().map(errors),
            seconds: played.seconds,
        }
    }
}

/// Writes what is measured, and the headings.
fn head(out: &mut dyn Write, table: &Table, game: &Game) -> io::Result<()> {
    let architectures = grouped(table.len() as u64);
    writeln!(
        out,
        "{INDENT}{architectures} architectures, the best of reward {}",
        table.best()
    )?;
    let noise = if game.noise > 0.0 {
        format!(", noise of standard deviation {}", game.noise)
    } else {
        String::new()
    };
    let searches = match game.seeds {
        1 => "one search".into(),
        n => format!("{} searches", grouped(n)),
    };
    writeln!(
        out,
        "{INDENT}{searches} of each controller in rounds of {}{noise}",
        game.round
    )?;
    writeln!(
        out,
        "{INDENT}regret in percentage points, mean ± standard error\n"
    )?;
    let recommended = if game.noise > 0.0 { "recommended" } else { "" };
    let heading = format!(
        "{INDENT}{:<24}{:>7}  {:>REGRET$}  {recommended:>REGRET$}",
        "controller", "trials", "best observed"
    );
    writeln!(out, "{}", heading.trim_end())
}

/// Writes a controller's regrets, a line for each number of trials.
fn rows(out: &mut dyn Write, text: &str, game: &Game, played: &Played) -> io::Result<()> {
    const NAME: usize = 24;
    let regret = |it: &MeanAndError| format!("{:.4} ± {:.4}", it.mean, it.error);
    let mut first = text;
    if text.chars().count() >= NAME {
        writeln!(out, "{INDENT}{}", cut(text, WIDTH - INDENT.len()))?;
        first = "";
    }
    let time = format!("{:.2} s a search", played.seconds);
    for (at, (trials, best)) in game.at.iter().zip(&played.regret).enumerate() {
        let name = match at {
            0 => first,
            1 => &time,
            _ => "",
        };
        let recommended = played.recommended.as_ref().and_then(|all| all.get(at));
        let recommended = recommended.map_or(String::new(), regret);
        let line = format!(
            "{INDENT}{name:<NAME$}{trials:>7}  {:>REGRET$}  {recommended:>REGRET$}",
            regret(best)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    if game.at.len() == 1 {
        writeln!(out, "{INDENT}{time}")?;
    }
    Ok(())
}
