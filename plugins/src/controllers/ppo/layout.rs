//! Matrices of the policy network, and the decisions that share a head.

use std::collections::BTreeMap;

use nasfw_sdk::{Error, Result, Schema};

use super::config::{PolicyKind, PpoConfig};

/// LSTM layers.
pub(super) const LAYERS: usize = 2;
/// Matrices of an LSTM layer: for the input and the recurrence, a weight and a bias each. Two biases
/// are one too many, but are what the method's 169k parameters count.
pub(super) const PER_LAYER: usize = 4;
/// More weights than this do not fit a controller that is saved after every trial.
const WEIGHT_LIMIT: usize = 1 << 26;

/// Matrices of a network.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) policy: PolicyKind,
    pub(super) hidden: usize,
    pub(super) warmup_steps: usize,
    /// The head of every decision.
    pub(super) head_of: Vec<usize>,
    /// Rows and columns: the start vector, the layers, then weight, bias (and embedding) of each head.
    pub(super) shapes: Vec<(usize, usize)>,
}

impl Layout {
    /// Decisions of one non-empty kind and one arity share a head; any other has its own.
    ///
    /// # Errors
    /// When the network would be too large.
    pub(super) fn new(config: &PpoConfig, schema: &Schema) -> Result<Self> {
        let hidden = config.hidden;
        let mut shapes = vec![(1, hidden)];
        for _ in 0..LAYERS {
            let gates = 4 * hidden;
            shapes.extend([(hidden, gates), (1, gates), (hidden, gates), (1, gates)]);
        }
        let mut shared = BTreeMap::new();
        let mut head_of = Vec::with_capacity(schema.len());
        let mut heads = 0;
        for decision in schema.decisions() {
            let arity = decision.arity();
            let known = shared.get(&(decision.kind.as_str(), arity)).copied();
            head_of.push(known.unwrap_or(heads));
            if known.is_none() {
                if !decision.kind.is_empty() {
                    shared.insert((decision.kind.as_str(), arity), heads);
                }
                heads += 1;
                shapes.extend([(hidden, arity), (1, arity)]);
                if config.policy == PolicyKind::Autoregressive {
                    shapes.push((arity, hidden));
                }
            }
        }
        let layout = Self {
            policy: config.policy,
            hidden,
            warmup_steps: config.warmup_steps,
            head_of,
            shapes,
        };
        if layout.weights() > WEIGHT_LIMIT {
            let expected = format!(
                "at most {WEIGHT_LIMIT} weights; this would be {}",
                layout.weights()
            );
            return Err(Error::invalid("controller.hidden", hidden, expected));
        }
        Ok(layout)
    }

    /// Number of weights of the network.
    pub(super) fn weights(&self) -> usize {
        self.shapes
            .iter()
            .map(|(rows, columns)| rows * columns)
            .sum()
    }
}
