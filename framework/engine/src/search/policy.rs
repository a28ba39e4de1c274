//! What a search decides: controller and schedule, and what they are told, in the order of the trials.

use nasfw_sdk::{Controller, Outcome, Proposal, RewardSchedule, Schema, Seed, State, Verdict};

use crate::config::{Config, OnFailure};
use crate::error::{Error, Result};
use crate::store::SearchState;
use crate::trial::Judged;

/// Where the random streams of a trial come from; no two trials share one.
pub(super) fn trial_seed(search: Seed, id: u64) -> Seed {
    search.child(&format!("trial/{id}"))
}

/// Whether the schedule goes on after stage `at`, as of its present memory, which may grow by this.
pub(super) fn verdict(
    schedule: &mut dyn RewardSchedule,
    trial: Seed,
    at: usize,
    reward: f64,
) -> nasfw_sdk::Result<Verdict> {
    let mut rng = trial.stream(&format!("verdict/{at}"));
    schedule.verdict(at, reward, &mut rng)
}

/// Controller and schedule. What they do depends on the seed and on what they were told, and on nothing else.
pub(super) struct Policy {
    controller: Box<dyn Controller>,
    schedule: Box<dyn RewardSchedule>,
    /// The lowest reward the controller was told of a trial that was judged.
    worst: Option<f64>,
    on_failure: OnFailure,
    stages: usize,
    seed: Seed,
}

impl Policy {
    /// As a search begins.
    pub(super) fn new(config: &Config, schema: &Schema) -> Result<Self> {
        let seed = Seed(config.run.seed);
        let schedule = config.make_schedule()?;
        Ok(Self {
            controller: config.make_controller(schema, &mut seed.stream("controller/init"))?,
            stages: schedule.stages().len(),
            schedule,
            worst: None,
            on_failure: config.run.on_failure,
            seed,
        })
    }

    /// As it was when it was saved, after trials with these rewards.
    pub(super) fn load(
        &mut self,
        state: &SearchState,
        rewards: impl Iterator<Item = f64>,
    ) -> Result<()> {
        self.controller.load(&state.controller)?;
        self.schedule.load(&state.schedule)?;
        self.worst = rewards.reduce(f64::min);
        Ok(())
    }

    /// The proposal that trial `id` will be.
    pub(super) fn propose(&mut self, id: u64) -> Result<Proposal> {
        let mut rng = trial_seed(self.seed, id).stream("propose");
        self.controller.propose(&mut rng).map_err(Error::broken)
    }

    /// Tells the schedule and then the controller how a trial went; returns the reward that was decided on, none for
    /// a failure.
    pub(super) fn learn(&mut self, proposal: Proposal, judged: &Judged) -> Result<Option<f64>> {
        let reward = match &judged.failed {
            Some(_) => None,
            None => Some(self.reward(judged)?),
        };
        let outcome = self.outcome(proposal, judged, reward);
        let mut rng = trial_seed(self.seed, judged.id).stream("observe");
        (self.controller.observe(&outcome, &mut rng)).map_err(Error::broken)?;
        self.worst = [self.worst, reward].into_iter().flatten().reduce(f64::min);
        Ok(reward)
    }

    /// Tells the schedule what the trial's copy of it was asked, so that its memory grows in the order of
    /// the trials, and returns the reward it decides on. What failed was no evaluation: the schedule
    /// does not hear of it.
    fn reward(&mut self, judged: &Judged) -> Result<f64> {
        let trial = trial_seed(self.seed, judged.id);
        let rewards = judged.stage_rewards.iter().enumerate();
        for (at, &reward) in rewards.take(self.stages - 1) {
            // The verdict was given by the copy, as of the beginning of the round.
            verdict(&mut *self.schedule, trial, at, reward).map_err(Error::broken)?;
        }
        (self.schedule.reward(&judged.stage_rewards, &judged.cost)).map_err(Error::broken)
    }

    /// What the controller is told.
    fn outcome(&self, proposal: Proposal, judged: &Judged, reward: Option<f64>) -> Outcome {
        let instead = match self.on_failure {
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

    /// What it takes to go on from here.
    pub(super) fn state(&self) -> Result<SearchState> {
        let controller = self.controller.save().map_err(Error::broken)?;
        Ok(SearchState {
            controller,
            schedule: self.schedule_state()?,
        })
    }

    /// The schedule's part of it; that of a controller can be large.
    pub(super) fn schedule_state(&self) -> Result<State> {
        self.schedule.save().map_err(Error::broken)
    }
}
