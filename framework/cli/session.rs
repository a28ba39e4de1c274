//! Shared by `run` and `resume`: a search with progress, stopping on Ctrl-C, and the summary.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nasfw::engine::Contenders;
use nasfw::engine::search::Summary;
use nasfw::plugin_host as plugins;
use nasfw::{Config, Run, Trial};
use serde::Serialize;

use crate::card;
use crate::exit::{Failure, say};
use crate::progress::{Progress, View};
use crate::trials::{Line, expectation};

/// True once Ctrl-C was pressed.
static STOP: AtomicBool = AtomicBool::new(false);

/// Output options of a search or training.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct ShowArgs {
    /// Print JSON, one object per line: each trial, if any, then a summary
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
    /// Print only the result
    #[arg(long)]
    quiet: bool,
}

impl ShowArgs {
    /// Progress in the requested view; Ctrl-C makes it ask for a stop.
    pub(crate) fn progress(self) -> Result<Progress, Failure> {
        stop_on_ctrl_c()?;
        let view = match (self.json, self.quiet) {
            (true, _) => View::Json,
            (_, true) => View::Quiet,
            _ => View::for_people(),
        };
        Ok(Progress::new(view, &STOP))
    }

    /// Progress for a command that prints only its result: bars on a terminal, otherwise nothing.
    pub(crate) fn bars(self) -> Result<Progress, Failure> {
        stop_on_ctrl_c()?;
        let view = match (self.json || self.quiet, View::for_people()) {
            (false, view @ View::Bars(_)) => view,
            _ => View::Quiet,
        };
        Ok(Progress::new(view, &STOP))
    }

    /// True if the output is JSON.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }
}

/// The last line of `--json`.
#[derive(Serialize)]
struct End<'a> {
    run: &'a Path,
    finished: u64,
    stopped: bool,
    constant_reward: Option<f64>,
    /// The trial with the highest reward.
    best: Option<Line<'a>>,
    /// The first trial with the architecture that is most likely the best.
    recommended: Option<Line<'a>>,
    /// The best architectures with what a model of all trials expects of them.
    contenders: Option<&'a Contenders>,
    /// The search of the controller `run.baseline`.
    baseline: Option<Baseline<'a>>,
    /// Evaluations found in the cache.
    cached: u64,
    /// Seconds per kind of work.
    seconds: BTreeMap<String, f64>,
}

/// The result of the controller `run.baseline`, for `--json`.
#[derive(Serialize)]
struct Baseline<'a> {
    finished: u64,
    stopped: bool,
    best: Option<Line<'a>>,
    contenders: Option<&'a Contenders>,
}

impl<'a> Baseline<'a> {
    fn of(summary: &'a Summary) -> Self {
        Self {
            finished: summary.finished,
            stopped: summary.is_stopped,
            best: summary.best.as_ref().map(|t| Line::new(t, true)),
            contenders: summary.contenders.as_ref(),
        }
    }
}

/// Runs `search` with progress and prints its summary.
pub(crate) fn go(
    show: ShowArgs,
    search: impl FnOnce(&mut Progress) -> nasfw::Result<Run>,
) -> Result<(), Failure> {
    let mut progress = show.progress()?;
    let result = search(&mut progress);
    progress.close();
    let run = result?;
    let config = run.config()?;
    let Some(summary) = run.summary() else {
        return Ok(());
    };
    if show.json {
        json(&run, summary)?;
    } else {
        print_summary(&run, summary, &config)?;
    }
    let wanted = config.run.trials;
    let finished = summary.finished;
    if let Some(other) = run.baseline().filter(|other| other.is_stopped) {
        return Err(Failure::Stopped(format!(
            "stopped after {} of {wanted} trials of the baseline; continue with: nasfw resume {}",
            other.finished,
            quoted(&summary.run)
        )));
    }
    if summary.is_stopped {
        return Err(Failure::Stopped(format!(
            "stopped after {finished} of {wanted} trials; continue with: nasfw resume {}",
            quoted(&summary.run)
        )));
    }
    if summary.best.is_none() {
        let reasons = run.trials()?;
        let reason = reasons.iter().find_map(|t| t.reason()).unwrap_or("unknown");
        return Err(Failure::Failed(format!(
            "all {finished} trials failed; the first one because: {reason}"
        )));
    }
    Ok(())
}

fn json(run: &Run, summary: &Summary) -> Result<(), Failure> {
    let recommended = run.recommended().ok();
    let end = End {
        run: &summary.run,
        finished: summary.finished,
        stopped: summary.is_stopped,
        constant_reward: summary.constant_reward,
        best: summary.best.as_ref().map(|t| Line::new(t, true)),
        recommended: recommended.as_ref().map(|t| Line::new(t, true)),
        contenders: summary.contenders.as_ref(),
        baseline: run.baseline().map(Baseline::of),
        cached: summary.cached,
        seconds: (summary.spent.iter())
            .map(|(work, seconds)| (work.to_string(), *seconds))
            .collect(),
    };
    let mut out = io::stdout().lock();
    let line = serde_json::to_string(&end).map_err(io::Error::from)?;
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}

