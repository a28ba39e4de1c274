//! Recomputes a run's decisions from its seed and its recorded evaluations.
//!
//! Nothing is trained: the recorded stage rewards are taken as they are. Everything else follows
//! from them, and must match the record.

use nasfw_sdk::{Choices, Cost, IoChannels, Size, Stage, State, Verdict};

use super::strategy::{Course, Proposed, Strategy};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::experiment::{GivenMembers, Members};
use crate::store::RunView;
use crate::trial::{RecordedProposal, Status, Trial};

/// The result of a replay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replayed {
    /// Trials whose decisions match the record.
    pub trials: u64,
    /// Proposals of the current round that match the record.
    pub pending: u64,
    /// The first difference, if any.
    pub difference: Option<Difference>,
}

/// A difference between the record and what follows from the seed and the trials before.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The trial; none when all trials agree but the final state does not.
    pub trial: Option<u64>,
    /// The field that differs, and how.
    pub what: String,
}

/// Recomputes the decisions of a run. Libraries that it names are loaded.
///
/// # Errors
/// When the run cannot be read, or one of its members cannot be made or fails.
pub fn replay(view: &RunView, members: &GivenMembers) -> Result<Replayed> {
    let config = view.config()?;
    let members = members.complete(&config)?;
    let (trials, pending, state, contenders) = view.at_one_moment(|view| {
        let pending = view.round()?.pending;
        Ok((view.trials()?, pending, view.state()?, view.contenders()?))
    })?;
    let mut replay = Replay::new(&config, members, view)?;
    let mut replayed = Replayed::default();
    let ends = trials.len() as u64;
    let all = ends + pending.len() as u64;
    for first in (0..all).step_by(usize::try_from(config.run.round).unwrap_or(usize::MAX)) {
        // The schedule that this round was evaluated with.
        let before = replay.strategy.schedule_state()?;
        let round = first..(first + config.run.round).min(all);
        let mut proposals = Vec::new();
        for id in first..first + config.run.round {
            proposals.push(replay.strategy.propose(id)?);
        }
        for (id, proposed) in round.clone().zip(&proposals) {
            let recorded = match trials.get(usize::try_from(id).unwrap_or(usize::MAX)) {
                Some(trial) => &trial.proposal,
                None => &pending[usize::try_from(id - ends).unwrap_or(0)].proposal,
            };
            if let Some(what) = other_proposal(proposed, recorded) {
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
        for (id, proposed) in round.zip(proposals) {
            let Some(trial) = trials.get(usize::try_from(id).unwrap_or(usize::MAX)) else {
                break;
            };
            if let Some(what) = replay.trial(trial, proposed, &before)? {
                let trial = Some(id);
                replayed.difference = Some(Difference { trial, what });
                return Ok(replayed);
            }
            replayed.trials += 1;
        }
    }
    if let Some(stored) = state
        && stored != replay.strategy.state()?
    {
        replayed.difference = Some(Difference {
            trial: None,
            what: "the stored state is not the state after the last trial".into(),
        });
    }
    if let Some(stored) = contenders
        && Some(&stored) != replay.strategy.contenders(ends).as_ref()
    {
        replayed.difference = Some(Difference {
            trial: None,
            what: "the contenders recorded are not those that follow from the trials".into(),
        });
    }
    Ok(replayed)
}

struct Replay<'a> {
    config: &'a Config,
    members: Members,
    stages: Vec<Stage>,
    io: IoChannels,
    strategy: Strategy,
}

impl<'a> Replay<'a> {
    fn new(config: &'a Config, members: Members, view: &RunView) -> Result<Self> {
        // Unknown in a run that ended before its first trial, and not needed.
        let outputs = match view.finished()? {
            0 => 1,
            _ => view.outputs()?,
        };
        let io = IoChannels::rgb(outputs as usize);
        Ok(Self {
            config,
            strategy: Strategy::new(config, &members, io)?,
            stages: members.schedule()?.stages().to_vec(),
            io,
            members,
        })
    }

    /// The first part of a trial that does not follow.
    fn trial(
        &mut self,
        trial: &Trial,
        proposed: Proposed,
        before: &State,
    ) -> Result<Option<String>> {
        let choices = self.members.canonical(&proposed.proposal.choices);
        match self.members.space().genotype(&choices) {
            Ok(genotype) if genotype != trial.genotype() => {
                return Ok(Some(format!(
                    "the genotype is {genotype}, expected {}",
                    trial.genotype()
                )));
            }
            // A library may fail in one process and not in another: that is no difference.
            _ => {}
        }
        // That it could not be decoded may be the reason of a failure.
        if trial.status() != Status::Failed {
            let cost = self.cost(&choices)?;
            if let Some(what) = other_cost(&cost, &trial.evaluation.cost) {
                return Ok(Some(what));
            }
        }
        if let Some(what) = self.other_verdict(trial, before)? {
            return Ok(Some(what));
        }
        let reward = self.strategy.learn(proposed, &trial.evaluation)?;
        if reward != trial.reward {
            let text = |reward: Option<f64>| reward.map_or("none".into(), |r| r.to_string());
            return Ok(Some(format!(
                "the reward is {}, expected {}",
                text(reward),
                text(trial.reward)
            )));
        }
        Ok(None)
    }

    fn cost(&self, choices: &Choices) -> Result<Cost> {
        let graph = self.members.space().decode(choices, &self.io)?;
        let crop = self.stages.last().map_or(1, |s| s.crop_px);
        Ok(graph.cost(Size::square(crop)))
    }

    /// Compares the schedule's verdicts, taken from its state at the beginning of the round, with
    /// the trial's recorded course.
    fn other_verdict(&self, trial: &Trial, before: &State) -> Result<Option<String>> {
        let mut schedule = self.members.schedule()?;
        schedule.load(before).map_err(Error::broken)?;
        let course = Course::of(&self.config.run, trial.id(), trial.proposal.repeat);
        let stage_rewards = &trial.evaluation.stage_rewards;
        let (last, gone) = (self.stages.len() - 1, stage_rewards.len());
        if gone > self.stages.len() {
            return Ok(Some(format!(
                "{gone} stages, expected at most {}",
                last + 1
            )));
        }
        for (at, &reward) in stage_rewards.iter().enumerate().take(last) {
            let goes_on = course.verdict(&mut *schedule, at, reward)? == Verdict::Continue;
            let continued = match trial.status() {
                Status::Complete => true,
                Status::Stopped => at + 1 < gone,
                // A failed trial may have failed before the verdict, or after it.
                Status::Failed if at + 1 == gone => continue,
                Status::Failed => true,
            };
            if goes_on != continued {
                let (is, was) = if continued {
                    ("stops", "continued")
                } else {
                    ("continues", "was stopped")
                };
                return Ok(Some(format!(
                    "the schedule {is} after stage {at}, but the trial {was}"
                )));
            }
        }
        match trial.status() {
            Status::Complete if gone <= last => Ok(Some(format!(
                "it is recorded as complete after {gone} of {} stages",
                last + 1
            ))),
            Status::Stopped if gone > last => Ok(Some(
                "it is recorded as stopped, but completed all stages".into(),
            )),
            _ => Ok(None),
        }
    }
}

fn other_cost(cost: &Cost, recorded: &Cost) -> Option<String> {
    if (cost.params, cost.macs) != (recorded.params, recorded.macs) {
        return Some(format!(
            "{} parameters and {} multiply-adds, expected {} and {}",
            cost.params, cost.macs, recorded.params, recorded.macs
        ));
    }
    (cost != recorded).then(|| format!("the cost is {cost:?}, expected {recorded:?}"))
}

fn other_proposal(proposed: &Proposed, recorded: &RecordedProposal) -> Option<String> {
    let Proposed { proposal, repeat } = proposed;
    if proposal.choices[..] != recorded.choices[..] {
        return Some(format!(
            "the controller proposes {:?}, but {:?} is recorded",
            proposal.choices.to_vec(),
            recorded.choices
        ));
    }
    // An earlier program recorded one for controllers that state none today.
    if let Some(now) = proposal.log_prob
        && proposal.log_prob != recorded.log_prob
    {
        let recorded = (recorded.log_prob).map_or("none".into(), |it| it.to_string());
        return Some(format!(
            "proposed with log-probability {now}, but {recorded} is recorded"
        ));
    }
    if *repeat != recorded.repeat {
        return Some(format!(
            "{repeat} earlier trials have the same network, but {} are recorded",
            recorded.repeat
        ));
    }
    None
}
