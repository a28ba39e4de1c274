//! The work around the steps of a training: progress, validation, checkpoints.

use super::best::{Best, Validation};
use super::checkpoint::{CheckpointFolder, State, TrainInputs};
use crate::error::{Error, Result};
use crate::progress::{Event, Observer};
use nasfw_network::fit::{StepReport, TrainState, Watch};
use nasfw_network::kernels::Kernels;

/// Destination of checkpoints, and their frequency within epochs.
#[derive(Debug)]
pub(super) struct Checkpointer {
    pub(super) folder: CheckpointFolder,
    pub(super) origin: TrainInputs,
    /// Steps between checkpoints; 0 for only one at the end of each epoch.
    pub(super) every: usize,
}

impl Checkpointer {
    pub(super) fn keep<K: Kernels>(&self, state: &TrainState<'_, K>, best: &Best) -> Result<()> {
        let saved = state.save()?;
        let mut arrays = saved.arrays;
        arrays.extend(best.arrays());
        let state = State {
            origin: self.origin.clone(),
            position: saved.position,
            optimiser_steps: saved.optimiser_steps,
            best: best.so_far(),
        };
        self.folder.write(&state, &arrays)
    }
}

/// Observes one training.
pub(super) struct Watcher<'a> {
    pub(super) validation: Validation<'a>,
    pub(super) best: &'a mut Best,
    pub(super) checkpointer: Option<&'a Checkpointer>,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) has_begun: bool,
}

impl<K: Kernels> Watch<K> for Watcher<'_> {
    type Error = Error;

    fn step(&mut self, tick: StepReport, state: &TrainState<'_, K>) -> Result<()> {
        if !self.has_begun {
            self.has_begun = true;
            self.observer.on(&Event::Phase {
                name: "training",
                steps: tick.steps,
            });
        }
        let note = format!("loss {:.3}", tick.loss);
        let done = tick.done;
        self.observer.on(&Event::Step { done, note: &note });
        let loss = f64::from(tick.loss);
        self.observer.on(&Event::Loss { step: done, loss });
        let is_over = self.observer.should_stop();
        if let Some(checkpointer) = self.checkpointer
            && (is_over || checkpointer.every > 0 && done.is_multiple_of(checkpointer.every))
        {
            checkpointer.keep(state, self.best)?;
        }
        if is_over { Err(Error::Stopped) } else { Ok(()) }
    }

    fn epoch(&mut self, state: &TrainState<'_, K>) -> Result<()> {
        let (setup, done) = (self.validation.setup, state.position().epoch);
        let train = &setup.config.train;
        if done.is_multiple_of(train.validate_every) || done == train.epochs {
            let (metrics, reward) = self.validation.evaluate(state.network())?;
            let headline: Vec<String> = (setup.task().headline().iter())
                .filter_map(|name| Some(format!("{name} {:.4}", metrics.get(name)?)))
                .collect();
            self.observer.on(&Event::Validated {
                epoch: done,
                reward,
                metrics: &metrics,
            });
            let is_best = self.best.offer(done, metrics, reward, state.network());
            let text = format!(
                "epoch {done:>3} of {}  reward {reward:.4}  {}{}",
                train.epochs,
                headline.join("  "),
                if is_best { "  best so far" } else { "" }
            );
            self.observer.on(&Event::Note { text: &text });
        }
        match self.checkpointer {
            Some(checkpointer) => checkpointer.keep(state, self.best),
            None => Ok(()),
        }
    }
}
