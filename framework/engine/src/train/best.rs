//! The validation split, and the best weights so far.

use nasfw_data::Transform;
use nasfw_sdk::Metrics;

use super::checkpoint::BestSoFar;
use crate::error::Result;
use crate::experiment::{Setup, reward};
use nasfw_network::fit::{EvalRegion, EvalSet};
use nasfw_network::kernels::Kernels;
use nasfw_network::{Network, Weights};

const PREFIX: &str = "best/";

/// The best result, and its epoch.
pub(super) struct BestModel {
    /// The epoch, counted from 1.
    pub(super) epoch: usize,
    pub(super) metrics: Metrics,
    pub(super) reward: f64,
    pub(super) weights: Weights,
}

/// Keeps the best of the networks that it is offered, the earlier one on ties.
#[derive(Default)]
pub(super) struct Best(Option<BestModel>);

impl Best {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn reward(&self) -> Option<f64> {
        self.0.as_ref().map(|best_model| best_model.reward)
    }

    /// The record without the weights, for a checkpoint.
    pub(super) fn so_far(&self) -> Option<BestSoFar> {
        self.0.as_ref().map(|best_model| BestSoFar {
            epoch: best_model.epoch,
            reward: best_model.reward,
            metrics: best_model.metrics.clone(),
        })
    }

    /// The weights, by their names in a checkpoint.
    pub(super) fn arrays(&self) -> Weights {
        let best_model = self.0.as_ref();
        best_model.map_or_else(Weights::default, |best_model| {
            best_model.weights.prefixed(PREFIX)
        })
    }

    /// Restores the results of [`so_far`](Self::so_far) and [`arrays`](Self::arrays).
    pub(super) fn restored(best: Option<BestSoFar>, arrays: &Weights) -> Self {
        Self(best.map(|best| BestModel {
            epoch: best.epoch,
            metrics: best.metrics,
            reward: best.reward,
            weights: arrays.without_prefix(PREFIX),
        }))
    }

    pub(super) fn take(&mut self) -> Option<BestModel> {
        self.0.take()
    }

    /// Offers a network; if it is the best so far, its weights are copied and the result is true.
    pub(super) fn offer<K: Kernels>(
        &mut self,
        epoch: usize,
        metrics: Metrics,
        reward: f64,
        network: &Network<K>,
    ) -> bool {
        let is_best = self.reward().is_none_or(|best| reward > best);
        if is_best {
            self.0 = Some(BestModel {
                epoch,
                metrics,
                reward,
                weights: network.parameters().weights(),
            });
        }
        is_best
    }
}

/// Evaluates networks on the validation split.
pub(super) struct Validation<'a> {
    pub(super) setup: &'a Setup,
    pub(super) transform: &'a Transform,
}

impl Validation<'_> {
    /// Metrics and reward.
    pub(super) fn evaluate<K: Kernels>(&self, network: &Network<K>) -> Result<(Metrics, f64)> {
        let setup = self.setup;
        let part = EvalSet {
            dataset: &*setup.source.val,
            info: &setup.source.info,
            transform: self.transform,
            ignore: setup.ignore(),
            batch: setup.config.train.batch,
            region: EvalRegion::Crop,
        };
        let metrics = part.evaluate(network, setup.task(), &mut |_| {
            Ok::<(), nasfw_network::Error>(())
        })?;
        let reward = reward(setup.task(), &metrics)?;
        Ok((metrics, reward))
    }
}
