//! Events of a run, for whoever watches it.

use std::path::Path;

use nasfw_sdk::Metrics;

use crate::trial::Trial;

/// Something that happened in a run.
#[derive(Debug)]
pub enum Event<'a> {
    /// The run folder exists and work begins.
    Started {
        /// The run folder.
        run: &'a Path,
        /// Trials wanted in total.
        trials: u64,
        /// Trials already finished, above 0 after a resume.
        finished: u64,
    },
    /// A piece of work with countable steps begins: reading data, warm-up, features.
    Phase {
        /// The piece of work, e.g. `encoder warm-up`.
        name: &'a str,
        /// Number of steps in the phase.
        steps: usize,
    },
    /// `done` of the current phase's steps are finished; `note` is a short status such as a loss.
    Step {
        /// Steps done so far.
        done: usize,
        /// A short status to show; may be empty.
        note: &'a str,
    },
    /// The current phase is over.
    PhaseDone,
    /// A trial starts.
    TrialStarted {
        /// Its id.
        id: u64,
        /// Its architecture.
        genotype: &'a str,
    },
    /// A trial is durable.
    TrialFinished {
        /// Its record.
        trial: &'a Trial,
        /// True if it is the best so far.
        is_best: bool,
    },
    /// A step of a full training is done.
    Loss {
        /// Steps done so far.
        step: usize,
        /// Its loss.
        loss: f64,
    },
    /// A full training was evaluated on the validation split.
    Validated {
        /// Epochs done so far.
        epoch: usize,
        /// The reward of the metrics.
        reward: f64,
        /// The scorer's metrics.
        metrics: &'a Metrics,
    },
    /// A message for the user that is not an error.
    Note {
        /// One line.
        text: &'a str,
    },
}

/// Watches a run and may ask it to stop.
pub trait Observer {
    /// Called for every event, on the thread that runs the search.
    fn on(&mut self, event: &Event<'_>);

    /// Returns true to stop; polled between training steps. Everything finished is kept.
    fn should_stop(&self) -> bool {
        false
    }
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn on(&mut self, event: &Event<'_>) {
        (**self).on(event);
    }

    fn should_stop(&self) -> bool {
        (**self).should_stop()
    }
}

/// Ignores all events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn on(&mut self, _event: &Event<'_>) {}
}
