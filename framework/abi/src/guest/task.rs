//! Operations of tasks and their scorers.

use super::slice::{Slice, misfit};
use super::{read, unknown_operation, write};
use crate::message::task as message;
use crate::message::{Nothing, Op};
use crate::truth::{Numbers, Truths};
use nasfw_sdk::Prediction;
use nasfw_sdk::error::{Error, Result};
use nasfw_sdk::label::Label;
use nasfw_sdk::size::Size;
use nasfw_sdk::task::{LossBatch, Scorer, Split, Task, TaskData};

/// The reply of a task that was made.
pub(super) fn made(task: &dyn Task) -> message::Made {
    let data = task.data().map(|data| message::TaskData {
        info: data.info(),
        train: data.len(Split::Train),
        val: data.len(Split::Val),
        fingerprint: data.fingerprint(),
        description: data.description(),
    });
    message::Made {
        labels: task.labels(),
        loss: task.loss(),
        headline: task.headline().iter().map(|&n| n.to_owned()).collect(),
        data,
    }
}

pub(super) fn call(
    task: &dyn Task,
    op: Op,
    request: &[u8],
    slices: &mut [Slice<'_>],
) -> Result<Vec<u8>> {
    match op {
        Op::OutputChannels => {
            let message::OfData { info } = read(request)?;
            let channels = task.output_channels(&info)?;
            write(&message::Channels { channels })
        }
        Op::Reward => {
            let message::OfMetrics { metrics } = read(request)?;
            let reward = task.reward(&metrics)?;
            write(&message::Reward { reward })
        }
        Op::CustomLoss => custom_loss(task, &read(request)?, slices),
        Op::SampleSize => {
            let message::Sample { split, index } = read(request)?;
            let Size { width, height } = data(task)?.size_px(split, index)?;
            write(&message::Size { width, height })
        }
        Op::Fill => fill(data(task)?, &read(request)?, slices),
        _ => Err(unknown_operation(op, "task")),
    }
}

pub(super) fn call_scorer(
    scorer: &mut dyn Scorer,
    op: Op,
    request: &[u8],
    slices: &[Slice<'_>],
) -> Result<Vec<u8>> {
    match op {
        Op::Add => {
            let of: message::Scored = read(request)?;
            let [Slice::F32(values), truth] = slices else {
                return Err(misfit(slices, "two: outputs and a truth"));
            };
            let labels = of.truth.labels(&truth.numbers())?;
            let [label] = labels.as_slice() else {
                return Err(misfit(slices, "one truth"));
            };
            let prediction = Prediction {
                height: of.height,
                width: of.width,
                channels: of.channels,
                values,
                image_size_px: Size::new(of.image_size_px.0, of.image_size_px.1),
            };
            scorer.add(&prediction, label)?;
            write(&Nothing {})
        }
        Op::Metrics => {
            let metrics = scorer.metrics()?;
            write(&message::OfMetrics { metrics })
        }
        _ => Err(unknown_operation(op, "scorer")),
    }
}

fn custom_loss(task: &dyn Task, of: &message::Batch, slices: &mut [Slice<'_>]) -> Result<Vec<u8>> {
    let [Slice::F32(outputs), truth, Slice::F32Mut(gradient)] = slices else {
        return Err(misfit(slices, "three: outputs, truths and a gradient"));
    };
    let truths = of.truth.labels(&truth.numbers())?;
    let batch = LossBatch {
        batch: of.batch,
        height: of.height,
        width: of.width,
        channels: of.channels,
        outputs,
        truths: &truths,
    };
    let loss = task.custom_loss(&batch, gradient)?;
    write(&message::CustomLoss { loss })
}

fn fill(data: &dyn TaskData, of: &message::Fill, slices: &mut [Slice<'_>]) -> Result<Vec<u8>> {
    let [Slice::U8Mut(image), truth] = slices else {
        return Err(misfit(slices, "two: an image and a label"));
    };
    let mut labels = of.truth.labels(&truth.numbers())?;
    let [label] = labels.as_mut_slice() else {
        return Err(Error::invalid("labels", of.truth.count, "one is filled"));
    };
    data.fill(of.split, of.index, image, label)?;
    let (truths, numbers): (Truths, Numbers) = Truths::of(&[label])?;
    if truths.kind != of.truth.kind {
        let expected = format!("{:?} was asked for", of.truth.kind);
        return Err(Error::invalid(
            "label",
            format!("{:?}", truths.kind),
            expected,
        ));
    }
    truth.fill(&numbers)?;
    let reference_px = match label {
        Label::Keypoints { reference_px, .. } => *reference_px,
        _ => 0.0,
    };
    write(&message::Filled { reference_px })
}

fn data(task: &dyn Task) -> Result<&dyn TaskData> {
    task.data()
        .ok_or_else(|| Error::invalid("data", "none", "this task brings none; name a data set"))
}
