//! Predictions on images of the validation split, beside the ground truth.

use nasfw::data::{Image, jpeg_bytes, palette_png_bytes};
use nasfw::engine::eval::{self, EvalRequest, examples, needs_data, settings};
use nasfw::model::Model;
use nasfw::network::fit::EvalRegion;
use nasfw::plugin_host as plugins;
use nasfw::report::model::{Example, Examples};
use nasfw::sdk::{DataInfo, Label, Size, Split};

use super::Args;
use crate::args::path_flag;
use crate::exit::{Failure, say};
use crate::picture::{classes, depth, of_class, pose};

/// Default number of images.
const USUAL: usize = 4;

/// Longer side of a picture in the page.
const LONGEST_PX: usize = 256;

/// Colour of ignored pixels.
const IGNORED: [u8; 3] = [150; 3];

/// The examples in a model's page; empty when no data is available.
///
/// # Errors
/// When the given data cannot be used.
pub(super) fn of(model: &Model, args: &Args) -> Result<Examples, Failure> {
    let description = model.description();
    let libraries = &description.provenance.plugins;
    let without = match (args.data.is_some(), args.load) {
        _ if args.examples == Some(0) => return Ok(Examples::default()),
        (false, _) if needs_data(description) => {
            "the model was trained on an image folder: add --data DIR to show example images with ground \
            truth and prediction"
        }
        (false, false) if !libraries.is_empty() => {
            "the model was trained with a library: add --load to show example images with ground truth and \
            prediction"
        }
        _ => "",
    };
    if !without.is_empty() {
        say(without);
        return Ok(Examples::default());
    }
    if !args.load
        && let [library, ..] = &libraries[..]
    {
        return Err(Failure::Input(format!(
            "--data: reading images may need {library}, which the model was trained with; add --load"
        )));
    }
    let layers = settings(description)?;
    let layers = path_flag(layers, "--data", "data.path", args.data.as_deref())?;
    let config = layers.resolve()?;
    nasfw::use_threads(config.run.threads)?;
    let request = EvalRequest {
        model,
        config: &config,
        task: None,
        split: Split::Val,
        region: EvalRegion::Whole,
    };
    let count = args
        .examples
        .map_or(USUAL, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let seen = examples(&request, count, LONGEST_PX)?;
    plugins::take_notes();
    let mut page = Examples {
        notes: vec![
            "Images spread evenly over the validation split, with ground truth and prediction."
                .into(),
        ],
        ..Examples::default()
    };
    for example in &seen {
        page.images
            .push(drawn(example, &description.data, config.data.ignore)?);
    }
    explain(&mut page, &seen, &description.data, config.data.ignore);
    Ok(page)
}

/// Renders an image, its ground truth and its prediction.
fn drawn(example: &eval::Example, info: &DataInfo, ignore: u8) -> Result<Example, Failure> {
    let (image, answer) = (&example.sample.image, &example.answer);
    let size = image.size;
    let (truth, prediction) = match &example.sample.label {
        Label::Classes { values, .. } => (
            mask(values, size, ignore)?,
            mask(&classes::of_answer(answer)?, size, ignore)?,
        ),
        Label::Depth { values, .. } => {
            // The colour scale of the ground truth for both, so that they can be compared.
            let known: Vec<f32> = values.iter().copied().filter(|&m| m > 0.0).collect();
            let range = depth::range(&known);
            let mut truth = depth::coloured(values, size, range);
            let pixels = truth.pixels.as_chunks_mut::<3>().0.iter_mut();
            for (pixel, _) in pixels.zip(values).filter(|(_, m)| **m <= 0.0) {
                *pixel = IGNORED;
            }
            let predicted = depth::coloured(&depth::of_answer(answer), size, range);
            (photo(&truth)?, photo(&predicted)?)
        }
        Label::Keypoints { points, .. } => {
            let truth: Vec<pose::Joint> = (points.iter())
                .map(|p| pose::Joint {
                    x_px: p.x_px,
                    y_px: p.y_px,
                    score: f32::from(u8::from(p.visible)),
                })
                .collect();
            let predicted = pose::of_answer(answer, info.joints.len())?;
            let draw =
                |joints: &[pose::Joint]| photo(&pose::on_image(image, joints, &info.skeleton).0);
            (draw(&truth)?, draw(&predicted)?)
        }
    };
    Ok(Example {
        name: example.name.clone(),
        image: photo(image)?,
        truth,
        prediction,
    })
}

/// Adds the legend and notes that explain the pictures.
fn explain(page: &mut Examples, seen: &[eval::Example], info: &DataInfo, ignore: u8) {
    let (mut occurs, mut is_ignored) = ([false; 256], false);
    for example in seen {
        match &example.sample.label {
            Label::Classes { values, .. } => {
                let predicted = classes::of_answer(&example.answer).unwrap_or_default();
                for &class in values.iter().chain(&predicted) {
                    occurs[usize::from(class)] = true;
                }
            }
            Label::Depth { values, .. } => is_ignored |= values.iter().any(|&m| m <= 0.0),
            Label::Keypoints { .. } => {}
        }
    }
    match seen.first().map(|e| &e.sample.label) {
        Some(Label::Classes { .. }) => {
            is_ignored = std::mem::take(&mut occurs[usize::from(ignore)]);
            let names = info.classes.iter().zip(0_u8..=u8::MAX);
            let shown = names.filter(|(_, class)| occurs[usize::from(*class)]);
            page.legend = shown
                .map(|(name, class)| (name.clone(), of_class(class)))
                .collect();
        }
        Some(Label::Depth { .. }) => page.notes.push(
            "Near is light, far is dark; a prediction uses the colour scale of its ground truth."
                .into(),
        ),
        _ => {}
    }
    if is_ignored {
        page.notes.push("Grey = ignored pixels.".into());
    }
}

fn mask(values: &[u8], size: Size, ignore: u8) -> Result<Vec<u8>, Failure> {
    let colour = |class| {
        if class == ignore {
            IGNORED
        } else {
            of_class(class)
        }
    };
    palette_png_bytes(size, values, colour).map_err(Failure::Failed)
}

fn photo(image: &Image) -> Result<Vec<u8>, Failure> {
    jpeg_bytes(image).map_err(Failure::Failed)
}
