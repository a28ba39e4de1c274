//! A scorer that a library's task made.

use nasfw_sdk::wire::message::task as message;
use nasfw_sdk::wire::message::{Nothing, Op};
use nasfw_sdk::wire::truth::{Numbers, Truths};
use nasfw_sdk::{Error, Label, Metrics, Prediction, Result, Scorer};

use super::Fault;
use super::instance::Instance;
use crate::plugins::library::{Lent, Library};

/// More metrics than anyone looks at.
const MOST_METRICS: usize = 256;

/// Whether this can be shown as the name of a metric.
pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.@".contains(c);
    (1..=64).contains(&name.len()) && name.chars().all(is_plain)
}

/// A scorer, or why there is none.
pub(super) struct RemoteScorer {
    instance: Result<Instance>,
    fault: Fault,
}

impl RemoteScorer {
    pub(super) fn new(library: &'static Library, handle: u64) -> Self {
        Self {
            instance: Ok(Instance::with(library, handle)),
            fault: Fault::default(),
        }
    }

    /// A scorer that could not be made: it scores nothing.
    pub(super) fn failed(error: Error) -> Self {
        Self {
            instance: Err(error),
            fault: Fault::default(),
        }
    }

    fn instance(&self) -> Result<&Instance> {
        self.instance.as_ref().map_err(Clone::clone)
    }

    fn read(&self) -> Result<Metrics> {
        let reply: message::OfMetrics = self.instance()?.call(Op::Metrics, &Nothing {}, &mut [])?;
        let names = || reply.metrics.iter().map(|(name, _)| name);
        match names().count() <= MOST_METRICS && names().all(is_name) {
            true => Ok(reply.metrics),
            false => {
                let message = "metrics have short names of letters, digits, - and _";
                Err(self.instance()?.error(Op::Metrics, message))
            }
        }
    }
}

impl Scorer for RemoteScorer {
    fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()> {
        let (truth, numbers) = Truths::of(&[truth])?;
        let request = message::Scored {
            height: prediction.height,
            width: prediction.width,
            channels: prediction.channels,
            image_size_px: prediction.image_size_px,
            truth,
        };
        let lent = &mut [
            Lent::F32(prediction.values),
            match &numbers {
                Numbers::U8(values) => Lent::U8(values),
                Numbers::F32(values) => Lent::F32(values),
            },
        ];
        let _: Nothing = self.instance()?.call(Op::Add, &request, lent)?;
        Ok(())
    }

    fn metrics(&self) -> Metrics {
        self.fault.keep(self.read(), Metrics::default)
    }

    fn fault(&self) -> Result<()> {
        self.fault.take()
    }
}
