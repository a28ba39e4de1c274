//! A candidate: one architecture, trained and validated in one stage after another.

use nasfw_data::Transform;
use nasfw_sdk::graph::Graph;
use nasfw_sdk::{Metrics, Seed, Size, Stage, StageEpochs, StageInput};

use super::clock::{Clock, Timed, Work};
use super::features::StageFeatures;
use crate::error::{Error, Result};
use crate::experiment::Setup;
use nasfw_network::fit::{
    Batches, Fit, ImageSet, Objective, Optimisers, Paused, PreparedSet, Rates, StepReport, Steps,
    StoredBatches, TrainState, evaluate, fit_on,
};
use nasfw_network::kernels::Kernels;
use nasfw_network::{Network, Weights};

/// The data of a stage, computed once for all candidates.
pub(super) enum StageData {
    Features(StageFeatures),
    Images(PreparedSet),
}

/// An architecture under evaluation, with its weights so far.
pub(super) struct Candidate<'a, K: Kernels> {
    pub(super) setup: &'a Setup,
    pub(super) clock: &'a Clock,
    pub(super) kernels: &'a K,
    /// The weights that every candidate's encoder starts from.
    pub(super) encoder: &'a Weights,
    pub(super) graph: Graph,
    /// The source of this trial's random streams.
    pub(super) seed: Seed,
    /// The state at the end of the last training.
    pub(super) weights: Weights,
    /// The training of the last stage, if the next one continues it.
    pub(super) paused: Option<Training<K>>,
}

/// A training in stages, between two of them.
pub(super) struct Training<K: Kernels> {
    network: Network<K>,
    optimisers: Optimisers<K>,
    rest: Paused<K>,
}

