//! Networks that a run has tried, told apart by what they compute.

use std::collections::HashMap;

use nasfw_sdk::{Choices, IoChannels};

use crate::experiment::Members;

/// Counts how often a run has tried each network.
pub(super) struct Networks {
    members: Members,
    io: IoChannels,
    /// Trials by network.
    tried: HashMap<String, Tried>,
    /// The networks of choices met before, which controllers meet again and again.
    known: HashMap<Vec<usize>, String>,
}

/// The trials of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tried {
    /// Their number, those not finished among them.
    pub(super) trials: u64,
    /// The number of those that are finished.
    finished: u64,
    /// The reward of the last one that has any.
    pub(super) reward: Option<f64>,
}

impl Tried {
    /// True if a trial is not finished.
    pub(super) fn is_open(self) -> bool {
        self.finished < self.trials
    }
}

impl Networks {
    pub(super) fn new(members: Members, io: IoChannels) -> Self {
        let (tried, known) = (HashMap::new(), HashMap::new());
        Self {
            members,
            io,
            tried,
            known,
        }
    }

    /// Returns the trials with the network of `choices`.
    pub(super) fn tried(&mut self, choices: &Choices) -> Tried {
        let network = self.network(choices);
        self.tried.get(&network).copied().unwrap_or_default()
    }

    /// Counts a trial.
    pub(super) fn add(&mut self, choices: &Choices) {
        let network = self.network(choices);
        self.tried.entry(network).or_default().trials += 1;
    }

    /// Notes that a trial is finished, and its reward if it has one.
    pub(super) fn note(&mut self, choices: &Choices, reward: Option<f64>) {
        let network = self.network(choices);
        let tried = self.tried.entry(network).or_default();
        tried.finished += 1;
        tried.reward = reward.or(tried.reward);
    }

    /// The fingerprint of the network. Choices that cannot be decoded, or not in this process, are a
    /// network of their own.
    fn network(&mut self, choices: &Choices) -> String {
        let key = choices.to_vec();
        if let Some(network) = self.known.get(&key) {
            return network.clone();
        }
        let canonical = self.members.canonical(choices);
        let space = self.members.space_in_program();
        let graph = space.and_then(|space| space.decode(&canonical, &self.io).ok());
        let network = match graph {
            Some(graph) => graph.fingerprint(),
            None => format!("{:?}", canonical.to_vec()),
        };
        self.known.insert(key, network.clone());
        network
    }
}
