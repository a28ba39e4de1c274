//! How good a trained network is on a data set.

use std::sync::Arc;

use nasfw_data::{Dataset, Sample, Source, Transform};
use nasfw_sdk::{DataInfo, LabelKind, Metrics, Split, Task};
use serde_json::{Map, Value, json};

use crate::config::{Config, Layers, Preset};
use crate::device::on_device;
use crate::error::{Error, Result};
use crate::full::reward;
use crate::model::{Description, Model, Origin};
use crate::network::kernels::Kernels;
use crate::predict::{Output, Predictor};
use crate::progress::{Event, Observer};
use crate::search::open_data;
use crate::train::{PartSet, View};

/// Images in a step; the metrics do not depend on it.
const BATCH: usize = 8;

/// What is evaluated, and on what.
#[derive(Debug)]
pub struct Order<'a> {
    /// The trained network.
    pub model: &'a Model,
    /// Task, data and scale, from [`settings`].
    pub config: &'a Config,
    /// The split of the data.
    pub split: Split,
    /// What the network sees of an image.
    pub view: View,
}

/// How it went.
#[derive(Debug)]
pub struct Report {
    /// Over everything, and of every class or joint that occurs.
    pub metrics: Metrics,
    /// What they would be worth in a search.
    pub reward: f64,
    /// How many images there were.
    pub images: usize,
    /// The data set in a line.
    pub data: String,
    /// Whether it is the data set that the network was trained on.
    pub is_training_data: bool,
}

/// The settings that a model is evaluated with, to lay others over: its task, how its data was read,
/// its scale and crop.
///
/// # Errors
/// Never for a description that was read from a file.
pub fn settings(description: &Description) -> Result<Layers> {
    let value = |value: serde_json::Result<Value>| {
        value.map_err(|e| Error::Config {
            file: None,
            message: format!("settings of the model: {e}"),
        })
    };
    let input = &description.input;
    let mut data = value(serde_json::to_value(&description.provenance.data))?;
    if let (LabelKind::Classes, Some(data)) = (description.labels, data.as_object_mut()) {
        // A set that does not name its classes may show fewer of them than it has.
        data.insert("classes".into(), description.data.classes.len().into());
    }
    let mut values = Map::new();
    values.insert("data".into(), data);
    values.insert(
        "task".into(),
        value(serde_json::to_value(&description.task))?,
    );
    values.insert(
        "train".into(),
        json!({ "shorter_side_px": input.shorter_side_px, "crop_px": input.height_px }),
    );
    Ok(Layers::new(Preset::None).values(values, "model.json"))
}

/// Scores a model on a part of a data set, as training scores networks.
///
/// Images and their truths are scaled so that the shorter side has `train.shorter_side_px`; the network
/// sees them whole, or the crop of `train.crop_px` in the middle. A class or depth output is resized
/// bilinearly to that size and compared there; heatmaps give positions at their own size.
///
/// # Errors
/// When a setting or the data is wrong, does not have the model's classes or joints, or the model was
/// trained on a folder and none is named.
pub fn evaluate(order: &Order<'_>, observer: &mut dyn Observer) -> Result<Report> {
    on_device!(order.config.run.device, |kernels| {
        evaluate_on(kernels, order, observer)
    })
}

fn evaluate_on<K: Kernels>(
    kernels: K,
    order: &Order<'_>,
    observer: &mut dyn Observer,
) -> Result<Report> {
    let (config, description) = (order.config, order.model.description());
    let (task, source) = open(order)?;
    let network = order.model.network(kernels)?;
    let dataset = split_of(&source, order.split);
    let train = &config.train;
    let part = PartSet {
        dataset,
        info: &source.info,
        transform: &Transform::new(train.shorter_side_px, train.crop_px),
        ignore: config.data.ignore,
        batch: BATCH,
        view: order.view,
    };
    observer.on(&Event::Phase {
        name: "evaluation",
        steps: dataset.len(),
    });
    let metrics = part.judge(&network, &*task, &mut |done| {
        observer.on(&Event::Step { done, note: "" });
        match observer.should_stop() {
            true => Err(Error::Stopped),
            false => Ok(()),
        }
    })?;
    observer.on(&Event::PhaseDone);
    Ok(Report {
        reward: reward(&*task, &metrics)?,
        metrics,
        images: dataset.len(),
        is_training_data: source.fingerprint == description.provenance.data_fingerprint,
        data: source.description,
    })
}

