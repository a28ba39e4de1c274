//! The numbers of a search and of a training.

use std::path::PathBuf;

use super::file::EventFile;
use crate::progress::{Event, Observer};
use crate::trial::Trial;

/// Forwards events, and writes their numbers to an event file.
///
/// | of | step | tags |
/// |---|---|---|
/// | a search | the trial | `search/reward`, `search/best_reward`, `search/stage0_reward`, …, `metrics/…`, `cost/parameters`, `cost/multiply_adds` |
/// | a training | steps done | `train/loss` |
/// | a training | epochs done | `validation/reward`, `validation/…` |
///
/// A failed write does not end a search or training: it is reported once.
pub struct Events<'a> {
    inner: &'a mut dyn Observer,
    folder: PathBuf,
    state: State,
    /// The best reward so far.
    best: Option<f64>,
}

enum State {
    /// Nothing has been written so far.
    New,
    Open(EventFile),
    /// Writing failed.
    Failed,
}

impl<'a> Events<'a> {
    /// Writes into a new file in `folder`, which is created with the first number; `best` is the
    /// best reward of earlier trials in a resumed run.
    pub fn new(inner: &'a mut dyn Observer, folder: PathBuf, best: Option<f64>) -> Self {
        Self {
            inner,
            folder,
            state: State::New,
            best,
        }
    }

    fn write(&mut self, step: u64, numbers: &[(String, f64)]) {
        let result = match &mut self.state {
            State::Failed => return,
            State::Open(file) => file.add(step, numbers),
            State::New => EventFile::create(&self.folder).and_then(|mut file| {
                file.add(step, numbers)?;
                self.state = State::Open(file);
                Ok(())
            }),
        };
        if let Err(e) = result {
            self.state = State::Failed;
            let folder = self.folder.display();
            let text = format!("no more TensorBoard events are written to {folder}: {e}");
            self.inner.on(&Event::Note { text: &text });
        }
    }
}

impl Observer for Events<'_> {
    fn on(&mut self, event: &Event<'_>) {
        self.inner.on(event);
        match event {
            Event::TrialFinished { trial, is_best } => {
                if *is_best {
                    self.best = trial.reward;
                }
                let numbers = of_trial(trial, self.best);
                self.write(trial.id(), &numbers);
            }
            Event::Loss { step, loss } => {
                self.write(*step as u64, &[("train/loss".into(), *loss)]);
            }
            Event::Validated {
                epoch,
                reward,
                metrics,
            } => {
                let mut numbers = vec![("validation/reward".to_owned(), *reward)];
                let metrics = metrics.iter();
                numbers.extend(metrics.map(|(name, v)| (format!("validation/{name}"), v)));
                self.write(*epoch as u64, &numbers);
            }
            _ => {}
        }
    }

    fn should_stop(&self) -> bool {
        self.inner.should_stop()
    }
}

fn of_trial(trial: &Trial, best: Option<f64>) -> Vec<(String, f64)> {
    let mut numbers = Vec::new();
    let mut add = |tag: String, number: f64| numbers.push((tag, number));
    if let Some(reward) = trial.reward {
        add("search/reward".into(), reward);
    }
    if let Some(best) = best {
        add("search/best_reward".into(), best);
    }
    for (stage, reward) in trial.evaluation.stage_rewards.iter().enumerate() {
        add(format!("search/stage{stage}_reward"), *reward);
    }
    for (name, value) in trial.evaluation.metrics.iter() {
        add(format!("metrics/{name}"), value);
    }
    add("cost/parameters".into(), trial.params() as f64);
    add("cost/multiply_adds".into(), trial.macs() as f64);
    numbers
}
