//! Decisions of a search: controller and schedule, updated in the order of the trials.

use nasfw_sdk::{Controller, Outcome, Proposal, RewardSchedule, Seed, State, Verdict};

use crate::config::{Config, OnFailure};
use crate::error::{Error, Result};
use crate::experiment::Members;
use crate::store::SearchState;
use crate::trial::{Ending, Evaluation};

/// The source of a trial's random streams; no two trials share one.
pub(super) fn trial_seed(search: Seed, id: u64) -> Seed {
    search.child(&format!("trial/{id}"))
}

/// Asks whether the schedule continues after stage `at`, given its present memory, which may grow.
pub(super) fn verdict(
    schedule: &mut dyn RewardSchedule,
    trial: Seed,
    at: usize,
    reward: f64,
) -> nasfw_sdk::Result<Verdict> {
    let mut rng = trial.stream(&format!("verdict/{at}"));
    schedule.verdict(at, reward, &mut rng)
}

/// Controller and schedule. Their behaviour depends only on the seed and on the outcomes reported
/// to them.
pub(super) struct Strategy {
    controller: Box<dyn Controller>,
    schedule: Box<dyn RewardSchedule>,
    /// The lowest reward of an evaluated trial reported to the controller.
    worst: Option<f64>,
    on_failure: OnFailure,
    stages: usize,
    seed: Seed,
}

impl Strategy {
    /// The initial state of a search.
    pub(super) fn new(config: &Config, members: &Members) -> Result<Self> {
        let seed = Seed(config.run.seed);
        let schedule = members.schedule()?;
        Ok(Self {
            controller: members.controller(&mut seed.stream("controller/init"))?,
            stages: schedule.stages().len(),
            schedule,
            worst: None,
            on_failure: config.run.on_failure,
            seed,
        })
    }

    /// The saved state, after trials with these rewards.
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

    /// Draws the proposal for trial `id`.
    pub(super) fn propose(&mut self, id: u64) -> Result<Proposal> {
        let mut rng = trial_seed(self.seed, id).stream("propose");
        self.controller.propose(&mut rng).map_err(Error::broken)
    }

    /// Reports a trial's outcome to the schedule and then to the controller; returns the final
    /// reward, none for a failure.
    pub(super) fn learn(
        &mut self,
        proposal: Proposal,
        evaluation: &Evaluation,
    ) -> Result<Option<f64>> {
        let (reward, outcome) = match &evaluation.ending {
            Ending::Failed { reason } => (None, self.failure(proposal, reason)),
            Ending::Complete | Ending::Stopped { .. } => {
                let reward = self.reward(evaluation)?;
                (Some(reward), Outcome::Scored { proposal, reward })
            }
        };
        let mut rng = trial_seed(self.seed, evaluation.id).stream("observe");
        (self.controller.observe(&outcome, &mut rng)).map_err(Error::broken)?;
        self.worst = [self.worst, reward].into_iter().flatten().reduce(f64::min);
        Ok(reward)
    }

    /// Repeats to the schedule the questions that the trial's copy of it was asked, so that its
    /// memory grows in the order of the trials, and returns its reward. A failure is not an
    /// evaluation: the schedule does not hear of it.
    fn reward(&mut self, evaluation: &Evaluation) -> Result<f64> {
        let trial = trial_seed(self.seed, evaluation.id);
        let rewards = evaluation.stage_rewards.iter().enumerate();
        for (at, &reward) in rewards.take(self.stages - 1) {
            // The copy gave the verdict, in its state at the beginning of the round.
            verdict(&mut *self.schedule, trial, at, reward).map_err(Error::broken)?;
        }
        let (rewards, cost) = (&evaluation.stage_rewards, &evaluation.cost);
        let reward = (self.schedule.reward(rewards, cost)).map_err(Error::broken)?;
        if reward.is_finite() {
            Ok(reward)
        } else {
            // The database has no place for it, and a trial without a reward would be damage.
            let what = "the reward of the schedule";
            let wrong = nasfw_sdk::Error::invalid(what, reward.to_string(), "it must be finite");
            Err(Error::broken(wrong))
        }
    }

    /// The outcome of a failed trial, as reported to the controller.
    fn failure(&self, proposal: Proposal, reason: &str) -> Outcome {
        let instead = match self.on_failure {
            OnFailure::Skip => None,
            OnFailure::Worst => self.worst,
        };
        match instead {
            Some(reward) => Outcome::Scored { proposal, reward },
            None => Outcome::Failed {
                proposal,
                reason: reason.to_owned(),
            },
        }
    }

    /// The state needed to continue from here.
    pub(super) fn state(&self) -> Result<SearchState> {
        let controller = self.controller.save().map_err(Error::broken)?;
        Ok(SearchState {
            controller,
            schedule: self.schedule_state()?,
        })
    }

    /// The schedule's share of the state; the controller's can be large.
    pub(super) fn schedule_state(&self) -> Result<State> {
        self.schedule.save().map_err(Error::broken)
    }
}