fn print_summary(run: &Run, summary: &Summary, config: &Config) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    if summary.best.is_some() {
        show_recommended(&mut out, &run.recommended()?, summary, config)?;
    }
    if let Some(other) = run.baseline() {
        show_baseline(&mut out, other, config)?;
    }
    show_time(&mut out, summary, run.baseline())?;
    let is_stopped = summary.is_stopped || run.baseline().is_some_and(|it| it.is_stopped);
    let more = if is_stopped {
        String::new()
    } else {
        format!(" --trials {}", config.run.trials.saturating_mul(2))
    };
    let shown = summary.run.display();
    card::heading(&mut out, &format!("results are in {shown}"))?;
    let run = quoted(&summary.run);
    writeln!(out, "  nasfw trials {run} --sort reward")?;
    if summary.best.is_some() {
        let name = summary.run.file_name().unwrap_or_default();
        let model = quoted(&Path::new("models").join(name));
        writeln!(out, "  nasfw report {run}")?;
        writeln!(out, "  nasfw train --from {run} --out {model}")?;
    }
    writeln!(out, "  nasfw resume {run}{more}\n")?;
    out.flush()?;
    Ok(())
}

/// Prints the share of time per kind of work, largest first; shares below 1 % are omitted.
fn show_time(out: &mut dyn Write, summary: &Summary, beside: Option<&Summary>) -> io::Result<()> {
    let mut by_work: BTreeMap<String, f64> = BTreeMap::new();
    let both = [Some(summary), beside].into_iter().flatten();
    for (work, seconds) in both.clone().flat_map(|it| &it.spent) {
        *by_work.entry(work.to_string()).or_default() += seconds;
    }
    let whole: f64 = by_work.values().sum();
    let mut spent: Vec<(String, f64)> = (by_work.into_iter())
        .map(|(work, seconds)| (work, 100.0 * seconds / whole.max(1e-9)))
        .filter(|(_, share)| *share >= 1.0)
        .collect();
    spent.sort_by(|a, b| b.1.total_cmp(&a.1));
    let shares: Vec<String> = spent
        .iter()
        .map(|(work, share)| format!("{work} {share:.0} %"))
        .collect();
    let name = match beside {
        Some(_) => "time of both",
        None => "time",
    };
    card::heading(out, &format!("{name}: {whole:.0} s"))?;
    for line in card::wrap(&shares, 76, ", ") {
        writeln!(out, "  {line}")?;
    }
    match both.map(|it| it.cached).sum() {
        0 => {}
        1 => writeln!(out, "  1 evaluation read from the cache")?,
        n => writeln!(out, "  {n} evaluations read from the cache")?,
    }
    writeln!(out)
}

/// Prints what another controller found with as many trials.
fn show_baseline(out: &mut dyn Write, other: &Summary, config: &Config) -> io::Result<()> {
    let name = config.run.baseline.as_deref().unwrap_or_default();
    card::heading(out, &format!("{name}, {} trials", other.finished))?;
    if let Some(reward) = other.best.as_ref().and_then(|best| best.reward) {
        card::row(out, "highest reward", &format!("{reward:.4}"))?;
    }
    if let Some(first) = (other.contenders.as_ref()).and_then(|it| it.ranked.first()) {
        card::words(out, "expected", &expectation(first))?;
    }
    Ok(())
}

/// A path quoted for a shell.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    if text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn show_recommended(
    out: &mut dyn Write,
    trial: &Trial,
    summary: &Summary,
    config: &Config,
) -> Result<(), Failure> {
    let (space, task) = (config.make_space()?, config.make_task()?);
    let first = (summary.contenders.as_ref()).and_then(|it| it.ranked.first());
    let (name, id) = (
        if first.is_some() {
            "recommended"
        } else {
            "best"
        },
        trial.id(),
    );
    card::heading(out, &format!("{name}: trial {id} of {}", summary.finished))?;
    if let Some(reward) = trial.reward {
        let constant = match summary.constant_reward {
            None => String::new(),
            Some(r) if r > reward => format!("  (below the constant-prediction baseline: {r:.4})"),
            Some(r) => format!("  (constant-prediction baseline: {r:.4})"),
        };
        card::row(out, "reward", &format!("{reward:.4}{constant}"))?;
    }
    if let Some(first) = first {
        card::words(out, "expected", &expectation(first))?;
    }
    if let Some(best) = summary.best.as_ref().filter(|best| best.id() != id) {
        let reward = best.reward.unwrap_or(f64::NAN);
        card::row(
            out,
            "highest reward",
            &format!("{reward:.4}, trial {}", best.id()),
        )?;
    }
    card::trial(out, trial, &*task)?;
    let choices = space.schema().choices(trial.proposal.choices.clone())?;
    card::sketches(out, &*space, &choices)?;
    Ok(())
}

/// Maximum duration of a plugin's call after Ctrl-C.
const GRACE: Duration = Duration::from_secs(3);

/// The first Ctrl-C ends the search after the current step, the second ends the program. A
/// plugin's call, which may never return, is only waited for briefly.
fn stop_on_ctrl_c() -> Result<(), Failure> {
    plugins::stop_by(&STOP);
    ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(1);
        }
        say("\nstopping; press Ctrl-C again to exit immediately");
        std::thread::spawn(end_if_stuck);
    })
    .map_err(|e| Failure::Failed(format!("cannot listen for Ctrl-C: {e}")))
}

/// Ends the program when one call of a plugin takes longer than the grace period. Every finished
/// trial is on disk, and a trial that is being written is written whole or not at all.
fn end_if_stuck() {
    loop {
        let before = plugins::running();
        std::thread::sleep(GRACE);
        let now = plugins::running();
        if let Some(call) = now.iter().find(|call| before.contains(call)) {
            say(&format!(
                "{} does not return from `{}`; exiting anyway. Finished trials are kept; \
                 `nasfw resume` continues the run",
                call.library, call.operation
            ));
            std::process::exit(1);
        }
    }
}
