//! A scorer that a library's task made.

use nasfw_sdk::wire::message::task as message;
use nasfw_sdk::wire::message::{Nothing, Op};
use nasfw_sdk::wire::truth::{Numbers, Truths};
use nasfw_sdk::{Error, Label, Metrics, Prediction, Result, Scorer};

use super::Fault;
use super::instance::Instance;
use crate::plugins::library::{Lent, Library};

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
        Ok(reply.metrics)
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
