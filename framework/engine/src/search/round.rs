//! A round: proposals drawn together, evaluated in any order, learned from in trial order.

use std::collections::BTreeMap;

use nasfw_sdk::{Choices, Schema};

use super::executor::{Executor, Job};
use super::result_cache::Slot;
use super::strategy::Proposed;
use super::study::Study;
use crate::error::{Error, Result};
use crate::progress::{Event, Observer};
use crate::store::{Pending, Run};
use crate::trial::Evaluation;
use nasfw_plugin_host as plugins;

/// Proposes a round, or picks up the one that an interruption left, and completes it. Only trials
/// below `wanted` are evaluated; the others wait until more are wanted, so that the rounds of a
/// search do not depend on where it paused.
pub(super) fn run_round(
    study: &mut Study<'_>,
    executor: &mut dyn Executor,
    wanted: u64,
    observer: &mut dyn Observer,
) -> Result<()> {
    let round = study.round()?;
    let setup = study.setup;
    let schema = setup.space().schema();
    let mut buffer = ReorderBuffer {
        proposals: BTreeMap::new(),
        slots: BTreeMap::new(),
        waiting: BTreeMap::new(),
        study,
        observer,
    };
    let mut jobs = Vec::new();
    for pending in round.pending {
        let id = pending.id;
        if id >= wanted {
            break;
        }
        let proposed = checked(&pending, schema, buffer.study.run)?;
        let (choices, repeat) = (
            setup.members.canonical(&proposed.proposal.choices),
            proposed.repeat,
        );
        buffer.proposals.insert(id, proposed);
        if let Some(evaluation) = pending.evaluation {
            buffer.waiting.insert(id, evaluation);
            continue;
        }
        let job = Job {
            id,
            choices: choices.to_vec(),
            repeat,
            schedule: round.schedule.clone(),
        };
        if !buffer.find(&job, &choices)? {
            jobs.push(job);
        }
    }
    buffer.learn()?;
    executor.evaluate(jobs, &mut buffer)?;
    buffer.pass_notes_on();
    Ok(())
}

fn checked(pending: &Pending, schema: &Schema, run: &Run) -> Result<Proposed> {
    let proposal = pending.proposal.checked(schema).map_err(|e| Error::Run {
        run: run.folder().into(),
        message: format!(
            "run.db is damaged: the choices of pending trial {}: {e}",
            pending.id
        ),
    })?;
    let repeat = pending.proposal.repeat;
    Ok(Proposed { proposal, repeat })
}

/// Collects evaluations. Those that cannot be learned from yet, because an earlier trial is still
/// being evaluated, are kept in the run meanwhile.
pub(super) struct ReorderBuffer<'d, 'l> {
    study: &'d mut Study<'l>,
    observer: &'d mut dyn Observer,
    /// Proposals not learned from yet, by id.
    proposals: BTreeMap<u64, Proposed>,
    /// Where evaluations are to be kept in the cache, by id.
    slots: BTreeMap<u64, Slot>,
    /// Evaluations not learned from yet, by id.
    waiting: BTreeMap<u64, Evaluation>,
}

impl ReorderBuffer<'_, '_> {
    /// The observer of the search.
    pub(super) fn observer(&mut self) -> &mut dyn Observer {
        self.observer
    }

    /// Takes an evaluation, and learns from all trials that are next in order.
    pub(super) fn take(&mut self, evaluation: Evaluation) -> Result<()> {
        self.pass_notes_on();
        if let Some(slot) = self.slots.remove(&evaluation.id) {
            let Study { cache, setup, .. } = &mut *self.study;
            cache.keep(setup, &slot, &evaluation, self.observer);
        }
        if evaluation.id != self.study.next {
            self.study.run.keep_evaluation(&evaluation)?;
        }
        self.waiting.insert(evaluation.id, evaluation);
        self.learn()
    }

    /// Looks for a job's evaluation in the cache; returns false if it is to be computed.
    fn find(&mut self, job: &Job, choices: &Choices) -> Result<bool> {
        let Study { cache, setup, .. } = &mut *self.study;
        let Some(slot) = cache.slot(setup, choices, job.repeat) else {
            return Ok(false);
        };
        let Some(evaluation) = cache.find(setup, &slot, job, self.observer)? else {
            self.slots.insert(job.id, slot);
            return Ok(false);
        };
        self.observer.on(&Event::TrialStarted {
            id: job.id,
            genotype: &evaluation.genotype,
        });
        self.waiting.insert(job.id, evaluation);
        Ok(true)
    }

    fn learn(&mut self) -> Result<()> {
        while let Some(evaluation) = self.waiting.remove(&self.study.next) {
            // Every trial of the round has a proposal.
            if let Some(proposed) = self.proposals.remove(&evaluation.id) {
                self.study.learn(proposed, evaluation, self.observer)?;
            }
            self.pass_notes_on();
        }
        Ok(())
    }

    fn pass_notes_on(&mut self) {
        pass_notes_on(self.observer);
    }
}

/// Passes notes of libraries on to the observer.
pub(super) fn pass_notes_on(observer: &mut dyn Observer) {
    for text in plugins::take_notes() {
        observer.on(&Event::Note { text: &text });
    }
}
