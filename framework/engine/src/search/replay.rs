//! A search decided again, from its seed and what judging showed.
//!
//! Nothing is trained: rewards of stages are those that are recorded. Everything else follows from them, and must
//! be what is recorded as well.

use nasfw_sdk::{Cost, IoChannels, Proposal, SearchSpace, Seed, Stage, State, Verdict};

use super::policy::{Policy, trial_seed, verdict};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::store::RunView;
use crate::trial::{Judged, Status, Trial};

/// How a replay went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replayed {
    /// Trials that were decided as recorded.
    pub trials: u64,
    /// Proposals of the round under way that were drawn as recorded.
    pub pending: u64,
    /// The first that was not.
    pub difference: Option<Difference>,
}

/// Where a record differs from what follows from the seed and the trials before.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The trial; none when all trials agree, and the state that was kept after them does not.
    pub trial: Option<u64>,
    /// What of it, and how.
    pub what: String,
}

/// Decides a run again. Libraries that it names are loaded.
///
/// # Errors
/// When the run cannot be read, or a member of it cannot be made or breaks off.
pub fn replay(view: &RunView) -> Result<Replayed> {
    let config = view.config()?;
    let (trials, pending, state) =
        view.at_one_moment(|view| Ok((view.trials()?, view.round()?.pending, view.state()?)))?;
    let mut replay = Replay::new(&config, view)?;
    let mut replayed = Replayed::default();
    let ends = trials.len() as u64;
    let all = ends + pending.len() as u64;
    for first in (0..all).step_by(usize::try_from(config.run.round).unwrap_or(usize::MAX)) {
        // The schedule by which this round was judged.
        let before = replay.policy.schedule_state()?;
        let round = first..(first + config.run.round).min(all);
        let mut proposals = Vec::new();
        for id in first..first + config.run.round {
            proposals.push(replay.policy.propose(id)?);
        }
        for (id, proposal) in round.clone().zip(&proposals) {
            let (choices, log_prob) = match trials.get(usize::try_from(id).unwrap_or(usize::MAX)) {
                Some(trial) => (&trial.choices, trial.log_prob),
                None => {
                    let pending = &pending[usize::try_from(id - ends).unwrap_or(0)];
                    (&pending.choices, pending.log_prob)
                }
            };
            if let Some(what) = other_proposal(proposal, choices, log_prob) {
                replayed.difference = Some(Difference {
                    trial: Some(id),
                    what,
                });
                return Ok(replayed);
            }
            if id >= ends {
                replayed.pending += 1;
            }
        }
        for (id, proposal) in round.zip(proposals) {
            let Some(trial) = trials.get(usize::try_from(id).unwrap_or(usize::MAX)) else {
                break;
            };
            if let Some(what) = replay.trial(trial, proposal, &before)? {
                let trial = Some(id);
                replayed.difference = Some(Difference { trial, what });
                return Ok(replayed);
            }
            replayed.trials += 1;
        }
    }
    if let Some(stored) = state
        && stored != replay.policy.state()?
    {
        replayed.difference = Some(Difference {
            trial: None,
            what: "the state to continue from is not that after the last trial".into(),
        });
    }
    Ok(replayed)
}

struct Replay<'a> {
    config: &'a Config,
    space: Box<dyn SearchSpace>,
    stages: Vec<Stage>,
    io: IoChannels,
    policy: Policy,
}

impl<'a> Replay<'a> {
    fn new(config: &'a Config, view: &RunView) -> Result<Self> {
        let space = config.make_space()?;
        // A run that ended before its first trial need not know it.
        let outputs = match view.finished()? {
            0 => 1,
            _ => view.outputs()?,
        };
        Ok(Self {
            config,
            policy: Policy::new(config, space.schema())?,
            stages: config.make_schedule()?.stages().to_vec(),
            io: IoChannels::rgb(outputs as usize),
            space,
        })
    }

