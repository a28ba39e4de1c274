//! Named finite numbers that describe how good a network is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Named finite metrics, ordered by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, f64>", into = "BTreeMap<String, f64>")]
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Checks that every value is finite.
    pub fn new<N: Into<String>>(values: impl IntoIterator<Item = (N, f64)>) -> Result<Self> {
        let values: BTreeMap<String, f64> =
            values.into_iter().map(|(n, v)| (n.into(), v)).collect();
        match values.iter().find(|(_, v)| !v.is_finite()) {
            Some((name, value)) => Err(Error::invalid(
                format!("metric {name}"),
                value,
                "metrics are finite",
            )),
            None => Ok(Self(values)),
        }
    }

    /// The value called `name`.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// Names and values, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(n, v)| (n.as_str(), *v))
    }
}

impl TryFrom<BTreeMap<String, f64>> for Metrics {
    type Error = Error;
    fn try_from(values: BTreeMap<String, f64>) -> Result<Self> {
        Self::new(values)
    }
}

impl From<Metrics> for BTreeMap<String, f64> {
    fn from(metrics: Metrics) -> Self {
        metrics.0
    }
}
