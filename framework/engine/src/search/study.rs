//! Learning from trials, in order, and the run that records them.

use nasfw_sdk::Proposal;

use super::clock::{Clock, Work};
use super::failures::Failures;
use super::is_better;
use super::strategy::Strategy;
use crate::error::Result;
use crate::experiment::Setup;
use crate::progress::{Event, Observer};
use crate::store::{Round, Run};
use crate::trial::{Evaluation, Status, Trial};

/// Controller and schedule, with the run that records them.
pub(super) struct Study<'a> {
    pub(super) setup: &'a Setup,
    clock: &'a Clock,
    pub(super) run: &'a mut Run,
    strategy: Strategy,
    /// The next trial to learn from.
    pub(super) next: u64,
    best: Option<Trial>,
    failures: Failures,
}

impl<'a> Study<'a> {
    /// Starts a new run or continues a stored one.
    pub(super) fn new(setup: &'a Setup, clock: &'a Clock, run: &'a mut Run) -> Result<Self> {
        let config = &setup.config;
        let mut strategy = Strategy::new(config, &setup.members)?;
        let trials = run.trials()?;
        if let Some(state) = run.state()? {
            strategy.load(&state, trials.iter().filter_map(|t| t.reward))?;
        }
        Ok(Self {
            setup,
            clock,
            run,
            strategy,
            next: trials.len() as u64,
            best: super::best(&trials).cloned(),
            failures: Failures::new(config.run.max_failures_in_row),
        })
    }

    /// Returns the current round; proposes a new one when there is none.
    pub(super) fn round(&mut self) -> Result<Round> {
        let round = self.run.round()?;
        match round.pending.is_empty() {
            true => self.propose().and_then(|()| self.run.round()),
            false => Ok(round),
        }
    }

    /// Draws a round of proposals from the controller in its present state.
    fn propose(&mut self) -> Result<()> {
        let (clock, strategy) = (self.clock, &mut self.strategy);
        let ids = self.next..self.next + self.setup.config.run.round;
        let proposals: Vec<Proposal> = clock.time(Work::Controller, || {
            ids.map(|id| strategy.propose(id)).collect::<Result<_>>()
        })?;
        let (state, run) = (strategy.state()?, &mut *self.run);
        clock.time(Work::Store, || run.begin_round(&proposals, &state))
    }

    /// Learns from the next trial and stores it with the state after it.
    pub(super) fn learn(
        &mut self,
        proposal: Proposal,
        judged: Evaluation,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let mut trial = record(&proposal, &judged);
        let (clock, strategy) = (self.clock, &mut self.strategy);
        trial.reward = clock.time(Work::Controller, || strategy.learn(proposal, &judged))?;
        let (state, run) = (strategy.state()?, &mut *self.run);
        clock.time(Work::Store, || run.append(&trial, &state))?;
        self.next += 1;
        let is_best = is_better(&trial, self.best.as_ref());
        observer.on(&Event::TrialFinished {
            trial: &trial,
            is_best,
        });
        if is_best {
            self.best = Some(trial);
        }
        self.failures.count(judged.failed.as_deref())
    }
}

/// A trial without the fields that learning fills in.
fn record(proposal: &Proposal, judged: &Evaluation) -> Trial {
    let status = match (&judged.failed, &judged.stopped) {
        (Some(_), _) => Status::Failed,
        (None, Some(_)) => Status::Stopped,
        (None, None) => Status::Complete,
    };
    Trial {
        id: judged.id,
        genotype: judged.genotype.clone(),
        choices: proposal.choices.to_vec(),
        log_prob: proposal.log_prob,
        status,
        stage_rewards: judged.stage_rewards.clone(),
        reward: None,
        metrics: judged.metrics.clone(),
        params: judged.cost.params,
        macs: judged.cost.macs,
        seconds: judged.seconds,
        reason: judged.failed.clone().or_else(|| judged.stopped.clone()),
    }
}
