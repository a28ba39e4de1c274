//! The worker pool: assignment of jobs to workers, and their messages.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::exit_reason::{Limits, is_memory};
use super::message::{Spent, WorkerMessage};
use super::worker_handle::{Worker, WorkerEvent};
use super::{Executor, Job, WorkerProgram};
use crate::config::RunConfig;
use crate::error::{Error, Result};
use crate::progress::Event;
use crate::search::clock::{Clock, Work};
use crate::search::round::ReorderBuffer;
use crate::search::show::Show;
use crate::trial::Evaluation;
use nasfw_device::Device;

/// Interval between checks of time limits and stop requests.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// Evaluates in worker processes, each of which costs at most its own trial.
pub(in crate::search) struct WorkerPool<'a> {
    program: &'a WorkerProgram,
    pub(super) run: PathBuf,
    /// The device that workers compute on.
    device: Device,
    pub(super) limits: Limits,
    pub(super) retries: u64,
    clock: &'a Clock,
    /// Stages of the schedule.
    stages: usize,
    /// Slots for workers.
    pub(super) slots: Vec<Option<Slot>>,
    started: u64,
    pub(super) false_starts: u32,
    /// Notes of starting workers, each shown once.
    seen: BTreeSet<String>,
    sender: Sender<WorkerEvent>,
    events: Receiver<WorkerEvent>,
    /// Time spent waiting for workers.
    waited: Duration,
    /// The work that they did meanwhile.
    worker_seconds: BTreeMap<Work, f64>,
}

pub(super) struct Slot {
    pub(super) worker: Worker,
    pub(super) is_ready: bool,
    pub(super) has_evaluated: bool,
    pub(super) assignment: Option<Assignment>,
}

/// A job with its partial result.
pub(super) struct Assignment {
    pub(super) job: Job,
    pub(super) attempt: u64,
    pub(super) since: Instant,
    pub(super) so_far: Evaluation,
}

impl<'a> WorkerPool<'a> {
    /// Creates the pool; starts no worker yet.
    pub(in crate::search) fn new(
        program: &'a WorkerProgram,
        run: &Path,
        config: &RunConfig,
        clock: &'a Clock,
        stages: usize,
    ) -> Self {
        let (sender, events) = channel();
        Self {
            program,
            run: run.into(),
            device: config.device,
            limits: Limits {
                memory_mb: config.memory_limit_mb,
                timeout_secs: config.trial_timeout_secs,
            },
            retries: config.retries,
            clock,
            stages,
            slots: (0..config.workers).map(|_| None).collect(),
            started: 0,
            false_starts: 0,
            seen: BTreeSet::new(),
            sender,
            events,
            waited: Duration::ZERO,
            worker_seconds: BTreeMap::new(),
        }
    }

    fn evaluate_all(&mut self, jobs: Vec<Job>, buffer: &mut ReorderBuffer<'_, '_>) -> Result<()> {
        let mut show = Show::new(&jobs, self.stages, self.slots.len());
        let mut queue: VecDeque<Assignment> = jobs.into_iter().map(Assignment::new).collect();
        loop {
            self.assign(&mut queue)?;
            if queue.is_empty() && !self.slots.iter().flatten().any(|s| s.assignment.is_some()) {
                return Ok(());
            }
            let start = Instant::now();
            let event = self.events.recv_timeout(CHECK_INTERVAL);
            self.waited += start.elapsed();
            match event {
                Ok((number, Some(message))) => {
                    self.handle_message(number, message, &mut show, buffer)?
                }
                Ok((number, None)) => {
                    if let Some(at) = self.slot_of(number) {
                        self.handle_lost_worker(at, true, &mut queue, &mut show, buffer)?;
                    }
                }
                // This pool holds a sender itself, so that there always is one.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            if buffer.observer().should_stop() {
                return Err(Error::Stopped);
            }
            self.check_workers(&mut queue, &mut show, buffer)?;
        }
    }

    /// Assigns all jobs that can be assigned, and starts workers for the rest.
    fn assign(&mut self, queue: &mut VecDeque<Assignment>) -> Result<()> {
        for slot in self.slots.iter_mut().flatten() {
            if !slot.is_ready || slot.assignment.is_some() {
                continue;
            }
            // A second attempt starts in a fresh worker.
            let fits = |assignment: &Assignment| assignment.attempt == 1 || !slot.has_evaluated;
            let Some(mut assignment) = queue.iter().position(fits).and_then(|at| queue.remove(at))
            else {
                continue;
            };
            assignment.since = Instant::now();
            // If it has ended, the end of its output shows that.
            slot.worker.give(&assignment.job);
            slot.assignment = Some(assignment);
        }
        let starting = self.slots.iter().flatten().filter(|s| !s.is_ready).count();
        let mut missing = queue.len().saturating_sub(starting);
        for slot in self.slots.iter_mut().filter(|slot| slot.is_none()) {
            if missing == 0 {
                break;
            }
            missing -= 1;
            self.started += 1;
            let (number, sender) = (self.started, self.sender.clone());
            let worker = Worker::start(
                self.program,
                &self.run,
                self.device,
                self.limits,
                number,
                sender,
            )?;
            *slot = Some(Slot {
                worker,
                is_ready: false,
                has_evaluated: false,
                assignment: None,
            });
        }
        Ok(())
    }

