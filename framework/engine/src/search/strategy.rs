//! Decisions of a search: controller and schedule, updated in the order of the trials.

use nasfw_sdk::{
    Choices, Controller, IoChannels, Outcome, Proposal, RewardSchedule, Schema, Seed, State,
    Verdict,
};
use nasfw_surrogate::is_repeat;

use crate::config::{Config, OnFailure, RunConfig};
use crate::contenders::Contenders;
use crate::error::{Error, Result};
use crate::experiment::Members;
use crate::store::{Pending, SearchState};
use crate::trial::{Ending, Evaluation, Trial};

use super::evidence::Evidence;
use super::networks::Networks;

/// Draws of a proposal whose network was tried before; the last one is taken as it is.
const DRAWS: u64 = 100;

/// The source of the random streams of a trial's proposal and outcome; no two trials share one.
fn trial_seed(search: Seed, id: u64) -> Seed {
    search.child(&format!("trial/{id}"))
}

/// The course of a trial's evaluation: its random streams, and how far the schedule may stop it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    /// The source of initial weights, batches, augmentation and verdicts. The first evaluations of all
    /// networks share it, the second ones another, and so on. So networks are compared on the same
    /// draws, and an evaluation does not depend on the trials before it.
    pub(super) seed: Seed,
    /// True for an architecture that the search chose itself: it goes through all stages, to be
    /// compared with others that did.
    is_whole: bool,
}

impl Course {
    /// The course of trial `id`, whose network `repeat` earlier trials have tried.
    pub(super) fn of(run: &RunConfig, id: u64, repeat: u64) -> Self {
        let is_prior = id < run.prior.len() as u64;
        Self {
            seed: Seed(run.seed).child(&format!("evaluation/{repeat}")),
            is_whole: is_prior || (repeat > 0 && is_repeat(id, run.repeats)),
        }
    }

    /// The verdict after stage `at`. The schedule is asked in any case, as its present memory may grow.
    pub(super) fn verdict(
        self,
        schedule: &mut dyn RewardSchedule,
        at: usize,
        reward: f64,
    ) -> Result<Verdict> {
        let mut rng = self.seed.stream(&format!("verdict/{at}"));
        let verdict = schedule.verdict(at, reward, &mut rng);
        let verdict = verdict.map_err(Error::broken)?;
        Ok(if self.is_whole {
            Verdict::Continue
        } else {
            verdict
        })
    }
}

/// The architectures that a run tries first.
pub(super) fn prior(config: &Config, members: &Members) -> Result<Vec<Choices>> {
    let genotypes = config.run.prior.iter().enumerate();
    let parsed = genotypes.map(|(at, genotype)| {
        (members.space().parse(genotype)).map_err(|e| Error::Config {
            file: None,
            message: format!("run.prior[{at}]: {e}"),
        })
    });
    parsed.collect()
}

/// Controller and schedule. Their behaviour depends only on the seed and on the outcomes reported
/// to them.
pub(super) struct Strategy {
    controller: Box<dyn Controller>,
    schedule: Box<dyn RewardSchedule>,
    /// The lowest reward of an evaluated trial reported to the controller.
    worst: Option<f64>,
    networks: Networks,
    /// Architectures to try first.
    prior: Vec<Choices>,
    run: RunConfig,
    evidence: Evidence,
    schema: Schema,
    stages: usize,
    seed: Seed,
}

/// A proposal, and how often its network was tried before.
pub(super) struct Proposed {
    pub(super) proposal: Proposal,
    pub(super) repeat: u64,
}

impl Strategy {
    /// The initial state of a search.
    pub(super) fn new(config: &Config, members: &Members, io: IoChannels) -> Result<Self> {
        let seed = Seed(config.run.seed);
        let schedule = members.schedule()?;
        Ok(Self {
            controller: members.controller(&mut seed.stream("controller/init"))?,
            stages: schedule.stages().len(),
            schedule,
            worst: None,
            networks: Networks::new(members.clone(), io),
            prior: prior(config, members)?,
            run: config.run.clone(),
            evidence: Evidence::new(members.clone()),
            schema: members.space().schema().clone(),
            seed,
        })
    }

    /// The saved state, after these trials and with these proposals pending.
    pub(super) fn load(
        &mut self,
        state: &SearchState,
        finished: &[Trial],
        pending: &[Pending],
    ) -> Result<()> {
        self.controller.load(&state.controller)?;
        self.schedule.load(&state.schedule)?;
        self.worst = finished.iter().filter_map(|t| t.reward).reduce(f64::min);
        let trials = finished.iter().map(|trial| &trial.proposal);
        for proposal in trials.chain(pending.iter().map(|p| &p.proposal)) {
            let choices = proposal.checked(&self.schema)?.choices;
            self.networks.add(&choices);
        }
        for trial in finished {
            let choices = trial.proposal.checked(&self.schema)?.choices;
            self.networks.note(&choices, trial.reward);
        }
        self.evidence.add_all(finished)
    }

