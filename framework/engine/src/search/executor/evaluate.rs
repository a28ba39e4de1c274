//! Evaluation of one architecture: decoding, the stages in order, verdicts, failures.

use std::time::Instant;

use nasfw_sdk::graph::Graph;
use nasfw_sdk::{Choices, RewardSchedule, Size, Verdict};

use super::Job;
use crate::error::{Error, Result};
use crate::progress::{Event, Observer};
use crate::search::candidate::Candidate;
use crate::search::clock::Clock;
use crate::search::prepare::EvaluationInputs;
use crate::search::strategy::Course;
use crate::trial::{Ending, Evaluation};
use nasfw_network::fit::StepReport;
use nasfw_network::kernels::Kernels;
use nasfw_network::{Error as Network, Weights};

impl<K: Kernels> EvaluationInputs<'_, K> {
    /// Evaluates one architecture. Partial results go to `so_far` as they arrive, so that they are
    /// not lost with the process.
    ///
    /// # Errors
    /// Errors that end a search: a stop, unreadable data, a failing schedule. A failing
    /// architecture is a value.
    pub(super) fn evaluate(
        &self,
        job: &Job,
        clock: &Clock,
        so_far: &mut dyn FnMut(&Evaluation) -> Result<()>,
        observer: &mut dyn Observer,
    ) -> Result<Evaluation> {
        let start = Instant::now();
        let mut evaluation = Evaluation::begun(job.id);
        let mut schedule = self.setup.members.schedule()?;
        schedule.load(&job.schedule).map_err(Error::broken)?;
        let result = self
            .announce(job, &mut evaluation, observer)
            .and_then(|choices| {
                so_far(&evaluation)?;
                self.build(&choices, &mut evaluation)
            })
            .and_then(|graph| {
                so_far(&evaluation)?;
                let mut stages = StageRunner {
                    inputs: self,
                    clock,
                    schedule: &mut *schedule,
                    so_far,
                    observer,
                };
                stages.run_stages(graph, job.repeat, &mut evaluation)
            });
        // The next architecture's maps have other sizes. If the device cannot even do this it is
        // lost, and the architecture is not to blame.
        self.kernels.release()?;
        evaluation.ending = match result {
            Ok(ending) => ending,
            Err(
                e @ (Error::Training(_) | Error::Network(Network::Device(_)) | Error::Contract(_)),
            ) => {
                // It failed in the middle of a phase, or outside of any.
                observer.on(&Event::PhaseDone);
                Ending::Failed {
                    reason: e.to_string(),
                }
            }
            Err(e) => return Err(e),
        };
        evaluation.seconds = start.elapsed().as_secs_f64();
        Ok(evaluation)
    }

    /// Checks the choices, and announces the trial with its genotype.
    fn announce(
        &self,
        job: &Job,
        evaluation: &mut Evaluation,
        observer: &mut dyn Observer,
    ) -> Result<Choices> {
        let space = self.setup.space();
        let choices = space.schema().choices(job.choices.clone())?;
        let genotype = space.genotype(&choices);
        evaluation.genotype = genotype.clone().unwrap_or_default();
        observer.on(&Event::TrialStarted {
            id: job.id,
            genotype: &evaluation.genotype,
        });
        genotype?;
        Ok(choices)
    }

    /// Decodes the choices, and records the cost.
    fn build(&self, choices: &Choices, evaluation: &mut Evaluation) -> Result<Graph> {
        let graph = self.setup.space().decode(choices, &self.setup.io)?;
        self.setup.check_encoder(&graph)?;
        let crop = self.setup.stages.last().map_or(1, |s| s.crop_px);
        evaluation.cost = graph.cost(Size::square(crop));
        Ok(graph)
    }
}

/// Runs the stages of one evaluation.
struct StageRunner<'a, 'p, K: Kernels> {
    inputs: &'a EvaluationInputs<'p, K>,
    clock: &'a Clock,
    schedule: &'a mut dyn RewardSchedule,
    so_far: &'a mut dyn FnMut(&Evaluation) -> Result<()>,
    observer: &'a mut dyn Observer,
}

impl<K: Kernels> StageRunner<'_, '_, K> {
    fn run_stages(
        &mut self,
        graph: Graph,
        repeat: u64,
        evaluation: &mut Evaluation,
    ) -> Result<Ending> {
        let (setup, id) = (self.inputs.setup, evaluation.id);
        let course = Course::of(&setup.config.run, id, repeat);
        let mut candidate = Candidate {
            setup,
            clock: self.clock,
            kernels: &self.inputs.kernels,
            encoder: &self.inputs.encoder,
            graph,
            seed: course.seed,
            weights: Weights::default(),
            paused: None,
        };
        candidate.check_memory()?;
        let stages = &self.inputs.stages;
        for (at, data) in stages.iter().enumerate() {
            let observer = &mut *self.observer;
            let mut tick = |tick: StepReport| {
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
                if observer.should_stop() {
                    Err(Error::Stopped)
                } else {
                    Ok(())
                }
            };
            let (metrics, reward) = {
                let kernels = &self.inputs.kernels;
                kernels.guard(|| candidate.stage(at, data, &mut tick))?
            };
            self.observer.on(&Event::PhaseDone);
            evaluation.metrics = metrics;
            if !reward.is_finite() {
                let message = format!("the reward {reward} after stage {at} is not finite");
                return Err(Error::Training(message));
            }
            evaluation.stage_rewards.push(reward);
            if at + 1 == stages.len() {
                break;
            }
            (self.so_far)(evaluation)?;
            if course.verdict(self.schedule, at, reward)? == Verdict::Stop {
                return Ok(Ending::Stopped {
                    reason: format!("reward {reward:.4} after stage {at}"),
                });
            }
        }
        Ok(Ending::Complete)
    }
}
