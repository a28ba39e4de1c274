//! Progress of a search: bars on a terminal, lines in a pipe, JSON for programs.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use nasfw::engine::{Ending, Event, Observer, Trial};

use crate::card;
use crate::number::{duration, short};
use crate::trials::Line;

/// The form in which progress is shown.
#[derive(Debug)]
pub(crate) enum View {
    /// Moving bars, with a line above them for everything finished.
    Bars(Bars),
    /// One line per finished phase or trial.
    Lines,
    /// One JSON object per finished trial.
    Json,
    /// Nothing.
    Quiet,
}

impl View {
    /// Bars on a terminal, otherwise lines.
    pub(crate) fn for_people() -> Self {
        if io::stdout().is_terminal() && io::stderr().is_terminal() {
            Self::Bars(Bars::default())
        } else {
            Self::Lines
        }
    }
}

/// Shows events and forwards a request to stop.
#[derive(Debug)]
pub(crate) struct Progress {
    view: View,
    stop: &'static AtomicBool,
    phase: Option<Phase>,
    /// Number of trials being evaluated.
    in_trials: usize,
    has_trials: bool,
}

#[derive(Debug)]
struct Phase {
    name: String,
    note: String,
    start: Instant,
}

/// The bars of a terminal.
#[derive(Debug, Default)]
pub(crate) struct Bars {
    all: MultiProgress,
    trials: Option<ProgressBar>,
    phase: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(view: View, stop: &'static AtomicBool) -> Self {
        Self {
            view,
            stop,
            phase: None,
            in_trials: 0,
            has_trials: false,
        }
    }

    /// Removes the bars before further output.
    pub(crate) fn close(&mut self) {
        if let View::Bars(bars) = &mut self.view {
            for bar in [bars.phase.take(), bars.trials.take()]
                .into_iter()
                .flatten()
            {
                bar.finish_and_clear();
            }
        }
    }

    fn say(&self, text: &str) {
        // A closed pipe does not end a search, as its results are on disk.
        let _ = match &self.view {
            View::Bars(bars) => bars.all.println(text),
            View::Lines => line_out(text),
            View::Json | View::Quiet => Ok(()),
        };
    }

    fn phase_done(&mut self) {
        if let View::Bars(bars) = &mut self.view
            && let Some(bar) = bars.phase.take()
        {
            bar.finish_and_clear();
        }
        if let Some(phase) = self.phase.take()
            && self.in_trials == 0
        {
            let took = duration(phase.start.elapsed().as_secs_f64());
            let note = if phase.note.is_empty() {
                String::new()
            } else {
                format!("{}, ", phase.note)
            };
            self.say(&format!("{}: {note}{took}", phase.name));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.close();
    }
}

impl Observer for Progress {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Started {
                run,
                trials,
                finished,
            } => {
                if let View::Bars(bars) = &mut self.view {
                    bars.begin(*trials, *finished);
                }
                self.say(&match finished {
                    0 => format!("run folder {}, {trials} trials", run.display()),
                    n => format!("run folder {}, {n} of {trials} trials done", run.display()),
                });
            }
            Event::Phase { name, steps } => {
                self.phase = Some(Phase {
                    name: (*name).into(),
                    note: String::new(),
                    start: Instant::now(),
                });
                if let View::Bars(bars) = &mut self.view {
                    bars.phase(name, *steps);
                }
            }
            Event::Step { done, note } => {
                if let View::Bars(bars) = &self.view
                    && let Some(bar) = &bars.phase
                {
                    bar.set_position(*done as u64);
                    bar.set_message((*note).to_owned());
                }
                if let Some(phase) = &mut self.phase {
                    phase.note = (*note).into();
                }
            }
            Event::PhaseDone => self.phase_done(),
            Event::TrialStarted { .. } => {
                if let (View::Bars(bars), false) = (&self.view, self.has_trials) {
                    bars.first_trial();
                }
                self.in_trials += 1;
                self.has_trials = true;
            }
            Event::TrialFinished { trial, is_best } => {
                self.in_trials = self.in_trials.saturating_sub(1);
                if let View::Json = self.view {
                    let _ = Line::new(trial, true)
                        .json()
                        .and_then(|json| line_out(&json));
                }
                self.say(&trial_line(trial, *is_best));
                if let View::Bars(bars) = &self.view {
                    bars.trial(trial, *is_best);
                }
            }
            // The notes of steps and epochs already show both.
            Event::Loss { .. } | Event::Validated { .. } => {}
            Event::Note { text } => self.say(text),
        }
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

impl Bars {
    fn begin(&mut self, trials: u64, finished: u64) {
        // No remaining time is shown before a trial has been timed.
        let template = "trials {bar:30.green} {pos}/{len}  {elapsed} elapsed  {wide_msg}";
        let bar = self.all.add(bar(trials, template));
        bar.set_position(finished);
        bar.enable_steady_tick(Duration::from_millis(500));
        self.trials = Some(bar);
    }

    fn first_trial(&self) {
        if let Some(bar) = &self.trials {
            // The estimate must not count preparation or an earlier session.
            bar.reset_eta();
        }
    }

    fn phase(&mut self, name: &str, steps: usize) {
        let new = bar(
            steps as u64,
            "{prefix} {bar:20.cyan} {pos}/{len}  {eta} left  {wide_msg}",
        );
        let bar = match &self.trials {
            Some(trials) => self.all.insert_before(trials, new),
            None => self.all.add(new),
        };
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(500));
        self.phase = Some(bar);
    }

    fn trial(&self, trial: &Trial, is_best: bool) {
        let Some(bar) = &self.trials else { return };
        bar.inc(1);
        let with_eta =
            "trials {bar:30.green} {pos}/{len}  {elapsed} elapsed, {eta} left  {wide_msg}";
        bar.set_style(style(with_eta));
        if let (true, Some(reward)) = (is_best, trial.reward) {
            bar.set_message(format!("best {reward:.4}"));
        }
    }
}

fn bar(len: u64, template: &str) -> ProgressBar {
    ProgressBar::new(len).with_style(style(template))
}

fn style(template: &str) -> ProgressStyle {
    // The templates are fixed; one that fails to parse only falls back to the default style.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn trial_line(trial: &Trial, is_best: bool) -> String {
    if let Ending::Failed { reason } = &trial.evaluation.ending {
        let words: Vec<String> = reason.split_whitespace().map(str::to_owned).collect();
        let reason = card::wrap(&words, 72, " ").join("\n       ");
        return format!("trial {:>3}  failed\n       {reason}", trial.id());
    }
    let result = match (trial.status(), trial.reward) {
        (status, Some(reward)) => format!("{status:<8}  reward {reward:.4}"),
        (status, None) => status.to_string(),
    };
    let mark = if is_best { "best so far" } else { "" };
    let (params, took) = (
        short(trial.params() as u64),
        duration(trial.evaluation.seconds),
    );
    let line = format!(
        "trial {:>3}  {result}  {params:>6} params  {took:>8}  {mark}",
        trial.id()
    );
    line.trim_end().into()
}

fn line_out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