    /// What of a trial does not follow.
    fn trial(
        &mut self,
        trial: &Trial,
        proposal: Proposal,
        before: &State,
    ) -> Result<Option<String>> {
        let genotype = match self.space.genotype(&proposal.choices) {
            Ok(genotype) if genotype != trial.genotype => {
                return Ok(Some(format!(
                    "the genotype {genotype} instead of {}",
                    trial.genotype
                )));
            }
            // A library may break off in one process and not in another: no difference.
            _ => trial.genotype.clone(),
        };
        let cost = match trial.status {
            // It may have failed for having none.
            Status::Failed => Cost::default(),
            _ => self.cost(&proposal)?,
        };
        if trial.status != Status::Failed && (cost.params, cost.macs) != (trial.params, trial.macs)
        {
            return Ok(Some(format!(
                "{} parameters and {} multiply-adds instead of {} and {}",
                cost.params, cost.macs, trial.params, trial.macs
            )));
        }
        if let Some(what) = self.other_verdict(trial, before)? {
            return Ok(Some(what));
        }
        let reward = self
            .policy
            .learn(proposal, &judged(trial, genotype, cost))?;
        if reward != trial.reward {
            let text = |reward: Option<f64>| reward.map_or("none".into(), |r| r.to_string());
            return Ok(Some(format!(
                "the reward {} instead of {}",
                text(reward),
                text(trial.reward)
            )));
        }
        Ok(None)
    }

    fn cost(&self, proposal: &Proposal) -> Result<Cost> {
        let graph = self.space.decode(&proposal.choices, &self.io)?;
        let crop = self.stages.last().map_or(1, |s| s.crop_px);
        Ok(graph.cost((crop, crop)))
    }

    /// Whether a copy of the schedule, as of the beginning of the round, would have let the trial go another way.
    fn other_verdict(&self, trial: &Trial, before: &State) -> Result<Option<String>> {
        let mut schedule = self.config.make_schedule()?;
        schedule.load(before).map_err(Error::broken)?;
        let seed = trial_seed(Seed(self.config.run.seed), trial.id);
        let (last, gone) = (self.stages.len() - 1, trial.stage_rewards.len());
        if gone > self.stages.len() {
            return Ok(Some(format!("{gone} stages instead of {}", last + 1)));
        }
        for (at, &reward) in trial.stage_rewards.iter().enumerate().take(last) {
            let said = verdict(&mut *schedule, seed, at, reward).map_err(Error::broken)?;
            let went_on = match trial.status {
                Status::Complete => true,
                Status::Stopped => at + 1 < gone,
                // What failed may have failed before the verdict, or after it.
                Status::Failed if at + 1 == gone => continue,
                Status::Failed => true,
            };
            if (said == Verdict::Continue) != went_on {
                let (is, was) = match went_on {
                    true => ("ends", "went on"),
                    false => ("goes on", "was ended"),
                };
                return Ok(Some(format!("it {is} after stage {at}, and {was}")));
            }
        }
        match trial.status {
            Status::Complete if gone <= last => Ok(Some(format!(
                "it is complete after {gone} of {} stages",
                last + 1
            ))),
            Status::Stopped if gone > last => {
                Ok(Some("it was stopped, and went through all stages".into()))
            }
            _ => Ok(None),
        }
    }
}

/// What a trial's judging showed, of its record.
fn judged(trial: &Trial, genotype: String, cost: Cost) -> Judged {
    let reason = |status| trial.reason.clone().filter(|_| trial.status == status);
    Judged {
        id: trial.id,
        genotype,
        cost,
        stage_rewards: trial.stage_rewards.clone(),
        metrics: trial.metrics.clone(),
        stopped: reason(Status::Stopped),
        failed: match trial.status {
            Status::Failed => Some(trial.reason.clone().unwrap_or_default()),
            _ => None,
        },
        seconds: trial.seconds,
    }
}

fn other_proposal(proposal: &Proposal, choices: &[usize], log_prob: Option<f64>) -> Option<String> {
    if proposal.choices.to_vec() != choices {
        return Some(format!(
            "the controller proposes {:?}, and {choices:?} was tried",
            proposal.choices.to_vec()
        ));
    }
    // An earlier program recorded one for controllers that state none today.
    if let Some(now) = proposal.log_prob
        && proposal.log_prob != log_prob
    {
        let recorded = log_prob.map_or("none".into(), |it| it.to_string());
        return Some(format!(
            "proposed with the log-probability {now}, and {recorded} is recorded"
        ));
    }
    None
}
