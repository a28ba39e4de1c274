//! The loop over trials.

use std::time::Instant;

use nasfw_sdk::graph::Graph;
use nasfw_sdk::{
    Controller, Cost, Metrics, Outcome, Proposal, RewardSchedule, Source, Stage, Verdict,
};

use super::baseline::constant_reward;
use super::candidate::{Candidate, StageData};
use super::clock::{Clock, Work};
use super::setup::Setup;
use super::{Summary, features, is_better, warmup};
use crate::error::{Error, Result};
use crate::network::kernels::Kernels;
use crate::network::{Network, Weights};
use crate::plugins;
use crate::progress::{Event, Observer};
use crate::store::{Run, SearchState};
use crate::train::{PreparedSet, Tick};
use crate::trial::{Status, Trial};

/// Name of the artifact with the weights of the warmed-up network, encoder and plain decoder.
pub const WARM_WEIGHTS: &str = "warmup.safetensors";

/// A search under way.
pub(super) struct Session<K: Kernels> {
    kernels: K,
    setup: Setup,
    run: Run,
    controller: Box<dyn Controller>,
    schedule: Box<dyn RewardSchedule>,
    next: u64,
    best: Option<Trial>,
    clock: Clock,
}

impl<K: Kernels> Session<K> {
    /// Starts a fresh run or picks a stored one up where it stands.
    pub(super) fn new(kernels: K, setup: Setup, run: Run, clock: Clock) -> Result<Self> {
        let mut rng = setup.seed.stream("controller/init");
        let mut controller = setup
            .config
            .make_controller(setup.space.schema(), &mut rng)?;
        let mut schedule = setup.config.make_schedule()?;
        if let Some(state) = run.state()? {
            controller.load(&state.controller)?;
            schedule.load(&state.schedule)?;
        }
        let trials = run.trials()?;
        let best = super::best(&trials).cloned();
        Ok(Self {
            kernels,
            setup,
            run,
            controller,
            schedule,
            next: trials.len() as u64,
            best,
            clock,
        })
    }

    /// Runs until all trials are done or the observer asks to stop.
    pub(super) fn go(mut self, observer: &mut dyn Observer) -> Result<Summary> {
        let wanted = self.setup.config.run.trials;
        let (run, finished) = (self.run.folder(), self.next);
        observer.on(&Event::Started {
            run,
            trials: wanted,
            finished,
        });
        let mut constant = None;
        let result = self
            .prepare(observer)
            .and_then(|(encoder, stages, reward)| {
                constant = Some(reward);
                self.run.note_constant_reward(reward)?;
                pass_notes_on(observer);
                while self.next < wanted {
                    self.trial(&encoder, &stages, observer)?;
                    pass_notes_on(observer);
                }
                Ok(())
            });
        pass_notes_on(observer);
        let is_stopped = match result {
            Ok(()) => false,
            Err(Error::Stopped) => true,
            Err(e) => return Err(e),
        };
        let spent = self.clock.spent();
        let by_name: Vec<(String, f64)> = (spent.iter())
            .map(|(work, secs)| (work.to_string(), *secs))
            .collect();
        self.run.add_spent(&by_name)?;
        Ok(Summary {
            run: self.run.folder().to_owned(),
            best: self.best,
            finished: self.next,
            constant_reward: constant,
            is_stopped,
            spent,
        })
    }

