//! How good a trained network is on a data set.

use std::sync::Arc;

use nasfw_data::{Dataset, Sample, Source, Transform};
use nasfw_sdk::{DataInfo, LabelKind, Metrics, Part, Size, Task};
use serde_json::{Map, Value, json};

use crate::config::{Config, Layers, Preset};
use crate::error::{Error, Result};
use crate::experiment::open_data;
use crate::experiment::reward;
use crate::progress::{Event, Observer};
use nasfw_device::on_device;
use nasfw_model::predict::{Output, Predictor};
use nasfw_model::{Description, Model, Origin};
use nasfw_network::fit::{EvalSet, View};
use nasfw_network::kernels::Kernels;

/// Images in a step; the metrics do not depend on it.
const BATCH: usize = 8;

/// What is evaluated, and on what.
pub struct EvalRequest<'a> {
    /// The trained network.
    pub model: &'a Model,
    /// Task, data and scale, from [`settings`].
    pub config: &'a Config,
    /// The task, where it is not the one that `config` names.
    pub task: Option<Arc<dyn Task>>,
    /// The split of the data.
    pub part: Part,
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
pub fn evaluate(request: &EvalRequest<'_>, observer: &mut dyn Observer) -> Result<Report> {
    on_device!(request.config.run.device, |kernels| {
        evaluate_on(kernels, request, observer)
    })
}

fn evaluate_on<K: Kernels>(
    kernels: K,
    request: &EvalRequest<'_>,
    observer: &mut dyn Observer,
) -> Result<Report> {
    let (config, description) = (request.config, request.model.description());
    let (task, source) = open(request)?;
    let network = request.model.network(kernels)?;
    let dataset = part_of(&source, request.part);
    let train = &config.train;
    let part = EvalSet {
        dataset,
        info: &source.info,
        transform: &Transform::new(train.shorter_side_px, train.crop_px),
        ignore: config.data.ignore,
        batch: BATCH,
        view: request.view,
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
pub fn examples(
    request: &EvalRequest<'_>,
    count: usize,
    longest_px: usize,
) -> Result<Vec<Example>> {
    let (_, source) = open(request)?;
    let predictor = Predictor::new(request.model, request.config.run.device)?;
    let dataset = part_of(&source, request.part);
    let count = count.min(dataset.len());
    (0..count)
        .map(|at| {
            let index = at * dataset.len() / count;
            let sample = dataset.read(index)?;
            let answer = predictor.predict(&sample.image)?;
            let Size { width, height } = sample.image.size;
            let longer = width.max(height);
            let shorter = width.min(height) * longest_px.min(longer) / longer.max(1);
            let sample = Transform::new(shorter.max(1), 1).shown(
                &sample,
                &source.info,
                request.config.data.ignore,
            );
            Ok(Example {
                name: dataset.name(index),
                answer: answer.resized(sample.image.size),
                sample,
            })
        })
        .collect()
}

/// The task and the data, checked against the model.
fn open(request: &EvalRequest<'_>) -> Result<(Arc<dyn Task>, Source)> {
    let (config, description) = (request.config, request.model.description());
    let task: Arc<dyn Task> = match &request.task {
        Some(task) => task.clone(),
        None => config.make_task()?.into(),
    };
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
    if task.output_channels(&source.info) != channels {
        return Err(unfit(format!(
            "the task wants {} output channels for this data, and the model has {channels}",
            task.output_channels(&source.info)
        )));
    }
    task.fault()?;
    Ok((task, source))
}

/// Whether a model learned from the images of a folder, so that one must be named to look at images again.
pub fn needs_data(description: &Description) -> bool {
    description.provenance.data_origin == Origin::Folder
}

fn part_of(source: &Source, part: Part) -> &dyn Dataset {
    match part {
        Part::Train => &*source.train,
        Part::Val => &*source.val,
    }
}

/// Whether the data has the classes or joints that the network's channels are, in this request.
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
