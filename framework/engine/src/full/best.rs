//! The validation part, and the best weights so far.

use nasfw_data::Transform;
use nasfw_sdk::Metrics;

use super::checkpoint::BestSoFar;
use crate::error::{Error, Result};
use crate::network::kernels::Kernels;
use crate::network::{Network, Weights};
use crate::search::Setup;
use crate::train::{PreparedSet, judge};

const PREFIX: &str = "best/";

/// What was best, and when.
pub(super) struct Found {
    /// The epoch, counted from 1.
    pub(super) epoch: usize,
    pub(super) metrics: Metrics,
    pub(super) reward: f64,
    pub(super) weights: Weights,
}

/// Keeps the best of the networks it is offered, the earlier of equal ones.
#[derive(Default)]
pub(super) struct Best(Option<Found>);

impl Best {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn reward(&self) -> Option<f64> {
        self.0.as_ref().map(|found| found.reward)
    }

    /// All but the weights, for a checkpoint.
    pub(super) fn so_far(&self) -> Option<BestSoFar> {
        self.0.as_ref().map(|found| BestSoFar {
            epoch: found.epoch,
            reward: found.reward,
            metrics: found.metrics.clone(),
        })
    }

    /// The weights, as a checkpoint names them.
    pub(super) fn arrays(&self) -> Weights {
        let found = self.0.as_ref();
        found.map_or_else(Weights::default, |found| found.weights.prefixed(PREFIX))
    }

    /// What [`so_far`](Self::so_far) and [`arrays`](Self::arrays) were.
    pub(super) fn restored(best: Option<BestSoFar>, arrays: &Weights) -> Self {
        Self(best.map(|best| Found {
            epoch: best.epoch,
            metrics: best.metrics,
            reward: best.reward,
            weights: arrays.without_prefix(PREFIX),
        }))
    }

    pub(super) fn take(&mut self) -> Option<Found> {
        self.0.take()
    }

    /// Whether this one is the best so far; its weights are copied then.
    pub(super) fn offer<K: Kernels>(
        &mut self,
        epoch: usize,
        metrics: Metrics,
        reward: f64,
        network: &Network<K>,
    ) -> bool {
        let is_best = self.reward().is_none_or(|best| reward > best);
        if is_best {
            self.0 = Some(Found {
                epoch,
                metrics,
                reward,
                weights: network.parameters().weights(),
            });
        }
        is_best
    }
}

/// Scores networks on the validation part.
pub(super) struct Judge<'a> {
    pub(super) setup: &'a Setup,
    pub(super) transform: &'a Transform,
}

impl Judge<'_> {
    /// Metrics and reward. Images are read a batch at a time: a validation part may be larger than
    /// the memory.
    pub(super) fn judge<K: Kernels>(&self, network: &Network<K>) -> Result<(Metrics, f64)> {
        let setup = self.setup;
        let train = &setup.config.train;
        let (set, info) = (&*setup.source.val, &setup.source.info);
        let indices: Vec<usize> = (0..set.len()).collect();
        let mut failed = None;
        let batches = indices.chunks(train.batch).map_while(|chunk| {
            match PreparedSet::new(set, chunk, info, self.transform, setup.ignore()) {
                Ok(set) => set.batches(train.batch).next(),
                Err(e) => {
                    failed = Some(e);
                    None
                }
            }
        });
        let metrics = judge(network, &*setup.task, info, train.crop_px, batches);
        if let Some(e) = failed {
            return Err(e);
        }
        let metrics = metrics?;
        let reward = setup.task.reward(&metrics);
        setup.task.fault()?;
        match reward.is_finite() {
            true => Ok((metrics, reward)),
            false => Err(Error::Training(format!("the reward became {reward}"))),
        }
    }
}