    /// Encoder weights, what each stage is judged on, and the constant answer's reward.
    fn prepare(&mut self, observer: &mut dyn Observer) -> Result<(Weights, Vec<StageData>, f64)> {
        let stored = self.run.artifact(WARM_WEIGHTS)?;
        let warm: Option<Network<K>> = match stored {
            Some(bytes) => {
                let weights = Weights::from_safetensors(&bytes)?;
                warmup::restore(&self.kernels, &self.setup, &weights)?
            }
            None => {
                let (kernels, setup, clock) = (&self.kernels, &self.setup, &self.clock);
                let warm = clock.time(Work::WarmUp, || {
                    warmup::warm_up(kernels, setup, clock, observer)
                })?;
                if let Some(warm) = &warm {
                    let bytes = warm.parameters().weights().to_safetensors()?;
                    self.run.write_artifact(WARM_WEIGHTS, &bytes)?;
                }
                warm
            }
        };
        let setup = &self.setup;
        let mut stages = Vec::new();
        for stage in &setup.stages {
            stages.push(match stage.source {
                Source::Features => {
                    let (warm, kernels) = (warm.as_ref(), &self.kernels);
                    StageData::Features(self.clock.time(Work::Features, || {
                        features::compute(setup, stage, warm, kernels, observer)
                    })?)
                }
                Source::Images => StageData::Images(self.validation_crops(stage)?),
            });
        }
        let encoder = match (&warm, &setup.encoder) {
            (Some(warm), Some(graph)) => warm.parameters().weights().of_nodes(graph),
            _ => Weights::default(),
        };
        let last = &setup.stages[setup.stages.len() - 1];
        let constant = match stages.last() {
            Some(StageData::Images(crops)) => constant_reward(setup, crops, last.crop_px)?,
            _ => constant_reward(setup, &self.validation_crops(last)?, last.crop_px)?,
        };
        Ok((encoder, stages, constant))
    }

    fn validation_crops(&self, stage: &Stage) -> Result<PreparedSet> {
        let setup = &self.setup;
        let transform = setup.stage_transform(stage);
        let (set, info) = (&*setup.source.train, &setup.source.info);
        self.clock.time(Work::Data, || {
            PreparedSet::new(set, &setup.meta_val, info, &transform, setup.ignore())
        })
    }

    /// Proposes, judges, tells and stores one architecture.
    fn trial(
        &mut self,
        encoder: &Weights,
        data: &[StageData],
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let id = self.next;
        let seed = self.setup.seed.child(&format!("trial/{id}"));
        let controller = &mut self.controller;
        let proposal = (self.clock).time(Work::Controller, || {
            controller.propose(&mut seed.stream("propose"))
        });
        self.controller.fault().map_err(Error::broken)?;
        let genotype = self.setup.space.genotype(&proposal.choices);
        let is_named = self.setup.space.fault();
        observer.on(&Event::TrialStarted {
            id,
            genotype: &genotype,
        });
        let start = Instant::now();
        let mut trial = Self::blank(id, &proposal, genotype);
        let mut judged = Judged::default();
        let mut cost = Cost::default();
        let schedule_before = self.schedule.save();
        self.schedule.fault().map_err(Error::broken)?;
        let result = is_named
            .and_then(|()| self.setup.space.decode(&proposal.choices, &self.setup.io))
            .map_err(Error::from)
            .and_then(|graph| {
                self.setup.check_encoder(&graph)?;
                let crop = self.setup.stages.last().map_or(1, |s| s.crop_px);
                cost = graph.cost((crop, crop));
                (trial.params, trial.macs) = (cost.params, cost.macs);
                self.judge(graph, id, encoder, data, &mut judged, observer)
            });
        // The next architecture's maps have other sizes. A device that cannot do that much is lost, and
        // no trial failed because of its architecture.
        self.kernels.release()?;
        match result {
            Ok(()) => {
                let went_through = judged.why_stopped.is_none();
                trial.status = if went_through {
                    Status::Complete
                } else {
                    Status::Stopped
                };
            }
            Err(e @ (Error::Training(_) | Error::Device(_) | Error::Contract(_))) => {
                // What failed later was no evaluation: the schedule forgets its first reward.
                let restored = self.schedule.load(&schedule_before);
                restored.map_err(Error::broken)?;
                trial.reason = Some(e.to_string());
            }
            Err(e) => return Err(e),
        }
        let outcome = match trial.reason.clone() {
            Some(reason) => Outcome::Failed { proposal, reason },
            None => {
                let reward = self.schedule.reward(&judged.rewards, &cost);
                self.schedule.fault().map_err(Error::broken)?;
                trial.reward = Some(reward);
                Outcome::Scored { proposal, reward }
            }
        };
        trial.reason = trial.reason.or(judged.why_stopped);
        trial.stage_rewards = judged.rewards;
        trial.metrics = judged.metrics;
        trial.seconds = start.elapsed().as_secs_f64();
        let controller = &mut self.controller;
        self.clock.time(Work::Controller, || {
            controller.observe(&outcome, &mut seed.stream("observe"));
        });
        self.controller.fault().map_err(Error::broken)?;
        let state = SearchState {
            controller: self.controller.save(),
            schedule: self.schedule.save(),
        };
        self.controller.fault().map_err(Error::broken)?;
        self.schedule.fault().map_err(Error::broken)?;
        let run = &mut self.run;
        (self.clock).time(Work::Store, || run.append(&trial, &state))?;
        self.next += 1;
        let is_best = is_better(&trial, self.best.as_ref());
        observer.on(&Event::TrialFinished {
            trial: &trial,
            is_best,
        });
        if is_best {
            self.best = Some(trial);
        }
        Ok(())
    }

