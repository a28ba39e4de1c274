//! A scorer of a library's task.

use nasfw_abi::message::task as message;
use nasfw_abi::message::{Nothing, Op};
use nasfw_abi::truth::{Numbers, Truths};
use nasfw_sdk::{Label, Metrics, Prediction, Result, Scorer};

use super::instance::Instance;
use crate::library::{Lent, Library};

/// Maximum number of aggregate metrics.
const MAX_METRICS: usize = 256;
/// Maximum number of metrics of single items: several for each of 255 classes.
const MAX_ITEMS: usize = 4096;

/// True if this can be shown as the name of an aggregate metric.
pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.@".contains(c);
    (1..=64).contains(&name.len()) && name.chars().all(is_plain)
}

/// True if this can be shown as the name of a class, joint or other item.
fn is_item(name: &str) -> bool {
    (1..=256).contains(&name.len()) && !name.chars().any(char::is_control)
}

pub(super) struct RemoteScorer(Instance);

impl RemoteScorer {
    pub(super) fn new(library: &'static Library, handle: u64) -> Self {
        Self(Instance::with(library, handle))
    }
}

impl Scorer for RemoteScorer {
    fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()> {
        let (truth, numbers) = Truths::of(&[truth])?;
        let request = message::Scored {
            height: prediction.height,
            width: prediction.width,
            channels: prediction.channels,
            image_size_px: (
                prediction.image_size_px.width,
                prediction.image_size_px.height,
            ),
            truth,
        };
        let lent = &mut [
            Lent::F32(prediction.values),
            match &numbers {
                Numbers::U8(values) => Lent::U8(values),
                Numbers::F32(values) => Lent::F32(values),
            },
        ];
        let _: Nothing = self.0.call(Op::Add, &request, lent)?;
        Ok(())
    }

    fn metrics(&self) -> Result<Metrics> {
        let reply: message::OfMetrics = self.0.call(Op::Metrics, &Nothing {}, &mut [])?;
        let (metrics, items) = (&reply.metrics, || reply.metrics.items());
        let few = metrics.aggregates().count() <= MAX_METRICS && items().count() <= MAX_ITEMS;
        let are_named = metrics.aggregates().all(|(name, _)| is_name(name))
            && items().all(|(name, item, _)| is_name(name) && is_item(item));
        if few && are_named {
            return Ok(reply.metrics);
        }
        let message = "metrics have short names of letters, digits, - and _; those of a class \
                       or joint are called METRIC/ITEM";
        Err(self.0.error(Op::Metrics, message))
    }
}
