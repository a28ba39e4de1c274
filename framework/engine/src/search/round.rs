//! A round: proposals drawn together, evaluated in any order, learned from in trial order.

use std::collections::BTreeMap;

use nasfw_sdk::{Proposal, Schema};

use super::executor::{Executor, Job};
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
    let schema = study.setup.space().schema();
    let mut buffer = ReorderBuffer {
        proposals: BTreeMap::new(),
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
        let proposal = checked(&pending, schema, buffer.study.run)?;
        buffer.proposals.insert(id, proposal);
        match pending.evaluation {
            Some(evaluation) => drop(buffer.waiting.insert(id, evaluation)),
            None => jobs.push(Job {
                id,
                choices: pending.proposal.choices,
                schedule: round.schedule.clone(),
            }),
        }
    }
    buffer.learn()?;
    executor.evaluate(jobs, &mut buffer)?;
    buffer.pass_notes_on();
    Ok(())
}

fn checked(pending: &Pending, schema: &Schema, run: &Run) -> Result<Proposal> {
    pending.proposal.checked(schema).map_err(|e| Error::Run {
        run: run.folder().into(),
        message: format!(
            "run.db is damaged: the choices of pending trial {}: {e}",
            pending.id
        ),
    })
}

/// Collects evaluations. Those that cannot be learned from yet, because an earlier trial is still
/// being evaluated, are kept in the run meanwhile.
pub(super) struct ReorderBuffer<'d, 'l> {
    study: &'d mut Study<'l>,
    observer: &'d mut dyn Observer,
    /// Proposals not learned from yet, by id.
    proposals: BTreeMap<u64, Proposal>,
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
        if evaluation.id != self.study.next {
            self.study.run.keep_evaluation(&evaluation)?;
        }
        self.waiting.insert(evaluation.id, evaluation);
        self.learn()
    }

    fn learn(&mut self) -> Result<()> {
        while let Some(evaluation) = self.waiting.remove(&self.study.next) {
            // Every trial of the round has a proposal.
            if let Some(proposal) = self.proposals.remove(&evaluation.id) {
                self.study.learn(proposal, evaluation, self.observer)?;
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
