//! Learning from trials, in order, and the run that records them.

use super::clock::{Clock, Work};
use super::failures::Failures;
use super::is_better;
use super::result_cache::ResultCache;
use super::strategy::{Proposed, Strategy};
use crate::error::Result;
use crate::experiment::Setup;
use crate::progress::{Event, Observer};
use crate::store::{Round, Run};
use crate::trial::{Ending, Evaluation, RecordedProposal, Trial};

/// Controller and schedule, with the run that records them.
pub(super) struct Study<'a> {
    pub(super) setup: &'a Setup,
    clock: &'a Clock,
    pub(super) run: &'a mut Run,
    pub(super) cache: &'a mut ResultCache,
    strategy: Strategy,
    /// The next trial to learn from.
    pub(super) next: u64,
    best: Option<Trial>,
    failures: Failures,
}

impl<'a> Study<'a> {
    /// Starts a new run or continues a stored one.
    pub(super) fn new(
        setup: &'a Setup,
        clock: &'a Clock,
        run: &'a mut Run,
        cache: &'a mut ResultCache,
    ) -> Result<Self> {
        let config = &setup.config;
        let mut strategy = Strategy::new(config, &setup.members, setup.io)?;
        let trials = run.trials()?;
        if let Some(state) = run.state()? {
            let pending = run.round()?.pending;
            strategy.load(&state, &trials, &pending)?;
        }
        Ok(Self {
            setup,
            clock,
            run,
            cache,
            strategy,
            next: trials.len() as u64,
            best: super::best(&trials).cloned(),
            failures: Failures::new(config.run.max_failures_in_row),
        })
    }

    /// Returns the current round; proposes a new one when there is none.
    pub(super) fn round(&mut self) -> Result<Round> {
        let round = self.run.round()?;
        if !round.pending.is_empty() {
            return Ok(round);
        }
        self.propose()?;
        self.run.round()
    }

    /// Draws a round of proposals from the controller in its present state.
    fn propose(&mut self) -> Result<()> {
        let (clock, strategy) = (self.clock, &mut self.strategy);
        let ids = self.next..self.next + self.setup.config.run.round;
        let proposals: Vec<RecordedProposal> = clock.time(Work::Controller, || {
            let proposed = ids.map(|id| strategy.propose(id));
            let recorded = |it: Proposed| RecordedProposal::new(&it.proposal, it.repeat);
            proposed.map(|it| it.map(recorded)).collect::<Result<_>>()
        })?;
        let (state, run) = (strategy.state()?, &mut *self.run);
        clock.time(Work::Store, || run.begin_round(&proposals, &state))
    }

    /// Learns from the next trial and stores it with the state after it.
    pub(super) fn learn(
        &mut self,
        proposed: Proposed,
        evaluation: Evaluation,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let (clock, strategy) = (self.clock, &mut self.strategy);
        let recorded = RecordedProposal::new(&proposed.proposal, proposed.repeat);
        let reward = clock.time(Work::Controller, || strategy.learn(proposed, &evaluation))?;
        let trial = Trial {
            proposal: recorded,
            evaluation,
            reward,
        };
        let (state, run) = (strategy.state()?, &mut *self.run);
        clock.time(Work::Store, || run.append(&trial, &state))?;
        self.next += 1;
        let is_best = is_better(&trial, self.best.as_ref());
        observer.on(&Event::TrialFinished {
            trial: &trial,
            is_best,
        });
        let failure = match &trial.evaluation.ending {
            Ending::Failed { reason } => Some(reason.as_str()),
            Ending::Complete | Ending::Stopped { .. } => None,
        };
        self.failures.count(failure)?;
        if is_best {
            self.best = Some(trial);
        }
        Ok(())
    }
}