impl<K: Kernels> Candidate<'_, K> {
    /// Trains and validates stage `at`; returns metrics and reward.
    pub(super) fn stage(
        &mut self,
        at: usize,
        data: &StageData,
        tick: &mut dyn FnMut(StepReport) -> Result<()>,
    ) -> Result<(Metrics, f64)> {
        let setup = self.setup;
        let stage = &setup.stages[at];
        let training = match self.paused.take() {
            Some(paused) if stage.continues => paused,
            _ => self.begin(stage)?,
        };
        let training = self.train(training, at, data, tick)?;
        let network = &training.network;
        let metrics = self
            .clock
            .time(Work::Validation, || self.evaluate(network, stage, data))?;
        if setup.stages.get(at + 1).is_some_and(|next| next.continues) {
            self.paused = Some(training);
        } else {
            self.weights = network.parameters().weights();
        }
        let reward = setup.task().reward(&metrics)?;
        Ok((metrics, reward))
    }

    /// A training of the stage's network, before its first step.
    fn begin(&self, stage: &Stage) -> Result<Training<K>> {
        let graph = self.trained_graph(stage)?;
        // Initial weights come from the same stream in every stage, so that a part that an earlier
        // stage lacked starts as it would have alone.
        let mut rng = self.seed.stream("init");
        let mut network = Network::new(self.kernels.clone(), &graph, &mut rng)?;
        network.parameters_mut().load(self.encoder)?;
        network.parameters_mut().load(&self.weights)?;
        let optimisers = Optimisers::new(&network, stage.encoder, stage.decoder, stage.clip_norm)?;
        let rest = Paused::start(&network, stage.polyak);
        Ok(Training {
            network,
            optimisers,
            rest,
        })
    }

    /// Trains through the epochs of stage `at`.
    fn train(
        &self,
        training: Training<K>,
        at: usize,
        data: &StageData,
        tick: &mut dyn FnMut(StepReport) -> Result<()>,
    ) -> Result<Training<K>> {
        let Training {
            mut network,
            mut optimisers,
            rest,
        } = training;
        let stage = &self.setup.stages[at];
        let StageEpochs {
            begun_by,
            from,
            until,
            all,
        } = self.epochs(at)?;
        // One stream for all stages of a training, so that batches are those of one stage.
        let seed = self.seed.child(&format!("stage{begun_by}"));
        let how = Fit {
            epochs: all,
            until,
            rates: Rates::Decay(stage.decay),
            objective: Objective {
                loss: self.setup.task().loss(),
                custom: Some(self.setup.task()),
                auxiliary: stage.auxiliary as f32,
                distillation: stage.distillation as f32,
                targets: stage.targets,
                crop_px: stage.crop_px,
            },
            polyak: stage.polyak,
        };
        let transform = Transform::new(stage.shorter_side_px, stage.crop_px);
        let (images, samples);
        let stored;
        let batches: &dyn Batches = match data {
            StageData::Features(features) => {
                stored = StoredBatches {
                    set: &features.train,
                    batch: stage.batch,
                    seed,
                };
                &stored
            }
            StageData::Images(_) => {
                samples = self.setup.training_samples(stage.samples);
                images = ImageSet {
                    dataset: &*self.setup.source.train,
                    indices: &samples,
                    info: &self.setup.source.info,
                    transform: &transform,
                    ignore: self.setup.ignore(),
                    batch: stage.batch,
                    seed,
                };
                &images
            }
        };
        // Progress is that of the stage.
        let (before, steps) = (from * batches.steps(), stage.epochs * batches.steps());
        let mut of_stage = |report: StepReport| {
            tick(StepReport {
                done: report.done - before,
                steps,
                ..report
            })
        };
        let clock = self.clock;
        let batches = &Timed { clock, batches };
        let mut state = TrainState::resume(&mut network, &mut optimisers, rest);
        clock.time(Work::Stage(at), || {
            fit_on(&mut state, batches, &how, &mut Steps(&mut of_stage))
        })?;
        let rest = state.pause();
        Ok(Training {
            network,
            optimisers,
            rest,
        })
    }

    fn epochs(&self, at: usize) -> Result<StageEpochs> {
        let broken =
            || nasfw_sdk::Error::invalid("stage", at, "a stage of a training that was begun");
        Ok(StageEpochs::of(&self.setup.stages, at).ok_or_else(broken)?)
    }

    fn evaluate(&self, network: &Network<K>, stage: &Stage, data: &StageData) -> Result<Metrics> {
        let (task, info) = (self.setup.task(), &self.setup.source.info);
        match data {
            StageData::Features(features) => {
                let indices: Vec<usize> = (0..features.val.labels.len()).collect();
                let batches = indices.chunks(stage.batch).map(|c| features.val.gather(c));
                Ok(evaluate(network, task, info, stage.crop_px, batches)?)
            }
            StageData::Images(set) => Ok(evaluate(
                network,
                task,
                info,
                stage.crop_px,
                set.batches(stage.batch),
            )?),
        }
    }

    /// The nodes of the architecture that a stage trains.
    fn trained_graph(&self, stage: &Stage) -> Result<Graph> {
        Ok(match stage.source {
            StageInput::Features => self.graph.after_encoder()?,
            StageInput::Images => self.graph.clone(),
        })
    }

    /// Refuses an architecture, before it is tried, if its training would exceed the memory limit
    /// in any stage.
    pub(super) fn check_memory(&self) -> Result<()> {
        let limit = self.setup.config.run.memory_limit_mb;
        for (at, stage) in self.setup.stages.iter().enumerate() {
            let graph = self.trained_graph(stage)?;
            let needed = training_bytes(&graph, stage.crop_px, stage.batch).div_ceil(1 << 20);
            if limit > 0 && needed > limit {
                return Err(Error::Training(format!(
                    "stage {at} needs about {needed} MiB of memory to train; the limit is \
                     {limit} MiB (run.memory_limit_mb)"
                )));
            }
        }
        Ok(())
    }
}

/// Estimates the memory of a training step: every map with its gradient, and weights with their
/// gradients and two moments.
fn training_bytes(graph: &Graph, crop_px: usize, batch: usize) -> u64 {
    // After a cut, inputs are encoder outputs; the finest has a quarter of the crop's size.
    let inputs: Vec<Size> = match graph.inputs().count() {
        1 => vec![Size::square(crop_px)],
        n => (0..n)
            .map(|at| Size::square(crop_px.div_ceil(4 << at)))
            .collect(),
    };
    let sizes = graph.sizes(&inputs);
    let read = graph.reachable();
    let maps: u64 = (0..graph.nodes().len())
        .filter(|&id| read[id])
        .map(|id| (sizes[id].area() * graph.channels(id)) as u64)
        .sum();
    4 * (2 * maps * batch as u64 + 4 * graph.parameters() as u64)
}
