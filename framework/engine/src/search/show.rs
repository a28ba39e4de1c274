//! Progress of evaluation in workers: one worker shown as if it were this process, several as one
//! bar.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::executor::Job;
use crate::progress::{Event, Observer};

/// Steps of a bar for each trial.
const STEPS: usize = 100;
/// Minimum interval between two updates of a bar.
const PAUSE: Duration = Duration::from_millis(100);

/// State of a round, as shown to the observer.
pub(super) struct Show {
    /// The bar's name; none for a single worker, whose phases are passed on unchanged.
    name: Option<String>,
    stages: usize,
    trials: BTreeMap<u64, TrialProgress>,
    /// Trials that are not evaluated yet.
    left: usize,
    is_begun: bool,
    last: Instant,
}

/// Progress of a trial.
#[derive(Default)]
struct TrialProgress {
    is_begun: bool,
    /// Completed stages.
    done: usize,
    /// Completed steps of the current stage.
    steps: usize,
    part: f64,
    is_evaluated: bool,
}

impl Show {
    pub(super) fn new(jobs: &[Job], stages: usize, workers: usize) -> Self {
        let name = match jobs {
            [first, .., last] if workers > 1 => Some(format!("trials {}-{}", first.id, last.id)),
            _ => None,
        };
        Self {
            name,
            stages,
            trials: jobs
                .iter()
                .map(|job| (job.id, TrialProgress::default()))
                .collect(),
            left: jobs.len(),
            is_begun: false,
            last: Instant::now(),
        }
    }

    /// Announces a trial.
    pub(super) fn begun(&mut self, id: u64, genotype: &str, observer: &mut dyn Observer) {
        let Some(progress) = self.trials.get_mut(&id) else {
            return;
        };
        if !std::mem::replace(&mut progress.is_begun, true) {
            observer.on(&Event::TrialStarted { id, genotype });
        }
        if let (Some(name), false) = (&self.name, self.is_begun) {
            let steps = STEPS * self.trials.len();
            observer.on(&Event::Phase { name, steps });
            self.is_begun = true;
        }
    }

    /// Shows an event of a trial's worker.
    pub(super) fn event(&mut self, id: u64, event: &Event<'_>, observer: &mut dyn Observer) {
        if let (Some(progress), Event::Phase { steps, .. }) = (self.trials.get_mut(&id), event) {
            progress.steps = *steps;
        }
        if self.name.is_none() {
            observer.on(event);
            return;
        }
        let Some(progress) = self.trials.get_mut(&id) else {
            return;
        };
        match event {
            Event::Step { done, .. } => progress.part = *done as f64 / progress.steps.max(1) as f64,
            Event::PhaseDone => (progress.done, progress.part) = (progress.done + 1, 0.0),
            _ => return,
        }
        self.moved(observer);
    }

    /// Marks a trial as evaluated; after the last one the bar ends.
    pub(super) fn evaluated(&mut self, id: u64, observer: &mut dyn Observer) {
        if let Some(progress) = self.trials.get_mut(&id) {
            progress.is_evaluated = true;
        }
        self.left = self.left.saturating_sub(1);
        if self.name.is_some() {
            self.last = Instant::now() - PAUSE;
            self.moved(observer);
        }
        // A worker that ended in the middle of a phase did not close it.
        if self.name.is_none() || self.left == 0 {
            observer.on(&Event::PhaseDone);
        }
    }

    fn moved(&mut self, observer: &mut dyn Observer) {
        if self.last.elapsed() < PAUSE {
            return;
        }
        self.last = Instant::now();
        let share = |progress: &TrialProgress| {
            if progress.is_evaluated {
                1.0
            } else {
                ((progress.done as f64 + progress.part) / self.stages.max(1) as f64).min(1.0)
            }
        };
        let done: f64 = self.trials.values().map(share).sum();
        let (all, evaluated) = (self.trials.len(), self.trials.len() - self.left);
        observer.on(&Event::Step {
            done: (done * STEPS as f64) as usize,
            note: &format!("{evaluated} of {all} evaluated"),
        });
    }
}