    /// A trial about which nothing is known yet.
    fn blank(id: u64, proposal: &Proposal, genotype: String) -> Trial {
        Trial {
            id,
            genotype,
            choices: proposal.choices.to_vec(),
            log_prob: proposal.log_prob,
            status: Status::Failed,
            stage_rewards: Vec::new(),
            reward: None,
            metrics: Metrics::default(),
            params: 0,
            macs: 0,
            seconds: 0.0,
            reason: None,
        }
    }

    /// Takes one architecture through the stages; `judged` keeps what was reached on a failure.
    fn judge(
        &mut self,
        graph: Graph,
        id: u64,
        encoder: &Weights,
        data: &[StageData],
        judged: &mut Judged,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        let seed = self.setup.seed.child(&format!("trial/{id}"));
        let mut candidate = Candidate {
            setup: &self.setup,
            clock: &self.clock,
            kernels: &self.kernels,
            encoder,
            graph,
            seed,
            weights: Weights::default(),
        };
        candidate.check_memory()?;
        let last = data.len() - 1;
        for (at, (stage, data)) in self.setup.stages.iter().zip(data).enumerate() {
            let mut tick = |tick: Tick| {
                if tick.done == 1 {
                    let name = format!("trial {id}, stage {at}");
                    observer.on(&Event::Phase {
                        name: &name,
                        steps: tick.steps,
                    });
                }
                let note = format!("loss {:.3}", tick.loss);
                observer.on(&Event::Step {
                    done: tick.done,
                    note: &note,
                });
                match observer.should_stop() {
                    true => Err(Error::Stopped),
                    false => Ok(()),
                }
            };
            let (metrics, reward) =
                (self.kernels).guard(|| candidate.stage(at, stage, data, &mut tick))?;
            observer.on(&Event::PhaseDone);
            judged.metrics = metrics;
            judged.rewards.push(reward);
            let mut rng = seed.stream(&format!("verdict/{at}"));
            if at == last {
                break;
            }
            let verdict = self.schedule.verdict(at, reward, &mut rng);
            self.schedule.fault().map_err(Error::broken)?;
            if verdict == Verdict::Stop {
                judged.why_stopped = Some(format!("reward {reward:.4} after stage {at}"));
                break;
            }
        }
        Ok(())
    }
}

/// Tells the observer what libraries had to say.
fn pass_notes_on(observer: &mut dyn Observer) {
    for text in plugins::take_notes() {
        observer.on(&Event::Note { text: &text });
    }
}

/// What an architecture has shown so far.
#[derive(Debug, Default)]
struct Judged {
    rewards: Vec<f64>,
    metrics: Metrics,
    why_stopped: Option<String>,
}
