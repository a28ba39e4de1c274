//! Wall-clock time of a search by kind of work.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use nasfw_network::fit::{Batch, Batches};

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Opening, checking, reading and cropping images.
    Data,
    /// Training the encoder.
    WarmUp,
    /// Encoder outputs and the teacher's.
    Features,
    /// Training candidates in a stage of the schedule.
    Stage(usize),
    /// Evaluating trained candidates.
    Validation,
    /// Proposals, and updates of the controller.
    Controller,
    /// Writing to the run folder.
    Store,
    /// Everything else: decoding, compiling, progress.
    Other,
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data => f.write_str("data"),
            Self::WarmUp => f.write_str("warm-up"),
            Self::Features => f.write_str("features"),
            Self::Stage(at) => write!(f, "stage {at}"),
            Self::Validation => f.write_str("validation"),
            Self::Controller => f.write_str("controller"),
            Self::Store => f.write_str("store"),
            Self::Other => f.write_str("other"),
        }
    }
}

/// Adds up time by kind of work. Nested work counts as its own kind only.
#[derive(Debug)]
pub(super) struct Clock {
    start: Instant,
    spent: RefCell<BTreeMap<Work, Duration>>,
    /// Time that the current work has spent on nested work.
    within: Cell<Duration>,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self {
            start: Instant::now(),
            spent: RefCell::default(),
            within: Cell::default(),
        }
    }

    /// Does some work and counts its time.
    pub(super) fn time<T>(&self, work: Work, body: impl FnOnce() -> T) -> T {
        let outer = self.within.replace(Duration::ZERO);
        let start = Instant::now();
        let result = body();
        let took = start.elapsed();
        let own = took.saturating_sub(self.within.get());
        *self.spent.borrow_mut().entry(work).or_default() += own;
        self.within.set(outer + took);
        result
    }

    /// Attributes time spent waiting for workers to the kinds of work that they did, in proportion
    /// to `worker_seconds`: together they cannot exceed the elapsed time.
    pub(super) fn waited(&self, time: Duration, worker_seconds: &BTreeMap<Work, f64>) {
        let whole: f64 = worker_seconds.values().sum();
        let mut spent = self.spent.borrow_mut();
        for (work, secs) in worker_seconds {
            let share = if whole > 0.0 { secs / whole } else { 0.0 };
            *spent.entry(*work).or_default() += time.mul_f64(share);
        }
    }

    /// Seconds by kind of work, without [`Work::Other`].
    pub(super) fn known(&self) -> Vec<(Work, f64)> {
        let spent = self.spent.borrow();
        spent.iter().map(|(w, d)| (*w, d.as_secs_f64())).collect()
    }

    /// Seconds by kind of work, adding up to the whole time since the start.
    pub(super) fn spent(&self) -> Vec<(Work, f64)> {
        let mut spent = self.spent.borrow().clone();
        let known: Duration = spent.values().sum();
        *spent.entry(Work::Other).or_default() += self.start.elapsed().saturating_sub(known);
        let seconds = spent.into_iter().map(|(work, d)| (work, d.as_secs_f64()));
        seconds.collect()
    }
}

/// Batches whose construction counts as data time.
pub(super) struct Timed<'a> {
    pub(super) clock: &'a Clock,
    pub(super) batches: &'a dyn Batches,
}

impl Batches for Timed<'_> {
    fn steps(&self) -> usize {
        self.batches.steps()
    }

    fn batch(&self, epoch: usize, step: usize) -> nasfw_network::Result<Batch> {
        self.clock
            .time(Work::Data, || self.batches.batch(epoch, step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_within_work_counts_once() {
        let clock = Clock::start();
        let pause = |ms| std::thread::sleep(Duration::from_millis(ms));
        clock.time(Work::Stage(0), || {
            pause(20);
            clock.time(Work::Data, || pause(50));
            clock.time(Work::Data, || pause(50));
        });
        let spent: BTreeMap<Work, f64> = clock.spent().into_iter().collect();
        assert!(spent[&Work::Data] >= 0.1);
        assert!(spent[&Work::Stage(0)] >= 0.02 && spent[&Work::Stage(0)] < spent[&Work::Data]);
        let whole: f64 = spent.values().sum();
        assert!((whole - clock.start.elapsed().as_secs_f64()).abs() < 0.1);
    }
}
