//! One architecture through the stages of the schedule.

use nasfw_sdk::graph::Graph;
use nasfw_sdk::{Metrics, Seed, Source, Stage};

use super::clock::{Clock, Timed, Work};
use super::features::StageFeatures;
use super::setup::Setup;
use crate::error::{Error, Result};
use crate::network::kernels::Kernels;
use crate::network::{Network, Weights};
use crate::train::{
    Batches, Fit, ImageSet, Learner, Objective, PreparedSet, Rates, StoredBatches, Tick, fit, judge,
};

/// What stages are judged on, computed once: one entry per stage.
pub(super) enum StageData {
    Features(StageFeatures),
    Images(PreparedSet),
}

/// Judges one architecture, stage by stage.
pub(super) struct Candidate<'a, K: Kernels> {
    pub(super) setup: &'a Setup,
    pub(super) clock: &'a Clock,
    pub(super) kernels: &'a K,
    /// Weights every candidate's encoder starts from.
    pub(super) encoder: &'a Weights,
    pub(super) graph: Graph,
    /// Where this trial's random streams come from.
    pub(super) seed: Seed,
    /// What the last stage ended with.
    pub(super) weights: Weights,
}

impl<K: Kernels> Candidate<'_, K> {
    /// Trains and validates one stage; returns metrics and reward.
    pub(super) fn stage(
        &mut self,
        at: usize,
        stage: &Stage,
        data: &StageData,
        tick: &mut dyn FnMut(Tick) -> Result<()>,
    ) -> Result<(Metrics, f64)> {
        let seed = self.seed.child(&format!("stage{at}"));
        let graph = self.trained_graph(stage)?;
        // Fresh weights come from the same stream in every stage, so that a part an earlier stage
        // did not have starts as it would have alone.
        let mut rng = self.seed.stream("init");
        let mut network = Network::new(self.kernels.clone(), &graph, &mut rng)?;
        network.parameters_mut().load(self.encoder)?;
        network.parameters_mut().load(&self.weights)?;
        let mut learner = Learner::new(&network, stage.encoder, stage.decoder, stage.clip_norm)?;
        let how = Fit {
            epochs: stage.epochs,
            rates: Rates::Decay(stage.decay),
            objective: Objective {
                loss: self.setup.task.loss(),
                own: Some(&*self.setup.task),
                auxiliary: stage.auxiliary as f32,
                distillation: stage.distillation as f32,
                targets: stage.targets,
                crop_px: stage.crop_px,
            },
            polyak: stage.polyak,
        };
        let transform = self.setup.stage_transform(stage);
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
        let clock = self.clock;
        let batches = &Timed { clock, batches };
        clock.time(Work::Stage(at), || {
            fit(&mut network, &mut learner, batches, &how, tick)
        })?;
        let metrics = clock.time(Work::Validation, || self.judge(&network, stage, data))?;
        self.weights = network.parameters().weights();
        let reward = self.setup.task.reward(&metrics)?;
        Ok((metrics, reward))
    }

    fn judge(&self, network: &Network<K>, stage: &Stage, data: &StageData) -> Result<Metrics> {
        let (task, info) = (&*self.setup.task, &self.setup.source.info);
        match data {
            StageData::Features(features) => {
                let indices: Vec<usize> = (0..features.val.labels.len()).collect();
                let batches = indices.chunks(stage.batch).map(|c| features.val.gather(c));
                judge(network, task, info, stage.crop_px, batches)
            }
            StageData::Images(set) => {
                judge(network, task, info, stage.crop_px, set.batches(stage.batch))
            }
        }
    }

    /// What of the architecture a stage trains.
    fn trained_graph(&self, stage: &Stage) -> Result<Graph> {
        Ok(match stage.source {
            Source::Features => self.graph.after_encoder()?,
            Source::Images => self.graph.clone(),
        })
    }

    /// Refuses an architecture whose training would not fit into the limit in any stage, before it
    /// is tried.
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

/// An estimate of what a training step holds: every map with its gradient, and weights with their
/// gradients and two moments.
fn training_bytes(graph: &Graph, crop_px: usize, batch: usize) -> u64 {
    // After a cut, inputs are encoder outputs; a quarter of the crop is the finest of them.
    let inputs: Vec<(usize, usize)> = match graph.inputs().count() {
        1 => vec![(crop_px, crop_px)],
        n => (0..n)
            .map(|at| (crop_px.div_ceil(4 << at), crop_px.div_ceil(4 << at)))
            .collect(),
    };
    let sizes = graph.sizes(&inputs);
    let read = graph.reachable();
    let maps: u64 = (0..graph.nodes().len())
        .filter(|&id| read[id])
        .map(|id| (sizes[id].0 * sizes[id].1 * graph.channels(id)) as u64)
        .sum();
    4 * (2 * maps * batch as u64 + 4 * graph.parameters() as u64)
}
