//! Learning from trials, in order, and the run that records them.

use nasfw_sdk::Proposal;

use super::clock::{Clock, Work};
use super::failures::Failures;
use super::is_better;
use super::policy::Policy;
use super::setup::Setup;
use crate::error::Result;
use crate::progress::{Event, Observer};
use crate::store::{Round, Run};
use crate::trial::{Judged, Status, Trial};

/// Controller and schedule, with the run that records them.
pub(super) struct Learner<'a> {
    pub(super) setup: &'a Setup,
    clock: &'a Clock,
    pub(super) run: &'a mut Run,
    policy: Policy,
    /// The next trial to learn from.
    pub(super) next: u64,
    best: Option<Trial>,
    failures: Failures,
}

impl<'a> Learner<'a> {
    /// Starts a new run or continues a stored one.
    pub(super) fn new(setup: &'a Setup, clock: &'a Clock, run: &'a mut Run) -> Result<Self> {
        let config = &setup.config;
        let mut policy = Policy::new(config, setup.space.schema())?;
        let trials = run.trials()?;
        if let Some(state) = run.state()? {
            policy.load(&state, trials.iter().filter_map(|t| t.reward))?;
        }
        Ok(Self {
            setup,
            clock,
            run,
            policy,
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
        let (clock, policy) = (self.clock, &mut self.policy);
        let ids = self.next..self.next + self.setup.config.run.round;
        let proposals: Vec<Proposal> = clock.time(Work::Controller, || {
            ids.map(|id| policy.propose(id)).collect::<Result<_>>()
        })?;
        let (state, run) = (policy.state()?, &mut *self.run);
        clock.time(Work::Store, || run.begin_round(&proposals, &state))
    }

    /// Learns from the next trial and stores it with the state after it.
    pub(super) fn learn(
        &mut self,
        proposal: Proposal,
        judged: Judged,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let mut trial = record(&proposal, &judged);
        let (clock, policy) = (self.clock, &mut self.policy);
        trial.reward = clock.time(Work::Controller, || policy.learn(proposal, &judged))?;
        let (state, run) = (policy.state()?, &mut *self.run);
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
fn record(proposal: &Proposal, judged: &Judged) -> Trial {
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
