//! Networks that a run has tried, told apart by what they compute.

use std::collections::HashMap;
use std::sync::Arc;

use nasfw_sdk::{Choices, IoChannels, SearchSpace};

/// Counts how often a run has tried each network.
pub(super) struct Networks {
    space: Arc<dyn SearchSpace>,
    io: IoChannels,
    /// Trials by network.
    tried: HashMap<String, u64>,
    /// The networks of choices met before, which controllers meet again and again.
    known: HashMap<Vec<usize>, String>,
}

impl Networks {
    pub(super) fn new(space: Arc<dyn SearchSpace>, io: IoChannels) -> Self {
        let (tried, known) = (HashMap::new(), HashMap::new());
        Self {
            space,
            io,
            tried,
            known,
        }
    }

    /// Returns the number of trials with the network of `choices`.
    pub(super) fn tried(&mut self, choices: &Choices) -> u64 {
        let network = self.network(choices);
        self.tried.get(&network).copied().unwrap_or(0)
    }

    /// Counts a trial.
    pub(super) fn add(&mut self, choices: &Choices) {
        let network = self.network(choices);
        *self.tried.entry(network).or_default() += 1;
    }

    /// The fingerprint of the network. Choices that the space cannot decode are a network of their
    /// own, whose trial will fail.
    fn network(&mut self, choices: &Choices) -> String {
        let key = choices.to_vec();
        if let Some(network) = self.known.get(&key) {
            return network.clone();
        }
        let canonical = canonical(&*self.space, choices);
        let network = match self.space.decode(&canonical, &self.io) {
            Ok(graph) => graph.fingerprint(),
            Err(_) => format!("{:?}", canonical.to_vec()),
        };
        self.known.insert(key, network.clone());
        network
    }
}

/// The choices that stand for the network of `choices`: these are evaluated. A space that fails to
/// give them is left with the choices themselves.
pub(super) fn canonical(space: &dyn SearchSpace, choices: &Choices) -> Choices {
    space.canonical(choices).unwrap_or_else(|_| choices.clone())
}