    fn slot_of(&self, number: u64) -> Option<usize> {
        let is_it = |slot: &Option<Slot>| slot.as_ref().is_some_and(|s| s.worker.number == number);
        self.slots.iter().position(is_it)
    }

    fn handle_message(
        &mut self,
        number: u64,
        message: WorkerMessage,
        show: &mut Show,
        buffer: &mut ReorderBuffer<'_, '_>,
    ) -> Result<()> {
        // Messages that a worker sent before it was killed are ignored.
        let Some(slot) = self.slot_of(number).and_then(|at| self.slots[at].as_mut()) else {
            return Ok(());
        };
        match message {
            WorkerMessage::Ready(spent) => {
                slot.is_ready = true;
                add(&mut self.worker_seconds, &spent);
            }
            WorkerMessage::Phase { name, steps } => {
                slot.show_event(&Event::Phase { name: &name, steps }, show, buffer);
            }
            WorkerMessage::Step { done, note } => {
                slot.show_event(&Event::Step { done, note: &note }, show, buffer);
            }
            WorkerMessage::PhaseDone => slot.show_event(&Event::PhaseDone, show, buffer),
            WorkerMessage::Note(text) => {
                if slot.is_ready || self.seen.insert(text.clone()) {
                    buffer.observer().on(&Event::Note { text: &text });
                }
            }
            WorkerMessage::SoFar(evaluation) => {
                if let Some(assignment) = &mut slot.assignment {
                    show.begun(assignment.job.id, &evaluation.genotype, buffer.observer());
                    assignment.so_far = evaluation;
                }
            }
            WorkerMessage::Evaluation(evaluation, spent) => {
                add(&mut self.worker_seconds, &spent);
                self.false_starts = 0;
                return slot.take_evaluation(evaluation, show, buffer);
            }
            WorkerMessage::Broken(source) => return Err(Error::broken(source)),
            // Failed allocations may surface as any error; the worker's end follows.
            WorkerMessage::Ended { message, .. }
                if is_memory(&message) && self.limits.memory_mb > 0 =>
            {
                slot.worker.remember(&message);
            }
            WorkerMessage::Ended { message, is_input } => {
                return Err(Error::Worker { message, is_input });
            }
        }
        Ok(())
    }
}

impl Slot {
    /// Shows an event of the worker: as progress of its trial, or of its preparation.
    fn show_event(&self, event: &Event<'_>, show: &mut Show, buffer: &mut ReorderBuffer<'_, '_>) {
        let observer = buffer.observer();
        match &self.assignment {
            Some(assignment) => show.event(assignment.job.id, event, observer),
            // All workers prepare the same way; show only the first.
            None if self.worker.number == 1 => observer.on(event),
            None => {}
        }
    }

    /// Passes on the evaluation of the trial that the worker was given.
    fn take_evaluation(
        &mut self,
        evaluation: Evaluation,
        show: &mut Show,
        buffer: &mut ReorderBuffer<'_, '_>,
    ) -> Result<()> {
        self.has_evaluated = true;
        let assignment = self.assignment.take();
        if assignment.is_none_or(|assignment| assignment.job.id != evaluation.id) {
            return Ok(());
        }
        show.begun(evaluation.id, &evaluation.genotype, buffer.observer());
        show.evaluated(evaluation.id, buffer.observer());
        buffer.take(evaluation)
    }
}

impl Executor for WorkerPool<'_> {
    fn evaluate(&mut self, jobs: Vec<Job>, buffer: &mut ReorderBuffer<'_, '_>) -> Result<()> {
        let result = self.evaluate_all(jobs, buffer);
        if matches!(result, Err(Error::Stopped)) {
            // Jobs evaluated by now need not be evaluated again.
            while let Ok((number, message)) = self.events.try_recv() {
                if let (Some(message @ WorkerMessage::Evaluation(..)), Some(_)) =
                    (message, self.slot_of(number))
                {
                    self.handle_message(number, message, &mut Show::new(&[], 1, 1), buffer)?;
                }
            }
        }
        if result.is_err() {
            // Their work is no longer needed; finished evaluations are kept.
            self.slots.iter_mut().for_each(|slot| *slot = None);
        }
        self.clock.waited(self.waited, &self.worker_seconds);
        (self.waited, self.worker_seconds) = (Duration::ZERO, BTreeMap::new());
        result
    }
}

impl Assignment {
    fn new(job: Job) -> Self {
        Self {
            so_far: Evaluation::begun(job.id),
            job,
            attempt: 1,
            since: Instant::now(),
        }
    }
}

fn add(to: &mut BTreeMap<Work, f64>, spent: &Spent) {
    for (work, secs) in spent {
        *to.entry(*work).or_default() += secs;
    }
}
