//! What a search knows and what it learns, in the order of the trials.

use nasfw_sdk::{Controller, Outcome, Proposal, RewardSchedule, State};

use super::clock::{Clock, Work};
use super::failures::Failures;
use super::is_better;
use super::setup::Setup;
use crate::config::OnFailure;
use crate::error::{Error, Result};
use crate::progress::{Event, Observer};
use crate::store::{Round, Run, SearchState};
use crate::trial::{Judged, Status, Trial};

/// Controller and schedule, and the run that remembers them.
pub(super) struct Learner<'a> {
    pub(super) setup: &'a Setup,
    clock: &'a Clock,
    pub(super) run: &'a mut Run,
    controller: Box<dyn Controller>,
    schedule: Box<dyn RewardSchedule>,
    /// The trial that is learned from next.
    pub(super) next: u64,
    best: Option<Trial>,
    /// The lowest reward the controller was told of a trial that was judged.
    worst: Option<f64>,
    failures: Failures,
}

impl<'a> Learner<'a> {
    /// Starts a fresh run or picks a stored one up where it stands.
    pub(super) fn new(setup: &'a Setup, clock: &'a Clock, run: &'a mut Run) -> Result<Self> {
        let mut rng = setup.seed.stream("controller/init");
        let config = &setup.config;
        let mut controller = config.make_controller(setup.space.schema(), &mut rng)?;
        let mut schedule = config.make_schedule()?;
        if let Some(state) = run.state()? {
            controller.load(&state.controller)?;
            schedule.load(&state.schedule)?;
        }
        let trials = run.trials()?;
        let rewards = trials.iter().filter_map(|t| t.reward);
        Ok(Self {
            setup,
            clock,
            run,
            controller,
            schedule,
            next: trials.len() as u64,
            best: super::best(&trials).cloned(),
            worst: rewards.reduce(f64::min),
            failures: Failures::new(config.run.max_failures_in_row),
        })
    }

    /// The round under way; a new one is proposed when there is none.
    pub(super) fn round(&mut self) -> Result<Round> {
        let round = self.run.round()?;
        match round.pending.is_empty() {
            true => self.propose().and_then(|()| self.run.round()),
            false => Ok(round),
        }
    }

    /// Draws a round of proposals from the controller as it is now.
    fn propose(&mut self) -> Result<()> {
        let mut proposals = Vec::new();
        for id in self.next..self.next + self.setup.config.run.round {
            let (seed, controller) = (self.setup.trial_seed(id), &mut self.controller);
            proposals.push((self.clock).time(Work::Controller, || {
                controller.propose(&mut seed.stream("propose"))
            }));
            self.controller.fault().map_err(Error::broken)?;
        }
        let state = self.state()?;
        let run = &mut *self.run;
        (self.clock).time(Work::Store, || run.begin_round(&proposals, &state))
    }

    /// Learns from the next trial and stores it with the state after it.
    pub(super) fn learn(
        &mut self,
        proposal: Proposal,
        judged: Judged,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let mut trial = record(&proposal, &judged);
        let reward = match &judged.failed {
            Some(_) => None,
            None => Some(self.replay(&judged)?),
        };
        trial.reward = reward;
        let outcome = self.outcome(proposal, &judged, reward);
        let (seed, controller) = (self.setup.trial_seed(judged.id), &mut self.controller);
        self.clock.time(Work::Controller, || {
            controller.observe(&outcome, &mut seed.stream("observe"));
        });
        self.controller.fault().map_err(Error::broken)?;
        let state = self.state()?;
        let run = &mut *self.run;
        (self.clock).time(Work::Store, || run.append(&trial, &state))?;
        self.next += 1;
        self.worst = [self.worst, reward].into_iter().flatten().reduce(f64::min);
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

    /// Tells the schedule what the trial's copy of it was asked, so that its memory grows in the order of
    /// the trials, and returns the reward it decides on. What failed was no evaluation: the schedule
    /// does not hear of it.
    fn replay(&mut self, judged: &Judged) -> Result<f64> {
        let seed = self.setup.trial_seed(judged.id);
        let last = self.setup.stages.len() - 1;
        for (at, &reward) in judged.stage_rewards.iter().enumerate().take(last) {
            let mut rng = seed.stream(&format!("verdict/{at}"));
            // The verdict was given by the copy, as of the beginning of the round.
            let _ = self.schedule.verdict(at, reward, &mut rng);
            self.schedule.fault().map_err(Error::broken)?;
        }
        let reward = self.schedule.reward(&judged.stage_rewards, &judged.cost);
        self.schedule.fault().map_err(Error::broken)?;
        Ok(reward)
    }

    /// What the controller is told.
    fn outcome(&self, proposal: Proposal, judged: &Judged, reward: Option<f64>) -> Outcome {
        let instead = match self.setup.config.run.on_failure {
            OnFailure::Skip => None,
            OnFailure::Worst => self.worst,
        };
        match reward.or(instead) {
            Some(reward) => Outcome::Scored { proposal, reward },
            None => Outcome::Failed {
                proposal,
                reason: judged.failed.clone().unwrap_or_default(),
            },
        }
    }

    fn state(&self) -> Result<SearchState> {
        let saved = |state: State, fault: nasfw_sdk::Result<()>| match fault {
            Ok(()) => Ok(state),
            Err(e) => Err(Error::broken(e)),
        };
        let (controller, schedule) = (self.controller.save(), self.schedule.save());
        Ok(SearchState {
            controller: saved(controller, self.controller.fault())?,
            schedule: saved(schedule, self.schedule.fault())?,
        })
    }
}

/// A trial without what is learned from it.
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