/// An image, its truth, and what the network says of it.
#[derive(Debug)]
pub struct Example {
    /// What the data set calls it.
    pub name: String,
    /// Image and truth, at the size to show them.
    pub sample: Sample,
    /// The answer to the image as it is in the data set, for the size to show.
    pub answer: Output,
}

/// `count` images spread evenly over the part, or all of fewer. Each is seen whole, and shown with its longer
/// side at most `longest_px` pixels.
///
/// # Errors
/// As [`evaluate`].
pub fn examples(order: &Order<'_>, count: usize, longest_px: usize) -> Result<Vec<Example>> {
    let (_, source) = open(order)?;
    let predictor = Predictor::new(order.model, &order.config.run.device)?;
    let dataset = split_of(&source, order.split);
    let count = count.min(dataset.len());
    (0..count)
        .map(|at| {
            let index = at * dataset.len() / count;
            let sample = dataset.read(index)?;
            let answer = predictor.predict(&sample.image)?;
            let (width, height) = (sample.image.width, sample.image.height);
            let longer = width.max(height);
            let shorter = width.min(height) * longest_px.min(longer) / longer.max(1);
            let (sample, size_px) = Transform::new(shorter.max(1), 1).shown(
                &sample,
                &source.info,
                order.config.data.ignore,
            );
            Ok(Example {
                name: dataset.name(index),
                sample,
                answer: answer.resized(size_px),
            })
        })
        .collect()
}

/// The task and the data, checked against the model.
fn open(order: &Order<'_>) -> Result<(Arc<dyn Task>, Source)> {
    let (config, description) = (order.config, order.model.description());
    let task: Arc<dyn Task> = config.make_task()?.into();
    if needs_data(description) && config.data.path.is_none() {
        return Err(Error::Config {
            file: None,
            message:
                "the model was trained on images of a folder; name it, or another one, with --data"
                    .into(),
        });
    }
    let source = open_data(config, &task)?;
    check_names(description, &source)?;
    let channels = description.graph.channels(description.graph.main().node);
    let wanted = task.output_channels(&source.info)?;
    if wanted != channels {
        return Err(unfit(format!(
            "the task wants {wanted} output channels for this data, and the model has {channels}"
        )));
    }
    Ok((task, source))
}

/// Whether a model learned from the images of a folder, so that one must be named to look at images again.
pub fn needs_data(description: &Description) -> bool {
    description.provenance.data_origin == Origin::Folder
}

fn split_of(source: &Source, split: Split) -> &dyn Dataset {
    match split {
        Split::Train => &*source.train,
        Split::Val => &*source.val,
    }
}

/// Whether the data has the classes or joints that the network's channels are, in this order.
fn check_names(description: &Description, source: &Source) -> Result<()> {
    let names = |info: &DataInfo| match description.labels {
        LabelKind::Classes => info.classes.clone(),
        LabelKind::Depth => Vec::new(),
        LabelKind::Keypoints => info.joints.clone(),
    };
    let (ours, theirs) = (names(&description.data), names(&source.info));
    let what = match description.labels {
        LabelKind::Keypoints => "joint",
        _ => "class",
    };
    if ours.len() != theirs.len() {
        let (ours, theirs) = (ours.len(), theirs.len());
        return Err(unfit(format!(
            "number of names ({what}): {ours} in the model, {theirs} in the data; it needs data of the same ones"
        )));
    }
    match ours.iter().zip(&theirs).position(|(a, b)| a != b) {
        None => Ok(()),
        Some(at) => Err(unfit(format!(
            "{what} {at} is `{}` for the model and `{}` in the data; names and order must be the same",
            ours[at], theirs[at]
        ))),
    }
}

fn unfit(message: String) -> Error {
    Error::Config {
        file: None,
        message,
    }
}
