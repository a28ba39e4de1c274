//! A library's task.

use std::sync::{Arc, Mutex, PoisonError};

use nasfw_abi::message::task as message;
use nasfw_abi::message::{Kind, Op};
use nasfw_abi::truth::{Numbers, Truths};
use nasfw_sdk::graph::MAX_CHANNELS;
use nasfw_sdk::{
    DataInfo, Error, Label, LabelKind, Loss, LossBatch, Metrics, Result, Scorer, Task, TaskData,
};
use serde_json::Value;

use super::data::RemoteData;
use super::respawn::RespawningInstance;
use super::scorer::{RemoteScorer, is_name};
use crate::library::{Lent, Library};

/// Maximum number of headline metrics.
const MAX_HEADLINES: usize = 32;

struct RemoteTask {
    fresh: Arc<RespawningInstance>,
    labels: LabelKind,
    loss: Loss,
    headline: &'static [&'static str],
    data: Option<RemoteData>,
}

/// Makes the task `name`.
///
/// # Errors
/// The library's reason, or the problem with its reply.
pub(crate) fn task(
    library: &'static Library,
    name: &'static str,
    settings: &Value,
) -> Result<Box<dyn Task>> {
    let (fresh, made): (_, message::Made) =
        RespawningInstance::make(library, Kind::Task, name, settings)?;
    let wrong = |e: Error| library.error("create", e.to_string());
    made.loss.check(made.labels).map_err(wrong)?;
    if made.headline.len() > MAX_HEADLINES || !made.headline.iter().all(|n| is_name(n)) {
        let expected = format!("at most {MAX_HEADLINES} names of letters, digits, - and _");
        return Err(wrong(Error::invalid(
            "headline",
            made.headline.len(),
            expected,
        )));
    }
    let fresh = Arc::new(fresh);
    let data = match made.data {
        None => None,
        Some(own) => Some(RemoteData::new(own, fresh.clone()).map_err(wrong)?),
    };
    Ok(Box::new(RemoteTask {
        fresh,
        labels: made.labels,
        loss: made.loss,
        headline: kept(&made.headline),
        data,
    }))
}

impl Task for RemoteTask {
    fn labels(&self) -> LabelKind {
        self.labels
    }

    fn output_channels(&self, data: &DataInfo) -> Result<usize> {
        let instance = self.fresh.instance()?;
        let info = data.clone();
        let reply: message::Channels =
            instance.call(Op::OutputChannels, &message::OfData { info }, &mut [])?;
        match reply.channels {
            1..=MAX_CHANNELS => Ok(reply.channels),
            other => {
                let message = format!("{other} channels; expected 1 to {MAX_CHANNELS}");
                Err(instance.error(Op::OutputChannels, message))
            }
        }
    }

    fn loss(&self) -> Loss {
        self.loss
    }

    fn scorer(&self, data: &DataInfo) -> Result<Box<dyn Scorer>> {
        let instance = self.fresh.instance()?;
        let info = data.clone();
        let reply: message::Handle =
            instance.call(Op::Scorer, &message::OfData { info }, &mut [])?;
        match reply.handle {
            0 => Err(instance.error(Op::Scorer, "made a scorer without a handle")),
            handle => Ok(Box::new(RemoteScorer::new(self.fresh.library, handle))),
        }
    }

    fn reward(&self, metrics: &Metrics) -> Result<f64> {
        let instance = self.fresh.instance()?;
        let metrics = metrics.clone();
        let reply: message::Reward =
            instance.call(Op::Reward, &message::OfMetrics { metrics }, &mut [])?;
        if (0.0..=1.0).contains(&reply.reward) {
            Ok(reply.reward)
        } else {
            let message = format!("the reward {} is not in [0, 1]", reply.reward);
            Err(instance.error(Op::Reward, message))
        }
    }

    fn headline(&self) -> &'static [&'static str] {
        self.headline
    }

    fn custom_loss(&self, batch: &LossBatch<'_>, gradient: &mut [f32]) -> Result<f64> {
        let instance = self.fresh.instance()?;
        let truths: Vec<&Label> = batch.truths.iter().collect();
        let (truth, numbers) = Truths::of(&truths)?;
        let request = message::Batch {
            batch: batch.batch,
            height: batch.height,
            width: batch.width,
            channels: batch.channels,
            truth,
        };
        let lent = &mut [
            Lent::F32(batch.outputs),
            match &numbers {
                Numbers::U8(values) => Lent::U8(values),
                Numbers::F32(values) => Lent::F32(values),
            },
            Lent::F32Mut(gradient),
        ];
        let reply: message::CustomLoss = instance.call(Op::CustomLoss, &request, lent)?;
        Ok(reply.loss)
    }

    fn data(&self) -> Option<&dyn TaskData> {
        self.data.as_ref().map(|d| d as &dyn TaskData)
    }
}

/// Interns names for the lifetime of the program.
fn kept(names: &[String]) -> &'static [&'static str] {
    static KEPT: Mutex<Vec<&'static [&'static str]>> = Mutex::new(Vec::new());
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(same) = all.iter().find(|kept| names == **kept) {
        return same;
    }
    let owned: Vec<&'static str> = (names.iter())
        .map(|n| &*Box::leak(n.clone().into_boxed_str()))
        .collect();
    let owned: &'static [&'static str] = Box::leak(owned.into());
    all.push(owned);
    owned
}
