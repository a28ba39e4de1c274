//! Evaluates a trained network on a data set.

use std::sync::Arc;

use nasfw_data::{Dataset, Sample, Source, Transform};
use nasfw_sdk::{DataInfo, LabelKind, Metrics, Size, Split, Task};
use serde_json::{Map, Value, json};

use crate::config::{Config, Layers, Preset};
use crate::error::{Error, Result};
use crate::experiment::open_data;
use crate::experiment::reward;
use crate::progress::{Event, Observer};
use nasfw_device::on_device;
use nasfw_model::predict::{Output, Predictor};
use nasfw_model::{DataOrigin, Description, Model};
use nasfw_network::fit::{EvalRegion, EvalSet};
use nasfw_network::kernels::Kernels;

/// Images per step; the metrics do not depend on it.
const BATCH: usize = 8;

/// A model, and the data to evaluate it on.
pub struct EvalRequest<'a> {
    /// The trained network.
    pub model: &'a Model,
    /// Task, data and scale, from [`settings`].
    pub config: &'a Config,
    /// The task, where it is not the one that `config` names.
    pub task: Option<Arc<dyn Task>>,
    /// The split of the data.
    pub split: Split,
    /// The region of each image that the network sees.
    pub region: EvalRegion,
}

/// The result of an evaluation.
#[derive(Debug)]
pub struct EvalResult {
    /// Metrics over the whole split, and per class or joint that occurs.
    pub metrics: Metrics,
    /// The reward that these metrics would earn in a search.
    pub reward: f64,
    /// The region of each image that the network saw.
    pub region: EvalRegion,
    /// Number of images evaluated.
    pub images: usize,
    /// The data set in one line.
    pub data: String,
    /// True if it is the data set that the network was trained on.
    pub is_training_data: bool,
}

/// The settings that a model is evaluated with, as a base for overrides: its task, how its data was
/// read, its scale and crop.
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
        // A data set that does not name its classes may show fewer of them than it has.
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

/// Evaluates a model on a split of a data set, the way training does.
///
/// Images and their labels are scaled so that the shorter side has `train.shorter_side_px`; the
/// network sees them whole, or the central crop of `train.crop_px`. A class or depth output is
/// resized bilinearly to that size and compared there; heatmaps give positions at their own size.
///
/// # Errors
/// When a setting or the data is wrong, the data does not have the model's classes or joints, or
/// the model was trained on a folder and none is named.
pub fn evaluate(request: &EvalRequest<'_>, observer: &mut dyn Observer) -> Result<EvalResult> {
    on_device!(request.config.run.device, |kernels| {
        evaluate_on(kernels, request, observer)
    })
}

fn evaluate_on<K: Kernels>(
    kernels: K,
    request: &EvalRequest<'_>,
    observer: &mut dyn Observer,
) -> Result<EvalResult> {
    let (config, description) = (request.config, request.model.description());
    let (task, source) = open(request)?;
    let network = request.model.network(kernels)?;
    let dataset = split_of(&source, request.split);
    let train = &config.train;
    let part = EvalSet {
        dataset,
        info: &source.info,
        transform: &Transform::new(train.shorter_side_px, train.crop_px),
        ignore: config.data.ignore,
        batch: BATCH,
        region: request.region,
    };
    observer.on(&Event::Phase {
        name: "evaluation",
        steps: dataset.len(),
    });
    let metrics = part.evaluate(&network, &*task, &mut |done| {
        observer.on(&Event::Step { done, note: "" });
        if observer.should_stop() {
            Err(Error::Stopped)
        } else {
            Ok(())
        }
    })?;
    observer.on(&Event::PhaseDone);
    Ok(EvalResult {
        reward: reward(&*task, &metrics)?,
        metrics,
        region: request.region,
        images: dataset.len(),
        is_training_data: source.fingerprint == description.provenance.data_fingerprint,
        data: source.description,
    })
}

/// An image, its label, and the network's prediction.
#[derive(Debug)]
pub struct Example {
    /// The image's name in the data set.
    pub name: String,
    /// Image and label, at display size.
    pub sample: Sample,
    /// The prediction for the original image, resized to display size.
    pub answer: Output,
}

/// Returns `count` images spread evenly over the split, or all of them if there are fewer. Each is
/// seen whole and shown with its longer side at most `longest_px` pixels.
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
    let dataset = split_of(&source, request.split);
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
                answer: answer.for_image_size(sample.image.size),
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
                "the model was trained on an image folder; name that folder, or another one, with --data"
                    .into(),
        });
    }
    let source = open_data(config, &task)?;
    check_names(description, &source)?;
    let channels = description.graph.channels(description.graph.main().node);
    let wanted = task.output_channels(&source.info)?;
    if wanted != channels {
        return Err(unfit(format!(
            "the task needs {wanted} output channels for this data, but the model has {channels}"
        )));
    }
    Ok((task, source))
}

/// True if a model was trained on the images of a folder, so that a folder must be named to read
/// images again.
pub fn needs_data(description: &Description) -> bool {
    description.provenance.data_origin == DataOrigin::Folder
}

fn split_of(source: &Source, split: Split) -> &dyn Dataset {
    match split {
        Split::Train => &*source.train,
        Split::Val => &*source.val,
    }
}

/// Checks that the data has the classes or joints of the network's channels, in the same request.
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
            "number of {what} names: {ours} in the model, {theirs} in the data; use data with the same ones"
        )));
    }
    match ours.iter().zip(&theirs).position(|(a, b)| a != b) {
        None => Ok(()),
        Some(at) => Err(unfit(format!(
            "{what} {at} is `{}` in the model and `{}` in the data; names and order must match",
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