    /// The proposal for trial `id`: one of those to try first, one to evaluate again, or one of the
    /// controller's.
    pub(super) fn propose(&mut self, id: u64) -> Result<Proposed> {
        let first = usize::try_from(id).ok().and_then(|id| self.prior.get(id));
        let given = match first {
            Some(choices) => Some(choices.clone()),
            None if is_repeat(id, self.run.repeats) => {
                let networks = &mut self.networks;
                (self.evidence).to_repeat(|choices| networks.tried(choices).is_open())
            }
            None => None,
        };
        let proposed = match given {
            Some(choices) => self.given(choices)?,
            None => self.ask(id)?,
        };
        self.networks.add(&proposed.proposal.choices);
        Ok(proposed)
    }

    /// A proposal that the controller did not make. One with a policy learns from it as from a
    /// sample, so it gets the probability that it would have been sampled with.
    fn given(&mut self, choices: Choices) -> Result<Proposed> {
        let repeat = self.networks.tried(&choices).trials;
        let proposal = Proposal::given(&*self.controller, choices).map_err(Error::broken)?;
        Ok(Proposed { proposal, repeat })
    }

    /// Asks the controller for the proposal of trial `id`; where the run asks for distinct networks,
    /// again while the network was tried before. The controller learns at once what became of that.
    fn ask(&mut self, id: u64) -> Result<Proposed> {
        let mut proposed = self.draw(id, 0)?;
        let mut draw = 1;
        while self.run.distinct && proposed.repeat > 0 && draw < DRAWS {
            self.pass_over(id, draw, proposed.proposal)?;
            proposed = self.draw(id, draw)?;
            draw += 1;
        }
        Ok(proposed)
    }

    fn draw(&mut self, id: u64, draw: u64) -> Result<Proposed> {
        let trial = trial_seed(self.seed, id);
        let mut rng = match draw {
            0 => trial.stream("propose"),
            n => trial.stream(&format!("propose/{n}")),
        };
        let proposal = self.controller.propose(&mut rng).map_err(Error::broken)?;
        // Choices of another schema would only show once they are recorded.
        let choices = proposal.choices.to_vec();
        self.schema.choices(choices).map_err(|e| {
            Error::broken(nasfw_sdk::Error::Config {
                item: "the controller's proposal".into(),
                message: e.to_string(),
            })
        })?;
        let repeat = self.networks.tried(&proposal.choices).trials;
        Ok(Proposed { proposal, repeat })
    }

    /// Reports the outcome of a proposal whose network was tried before.
    fn pass_over(&mut self, id: u64, draw: u64, proposal: Proposal) -> Result<()> {
        let outcome = match self.networks.tried(&proposal.choices).reward {
            Some(reward) => Outcome::Scored { proposal, reward },
            None => self.failure(
                proposal,
                "an earlier trial of the same network has no reward",
            ),
        };
        let mut rng = trial_seed(self.seed, id).stream(&format!("pass-over/{draw}"));
        (self.controller.observe(&outcome, &mut rng)).map_err(Error::broken)
    }

    /// Reports a trial's outcome to the schedule and then to the controller; returns the final
    /// reward, none for a failure.
    pub(super) fn learn(
        &mut self,
        Proposed { proposal, repeat }: Proposed,
        evaluation: &Evaluation,
    ) -> Result<Option<f64>> {
        let reward = match &evaluation.ending {
            Ending::Failed { .. } => None,
            Ending::Complete | Ending::Stopped { .. } => Some(self.reward(repeat, evaluation)?),
        };
        self.networks.note(&proposal.choices, reward);
        if let (Ending::Complete, Some(reward)) = (&evaluation.ending, reward) {
            self.evidence.add(evaluation.id, &proposal.choices, reward);
        }
        let outcome = match reward {
            Some(reward) => Outcome::Scored { proposal, reward },
            None => self.failure(proposal, evaluation.ending.reason().unwrap_or_default()),
        };
        let mut rng = trial_seed(self.seed, evaluation.id).stream("observe");
        (self.controller.observe(&outcome, &mut rng)).map_err(Error::broken)?;
        self.worst = [self.worst, reward].into_iter().flatten().reduce(f64::min);
        Ok(reward)
    }

    /// Repeats to the schedule the questions that the trial's copy of it was asked, so that its
    /// memory grows in the order of the trials, and returns its reward. A failure is not an
    /// evaluation: the schedule does not hear of it.
    fn reward(&mut self, repeat: u64, evaluation: &Evaluation) -> Result<f64> {
        let course = Course::of(&self.run, evaluation.id, repeat);
        let rewards = evaluation.stage_rewards.iter().enumerate();
        for (at, &reward) in rewards.take(self.stages - 1) {
            // The copy gave the verdict, in its state at the beginning of the round.
            course.verdict(&mut *self.schedule, at, reward)?;
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
        let instead = match self.run.on_failure {
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

    /// The architectures that may be the best, of a run with `trials` finished.
    pub(super) fn contenders(&self, trials: u64) -> Option<Contenders> {
        self.evidence.contenders(trials)
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
