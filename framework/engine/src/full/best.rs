//! The validation part, and the best weights so far.

use nasfw_data::Transform;
use nasfw_sdk::{Metrics, Task};

use super::checkpoint::BestSoFar;
use crate::error::{Error, Result};
use crate::network::kernels::Kernels;
use crate::network::{Network, Weights};
use crate::search::Setup;
use crate::train::{PartSet, View};

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
pub(super) struct Validation<'a> {
    pub(super) setup: &'a Setup,
    pub(super) transform: &'a Transform,
}

impl Validation<'_> {
    /// Metrics and reward.
    pub(super) fn judge<K: Kernels>(&self, network: &Network<K>) -> Result<(Metrics, f64)> {
        let setup = self.setup;
        let part = PartSet {
            dataset: &*setup.source.val,
            info: &setup.source.info,
            transform: self.transform,
            ignore: setup.ignore(),
            batch: setup.config.train.batch,
            view: View::Crop,
        };
        let metrics = part.judge(network, &*setup.task, &mut |_| Ok(()))?;
        let reward = reward(&*setup.task, &metrics)?;
        Ok((metrics, reward))
    }
}

/// What `metrics` are worth.
pub(crate) fn reward(task: &dyn Task, metrics: &Metrics) -> Result<f64> {
    let reward = task.reward(metrics)?;
    match reward.is_finite() {
        true => Ok(reward),
        false => Err(Error::Training(format!("the reward became {reward}"))),
    }
}
