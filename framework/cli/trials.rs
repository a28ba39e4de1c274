//! `nasfw trials`: the trials of a run, finished or in progress.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use nasfw::engine::search::{best, compare};
use nasfw::engine::store::{Run, RunView};
use nasfw::engine::{Contender, Contenders, Status, Trial};
use serde::Serialize;

use crate::card::{cut, metric};
use crate::exit::Failure;
use crate::number::{duration, short};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run folder
    run: PathBuf,
    /// Print JSON, one object per line
    #[arg(long)]
    json: bool,
    /// Omit times, which differ between otherwise equal runs
    #[arg(long)]
    no_times: bool,
    /// Sort order: as run, or best first (complete before stopped, then by reward)
    #[arg(long, value_enum, default_value_t = Sort::Id)]
    sort: Sort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Sort {
    Id,
    Reward,
}

/// A trial as JSON.
#[derive(Serialize)]
pub(crate) struct Line<'a> {
    id: u64,
    genotype: &'a str,
    /// Earlier trials of the run with the same network.
    repeat: u64,
    status: Status,
    stage_rewards: &'a [f64],
    reward: Option<f64>,
    metrics: BTreeMap<&'a str, f64>,
    params: usize,
    macs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    reason: Option<&'a str>,
}

impl<'a> Line<'a> {
    pub(crate) fn new(trial: &'a Trial, with_times: bool) -> Self {
        Self {
            id: trial.id(),
            genotype: trial.genotype(),
            repeat: trial.proposal.repeat,
            status: trial.status(),
            stage_rewards: &trial.evaluation.stage_rewards,
            reward: trial.reward,
            metrics: trial.evaluation.metrics.iter().collect(),
            params: trial.params(),
            macs: trial.macs(),
            seconds: with_times.then_some(trial.evaluation.seconds),
            reason: trial.reason(),
        }
    }

    pub(crate) fn json(&self) -> io::Result<String> {
        serde_json::to_string(self).map_err(io::Error::from)
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let run = Run::read(&args.run)?;
    let mut trials = run.trials()?;
    let standing = Standing {
        best: best(&trials).map(Trial::id),
        contenders: run.contenders()?,
    };
    if args.sort == Sort::Reward {
        trials.sort_by(|a, b| compare(b, a));
    }
    let mut out = io::stdout().lock();
    if args.json {
        for trial in &trials {
            writeln!(out, "{}", Line::new(trial, !args.no_times).json()?)?;
        }
    } else {
        let headline = headline(&run)?;
        table(&mut out, &trials, &standing, headline, args)?;
    }
    out.flush()?;
    Ok(())
}

/// The first headline metric of the run's task; `None` when the task is not in this program, as
/// reading a run loads no library.
pub(crate) fn headline(run: &RunView) -> Result<Option<&'static str>, Failure> {
    let task = if run.loads_libraries()? {
        None
    } else {
        run.config().and_then(|c| c.make_task()).ok()
    };
    Ok(task.and_then(|t| t.headline().first().copied()))
}

fn table(
    out: &mut dyn Write,
    trials: &[Trial],
    standing: &Standing,
    headline: Option<&str>,
    args: &Args,
) -> io::Result<()> {
    let width = if io::stdout().is_terminal() {
        terminal_size::terminal_size().map_or(80, |(w, _)| usize::from(w.0))
    } else {
        // Lines in a pipe are not truncated.
        usize::MAX
    };
    let mut lines = vec![header(headline, args)];
    lines.extend(
        trials
            .iter()
            .map(|t| line(t, standing.mark(t), headline, args)),
    );
    for text in lines {
        writeln!(out, "{}", cut(text.trim_end(), width))?;
    }
    let count = |status| trials.iter().filter(|t| t.status() == status).count();
    writeln!(
        out,
        "\n{} trials: {} complete, {} stopped, {} failed",
        trials.len(),
        count(Status::Complete),
        count(Status::Stopped),
        count(Status::Failed)
    )?;
    standing.explain(out, trials)
}

/// The best trials of a run.
struct Standing {
    /// The one with the highest reward.
    best: Option<u64>,
    /// Those that may be the best once noise is taken off, where they are known.
    contenders: Option<Contenders>,
}

impl Standing {
    fn recommended(&self) -> Option<&Contender> {
        self.contenders.as_ref().and_then(|it| it.ranked.first())
    }

    /// The sign before a trial.
    fn mark(&self, trial: &Trial) -> char {
        let is = |id: Option<u64>| id == Some(trial.id());
        match self.recommended() {
            Some(first) if is(Some(first.trial)) => '*',
            Some(_) if is(self.best) => '+',
            None if is(self.best) => '*',
            _ => ' ',
        }
    }

    /// The meaning of the signs.
    fn explain(&self, out: &mut dyn Write, trials: &[Trial]) -> io::Result<()> {
        let Some(best) = trials.iter().find(|trial| Some(trial.id()) == self.best) else {
            return Ok(());
        };
        let Some(first) = self.recommended() else {
            return writeln!(
                out,
                "* highest reward; the recommended trial is known once the search ends"
            );
        };
        writeln!(
            out,
            "* recommended: trial {}, expected {}",
            first.trial,
            expectation(first)
        )?;
        if best.id() != first.trial {
            let reward = best.reward.unwrap_or(f64::NAN);
            writeln!(out, "+ highest reward: trial {}, {reward:.4}", best.id())?;
        }
        Ok(())
    }
}

/// The expected reward of an architecture, in words.
pub(crate) fn expectation(of: &Contender) -> String {
    let evaluations = match of.evaluations {
        1 => String::new(),
        n => format!(", mean {:.4} of {n} evaluations", of.observed),
    };
    format!(
        "reward {:.4} without noise, 95 % interval {:.4} to {:.4}{evaluations}",
        of.expected, of.low, of.high
    )
}

fn header(headline: Option<&str>, args: &Args) -> String {
    let headline = headline.map(|h| format!("{h:>9}")).unwrap_or_default();
    let time = if args.no_times { "" } else { "        time" };
    format!("   id  status     reward{headline}   params     macs{time}  genotype")
}

fn line(trial: &Trial, mark: char, headline: Option<&str>, args: &Args) -> String {
    let reward = trial.reward.map_or("-".into(), |r| format!("{r:.4}"));
    let value = headline.map(|name| {
        let value = trial
            .evaluation
            .metrics
            .get(name)
            .map_or("-".into(), metric);
        format!("{value:>9}")
    });
    let time = if args.no_times {
        String::new()
    } else {
        format!("{:>12}", duration(trial.evaluation.seconds))
    };
    let reason = match (trial.status(), trial.reason()) {
        (Status::Failed, Some(reason)) => format!("  {reason}"),
        _ => String::new(),
    };
    format!(
        "{mark}{:>4}  {:<8}  {reward:>7}{}{:>9}{:>9}{time}  {}{reason}",
        trial.id(),
        trial.status(),
        value.unwrap_or_default(),
        short(trial.params() as u64),
        short(trial.macs()),
        trial.genotype(),
    )
}
