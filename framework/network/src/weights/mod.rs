//! Weights on the host, by name.

mod safetensors;

use std::collections::{BTreeMap, BTreeSet};

use nasfw_sdk::graph::Graph;

pub use safetensors::note_in_safetensors;

/// One array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its values.
    pub values: Vec<f32>,
}

/// Arrays by name, for transfer between networks and for files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights(BTreeMap<String, Array>);

impl Weights {
    /// Inserts an array under a name.
    pub fn insert(&mut self, name: &str, array: Array) {
        self.0.insert(name.to_owned(), array);
    }

    /// The array called `name`.
    pub fn get(&self, name: &str) -> Option<&Array> {
        self.0.get(name)
    }

    /// Names and arrays, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Array)> {
        self.0.iter().map(|(n, a)| (n.as_str(), a))
    }

    /// Only the arrays of the nodes of `graph`.
    pub fn of_nodes(&self, graph: &Graph) -> Weights {
        let names: BTreeSet<&str> = graph.nodes().iter().map(|n| n.name.as_str()).collect();
        let is_of_node = |array: &str| {
            let node = array.rsplit_once('.').map(|(node, _)| node);
            node.is_some_and(|node| names.contains(node))
        };
        let kept = self.0.iter().filter(|(n, _)| is_of_node(n));
        Self(kept.map(|(n, a)| (n.clone(), a.clone())).collect())
    }

    /// The same arrays, with `prefix` added to all names.
    pub fn prefixed(&self, prefix: &str) -> Weights {
        let renamed = self
            .0
            .iter()
            .map(|(n, a)| (format!("{prefix}{n}"), a.clone()));
        Self(renamed.collect())
    }

    /// The arrays whose names begin with `prefix`, with it removed.
    pub fn without_prefix(&self, prefix: &str) -> Weights {
        let found = self
            .0
            .iter()
            .filter_map(|(n, a)| Some((n.strip_prefix(prefix)?, a)));
        Self(found.map(|(n, a)| (n.to_owned(), a.clone())).collect())
    }

    /// Takes all arrays of `other`, replacing those of the same name.
    pub fn extend(&mut self, other: Weights) {
        self.0.extend(other.0);
    }

    /// The number of arrays.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
