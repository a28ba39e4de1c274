//! Procedural scenes: data without files, with exact masks, depths and joints at once.
//!
//! Each scene is a patterned floor and back wall, a few solids (boxes, balls, cones, cylinders,
//! pyramids; standing or lying) and a jointed figure in a random posture, under one lamp with
//! shadows. Colours and patterns are drawn independently of the class. The same image serves every
//! kind of label; the kind that a set returns is chosen when it is opened. Depth is in metres along
//! the camera's axis and every pixel has one; joints that are hidden or outside are invisible.
//!
//! Good for demonstrations, tests and first experiments; how well a network does here says little
//! about photographs.

mod figure;
mod meeting;
mod render;
mod scene;
mod solid;
mod surface;
mod vector;

use std::sync::Arc;

use nasfw_sdk::{DataInfo, Label, LabelKind, Seed, Size};

use crate::config::GeneratorConfig;
use crate::error::DataError;
use crate::sample::{Dataset, Sample, Source};

pub use render::Rendered;

/// Version of the images: raised whenever the same settings give other ones, so that fingerprints
/// tell them apart.
const VERSION: u32 = 1;

const MAX_SOLIDS: usize = 5;

/// Opens the generator as a source with this kind of labels.
pub(crate) fn open(config: &GeneratorConfig, labels: LabelKind) -> Source {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let mut info = DataInfo {
        flip_pairs: Some(Vec::new()),
        ..DataInfo::default()
    };
    match labels {
        LabelKind::Classes => info.classes = names(&scene::CLASSES),
        LabelKind::Depth => {}
        LabelKind::Keypoints => {
            info.joints = names(&figure::JOINTS);
            info.flip_pairs = Some(figure::FLIP_PAIRS.to_vec());
            info.skeleton = figure::SKELETON.to_vec();
        }
    }
    let GeneratorConfig {
        train,
        val,
        side_px,
        seed,
    } = config;
    let settings = format!("{VERSION} {train} {val} {side_px} {seed} {labels:?}");
    let split = |name: &'static str, len: usize| {
        Arc::new(GeneratedSet {
            seed: Seed(*seed).child(name),
            split: name,
            len,
            side_px: *side_px,
            labels,
        })
    };
    Source {
        info,
        train: split("train", *train),
        val: split("val", *val),
        description: format!(
            "generator: {train} training and {val} validation scenes of {side_px}x{side_px} pixels"
        ),
        fingerprint: blake3::hash(settings.as_bytes()).to_hex().to_string(),
    }
}

/// Draws scene number `index` of a seed at a side in pixels, with all its truths.
///
/// The same arguments always give the same result, on any thread.
pub fn draw(seed: Seed, index: usize, side_px: usize) -> Rendered {
    let attempt = |number: usize, most_solids: usize| {
        let mut rng = seed.stream(&format!("scene/{index}/{number}"));
        let scene = scene::Scene::random(&mut rng, most_solids);
        render::render(&scene, side_px, &mut rng)
    };
    // A solid may hide the whole figure, which would be a sample without a visible joint.
    for number in 0..4 {
        let drawn = attempt(number, MAX_SOLIDS);
        if drawn.keypoints.iter().any(|k| k.visible) {
            return drawn;
        }
    }
    attempt(4, 0)
}

/// One split of the generator's scenes.
struct GeneratedSet {
    seed: Seed,
    split: &'static str,
    len: usize,
    side_px: usize,
    labels: LabelKind,
}

impl Dataset for GeneratedSet {
    fn len(&self) -> usize {
        self.len
    }

    fn name(&self, index: usize) -> String {
        format!("generated {} scene {index}", self.split)
    }

    fn read(&self, index: usize) -> Result<Sample, DataError> {
        if index >= self.len {
            let len = self.len;
            return Err(DataError::NoSample { index, len });
        }
        let drawn = draw(self.seed, index, self.side_px);
        let Size { width, height } = drawn.image.size;
        let label = match self.labels {
            LabelKind::Classes => Label::Classes {
                width,
                height,
                values: drawn.classes,
            },
            LabelKind::Depth => Label::Depth {
                width,
                height,
                values: drawn.depth_m,
            },
            LabelKind::Keypoints => Label::Keypoints {
                points: drawn.keypoints,
                reference_px: drawn.reference_px,
            },
        };
        Ok(Sample {
            image: drawn.image,
            label,
        })
    }
}
