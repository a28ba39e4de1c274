//! Recovery from lost workers: retries, and when to give up.

use std::collections::VecDeque;
use std::time::Duration;

use nasfw_sdk::Metrics;

use super::exit_reason::ExitReason;
use super::worker_pool::{Assignment, WorkerPool};
use crate::error::{Error, Result};
use crate::search::round::ReorderBuffer;
use crate::search::show::Show;
use crate::trial::Ending;

/// Maximum number of consecutive workers that end without evaluating anything.
const MAX_FALSE_STARTS: u32 = 2;

impl WorkerPool<'_> {
    /// Kills workers that exceed the time limit, and detects workers that ended while something
    /// keeps their output open.
    pub(super) fn check_workers(
        &mut self,
        queue: &mut VecDeque<Assignment>,
        show: &mut Show,
        buffer: &mut ReorderBuffer<'_, '_>,
    ) -> Result<()> {
        let limit = match self.limits.timeout_secs {
            0 => None,
            secs => Some(Duration::from_secs(secs)),
        };
        for at in 0..self.slots.len() {
            let Some(slot) = &mut self.slots[at] else {
                continue;
            };
            let since = slot
                .assignment
                .as_ref()
                .map(|assignment| assignment.since.elapsed());
            if since.zip(limit).is_some_and(|(took, limit)| took > limit) {
                self.handle_lost_worker(at, false, queue, show, buffer)?;
            } else if slot.worker.ended_long_ago() {
                self.handle_lost_worker(at, true, queue, show, buffer)?;
            }
        }
        Ok(())
    }

    /// Handles a worker that ended, or is to be killed because its time is up.
    pub(super) fn handle_lost_worker(
        &mut self,
        at: usize,
        is_ending: bool,
        queue: &mut VecDeque<Assignment>,
        show: &mut Show,
        buffer: &mut ReorderBuffer<'_, '_>,
    ) -> Result<()> {
        let Some(slot) = self.slots[at].take() else {
            return Ok(());
        };
        let (status, tail) = slot.worker.end(is_ending);
        let exit = if is_ending {
            ExitReason::Died(status, tail)
        } else {
            ExitReason::TimedOut(tail)
        };
        let Some(mut assignment) = slot.assignment else {
            return self.false_start(&exit, slot.is_ready);
        };
        self.false_starts = 0;
        if assignment.attempt <= self.retries {
            assignment.attempt += 1;
            // Partial results of this attempt say nothing about the next one.
            assignment.so_far.stage_rewards.clear();
            assignment.so_far.metrics = Metrics::default();
            queue.push_front(assignment);
            return Ok(());
        }
        let mut evaluation = assignment.so_far;
        evaluation.ending = Ending::Failed {
            reason: exit.reason(self.limits, assignment.attempt),
        };
        evaluation.seconds = assignment.since.elapsed().as_secs_f64();
        show.begun(evaluation.id, &evaluation.genotype, buffer.observer());
        show.evaluated(evaluation.id, buffer.observer());
        buffer.take(evaluation)
    }

    /// Replaces a worker that ended while idle, up to a limit.
    fn false_start(&mut self, exit: &ExitReason, was_ready: bool) -> Result<()> {
        self.false_starts += 1;
        let is_full = exit.is_out_of_memory(self.limits);
        if self.false_starts < MAX_FALSE_STARTS && !is_full {
            return Ok(());
        }
        let when = if was_ready {
            "while idle"
        } else {
            "during startup"
        };
        let reason = exit.reason(self.limits, 1);
        let message = if is_full {
            format!(
                "run.memory_limit_mb: {} MiB is not enough for a worker to hold the data and the encoder's \
                 outputs; continue with more: nasfw resume {} --memory-limit MIB",
                self.limits.memory_mb,
                self.run.display()
            )
        } else {
            format!(
                "workers keep ending {when}: {reason}. Finished trials are kept; continue with `nasfw \
                 resume`, or with --workers 0 to evaluate without workers"
            )
        };
        Err(Error::Worker {
            message,
            is_input: is_full,
        })
    }
}
