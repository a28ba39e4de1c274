//! One round: proposals drawn together, judged in any order, learned from in theirs.

use std::collections::BTreeMap;

use nasfw_sdk::{Proposal, Schema, State};

use super::executor::{Executor, Job};
use super::study::Study;
use crate::error::{Error, Result};
use crate::progress::{Event, Observer};
use crate::store::{Pending, Run};
use crate::trial::Evaluation;
use nasfw_plugin_host as plugins;

/// Proposes a round, or takes up the one that an interruption left, and sees it through. Of its trials
/// only those below `wanted` are judged; the rest waits until more are wanted, so that the rounds of a
/// search do not depend on where it paused.
pub(super) fn go_through(
    study: &mut Study<'_>,
    judge: &mut dyn Executor,
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
        if pending.id >= wanted {
            break;
        }
        let (id, proposal) = (pending.id, proposal(schema, &pending, buffer.study.run)?);
        match pending.judged {
            Some(judged) => drop(buffer.waiting.insert(id, judged)),
            None => jobs.push(job(id, &proposal, &round.schedule)),
        }
        buffer.proposals.insert(id, proposal);
    }
    buffer.learn()?;
    judge.judge(jobs, &mut buffer)?;
    buffer.pass_notes_on();
    Ok(())
}

fn job(id: u64, proposal: &Proposal, schedule: &State) -> Job {
    Job {
        id,
        choices: proposal.choices.to_vec(),
        schedule: schedule.clone(),
    }
}

fn proposal(schema: &Schema, pending: &Pending, run: &Run) -> Result<Proposal> {
    let choices = schema.choices(pending.choices.clone());
    let choices = choices.map_err(|e| Error::Run {
        run: run.folder().into(),
        message: format!(
            "run.db is damaged: the choices of pending trial {}: {e}",
            pending.id
        ),
    })?;
    Ok(Proposal {
        choices,
        log_prob: pending.log_prob,
    })
}

/// Where judges put what they found. What cannot be learned yet, because a trial before it is still
/// being judged, is kept in the run meanwhile.
pub(super) struct ReorderBuffer<'d, 'l> {
    study: &'d mut Study<'l>,
    observer: &'d mut dyn Observer,
    /// What is not learned yet, by id.
    proposals: BTreeMap<u64, Proposal>,
    waiting: BTreeMap<u64, Evaluation>,
}

impl ReorderBuffer<'_, '_> {
    /// Who watches the search.
    pub(super) fn observer(&mut self) -> &mut dyn Observer {
        self.observer
    }

    /// Takes what judging an architecture showed, and learns what can be learned now.
    pub(super) fn judged(&mut self, judged: Evaluation) -> Result<()> {
        self.pass_notes_on();
        if judged.id != self.study.next {
            self.study.run.keep_evaluation(&judged)?;
        }
        self.waiting.insert(judged.id, judged);
        self.learn()
    }

    fn learn(&mut self) -> Result<()> {
        while let Some(judged) = self.waiting.remove(&self.study.next) {
            // Every trial of the round has a proposal.
            if let Some(proposal) = self.proposals.remove(&judged.id) {
                self.study.learn(proposal, judged, self.observer)?;
            }
            self.pass_notes_on();
        }
        Ok(())
    }

    fn pass_notes_on(&mut self) {
        pass_notes_on(self.observer);
    }
}

/// Tells the observer what libraries had to say.
pub(super) fn pass_notes_on(observer: &mut dyn Observer) {
    for text in plugins::take_notes() {
        observer.on(&Event::Note { text: &text });
    }
}
