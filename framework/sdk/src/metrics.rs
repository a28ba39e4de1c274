//! Named finite numbers that measure the quality of a network.
//!
//! A name is that of a figure over everything, `miou`, or of one over a single class, joint or
//! other item, `iou/person`: what comes after the first `/` is the item, under the data set's own
//! name.

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
                "metrics must be finite",
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

    /// The aggregate metrics, ordered by name, for lists and cards.
    pub fn aggregates(&self) -> impl Iterator<Item = (&str, f64)> {
        self.iter().filter(|(name, _)| !name.contains('/'))
    }

    /// The aggregate metrics, those called `names` first, in that order.
    pub fn headline_first<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = (&'a str, f64)> {
        let first = names
            .iter()
            .filter_map(|name| Some((*name, self.get(name)?)));
        first.chain(self.aggregates().filter(|(name, _)| !names.contains(name)))
    }

    /// The metrics of single items, as `(metric, item, value)`, ordered by metric and item.
    ///
    /// ```
    /// let metrics = nasfw_sdk::Metrics::new([("miou", 0.7), ("iou/cat", 0.9), ("iou/dog", 0.5)])?;
    /// assert_eq!(metrics.items().next(), Some(("iou", "cat", 0.9)));
    /// assert_eq!(metrics.aggregates().collect::<Vec<_>>(), [("miou", 0.7)]);
    /// # Ok::<(), nasfw_sdk::Error>(())
    /// ```
    pub fn items(&self) -> impl Iterator<Item = (&str, &str, f64)> {
        self.iter().filter_map(|(name, value)| {
            let (metric, item) = name.split_once('/')?;
            Some((metric, item, value))
        })
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
