//! What a run tells whoever watches it.

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
        /// Trials wanted in all.
        trials: u64,
        /// Trials already finished, above 0 after a resume.
        finished: u64,
    },
    /// A piece of work with countable steps begins: reading data, warm-up, features.
    Phase {
        /// What is done, e.g. `encoder warm-up`.
        name: &'a str,
        /// How many steps it has.
        steps: usize,
    },
    /// `done` of the present phase's steps are done; `note` is a short state such as a loss.
    Step {
        /// Steps done so far.
        done: usize,
        /// A short state to show, may be empty.
        note: &'a str,
    },
    /// The present phase is over.
    PhaseDone,
    /// A trial begins.
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
        /// Whether it is the best so far.
        is_best: bool,
    },
    /// A step of a full training is done.
    Loss {
        /// Steps done so far.
        step: usize,
        /// Its loss.
        loss: f64,
    },
    /// A full training looked at the validation part.
    Evaluation {
        /// Epochs done so far.
        epoch: usize,
        /// The reward of the metrics.
        reward: f64,
        /// What the scorer found.
        metrics: &'a Metrics,
    },
    /// Something the user should know that is not an error.
    Note {
        /// One line.
        text: &'a str,
    },
}

/// Watches a run and may ask it to stop.
pub trait Observer {
    /// Called for every event, on the thread that runs the search.
    fn on(&mut self, event: &Event<'_>);

    /// Whether to stop; asked between training steps. What is finished stays.
    fn should_stop(&self) -> bool {
        false
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn on(&mut self, _event: &Event<'_>) {}
}
