//! Settings of the LSTM controller.

use nasfw_sdk::{Error, Result};
use serde::{Deserialize, Serialize};

/// The input of the LSTM after a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyKind {
    /// An embedding of the option just chosen, so that a decision can depend on earlier ones.
    #[default]
    Autoregressive,
    /// The LSTM's own output, as in the authors' code: decisions are then independent of each other
    /// (but for masks), whatever the LSTM learns.
    Factorised,
}

/// Settings of [`Ppo`](super::Ppo).
///
/// The default is what learns fastest on recorded rewards of whole search spaces
/// (`nasfw bench search`); [`PpoConfig::paper`] is the published setting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PpoConfig {
    /// Input of the LSTM after a decision; `autoregressive` by default.
    pub policy: PolicyKind,
    /// Units of each of the two LSTM layers, 1 to 4096; 100 by default.
    pub hidden: usize,
    /// LSTM steps before the first decision, 0 to 4096; 4 by default (the method: one per encoder
    /// output).
    pub warmup_steps: usize,
    /// Number of the last scored proposals that are learned from, 1 to 100,000; 10 by default.
    pub ring: usize,
    /// Scored proposals from one update to the next, 1 to 100,000; 10 by default.
    pub update_every: usize,
    /// Passes over the ring in an update, 1 to 1000; 4 by default.
    pub epochs: usize,
    /// Proposals in one step of Adam, 1 to 100,000; 10 by default.
    pub minibatch: usize,
    /// Distance from 1 that the probability ratio may move in a step, above 0, up to 1000; 0.2 by
    /// default.
    pub clip: f64,
    /// Learning rate of Adam, above 0, up to 1; 0.003 by default.
    pub lr: f64,
    /// Weight of the policy's entropy in nats, 0 to 1000, for rewards in [0, 1]; 0.001 by default.
    /// Without it the policy settles early on one of several good architectures, with ten times as
    /// much it hardly settles at all.
    pub entropy: f64,
    /// Gradients are scaled down to this length at most, up to 1e6; 2 by default, 0 turns it off.
    pub clip_norm: f64,
    /// Decay of the moving average of rewards that a reward is compared with, from 0 to
    /// below 1; 0.95 by default.
    pub baseline_decay: f64,
}

impl Default for PpoConfig {
    fn default() -> Self {
        Self {
            policy: PolicyKind::Autoregressive,
            hidden: 100,
            warmup_steps: 4,
            ring: 10,
            update_every: 10,
            epochs: 4,
            minibatch: 10,
            clip: 0.2,
            lr: 3e-3,
            entropy: 1e-3,
            clip_norm: 2.0,
            baseline_decay: 0.95,
        }
    }
}

impl PpoConfig {
    /// The published settings (arXiv 1810.10804): after every architecture one pass over the last
    /// 100, one at a time, clip 0.1, Adam 1e-4, no entropy. Of the released code this keeps the policy that is
    /// never fed its choices, and leaves out the invented rewards its ring starts with.
    ///
    /// Slow to compute as well: once the ring is full, every architecture costs 100 steps of Adam.
    pub fn paper() -> Self {
        Self {
            policy: PolicyKind::Factorised,
            ring: 100,
            update_every: 1,
            epochs: 1,
            minibatch: 1,
            clip: 0.1,
            lr: 1e-4,
            entropy: 0.0,
            ..Self::default()
        }
    }

    /// Checks that every setting is in range.
    pub(super) fn check(&self) -> Result<()> {
        let counts = [
            ("hidden", self.hidden, 1, 4096),
            ("warmup_steps", self.warmup_steps, 0, 4096),
            ("ring", self.ring, 1, 100_000),
            ("update_every", self.update_every, 1, 100_000),
            ("epochs", self.epochs, 1, 1000),
            ("minibatch", self.minibatch, 1, 100_000),
        ];
        for (key, value, least, most) in counts {
            if !(least..=most).contains(&value) {
                let expected = format!("{least} to {most}");
                return Err(Error::invalid(format!("controller.{key}"), value, expected));
            }
        }
        let (clip, lr, decay) = (self.clip, self.lr, self.baseline_decay);
        let rates = [
            (
                "clip",
                clip,
                clip > 0.0 && clip <= 1000.0,
                "above 0, up to 1000",
            ),
            ("lr", lr, lr > 0.0 && lr <= 1.0, "above 0, up to 1"),
            (
                "entropy",
                self.entropy,
                (0.0..=1000.0).contains(&self.entropy),
                "0 to 1000",
            ),
            (
                "clip_norm",
                self.clip_norm,
                (0.0..=1e6).contains(&self.clip_norm),
                "0 to 1e6",
            ),
            (
                "baseline_decay",
                decay,
                (0.0..1.0).contains(&decay),
                "from 0 to below 1",
            ),
        ];
        for (key, value, right, expected) in rates {
            if !right {
                return Err(Error::invalid(format!("controller.{key}"), value, expected));
            }
        }
        Ok(())
    }

    /// The settings that the meaning of saved weights depends on.
    pub(super) fn network(&self) -> (PolicyKind, usize, usize) {
        (self.policy, self.hidden, self.warmup_steps)
    }
}
