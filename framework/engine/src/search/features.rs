//! Encoder outputs and teacher outputs, computed once for a whole search.

use std::sync::Arc;

use nasfw_data::{Prepared, Transform};
use nasfw_sdk::{Label, Size, Stage, TargetScale};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::experiment::Setup;
use crate::progress::{Event, Observer};
use nasfw_network::Network;
use nasfw_network::fit::{FeatureSet, PreparedSet, quarter, stack, teach, upload};
use nasfw_network::kernels::{Kernels, MapShape, Store, map_shape};

/// Crops encoded at a time.
const BATCH: usize = 16;

/// Training and validation data of a stage on cached features.
pub(super) struct StageFeatures {
    pub(super) train: FeatureSet,
    pub(super) val: FeatureSet,
}

/// Encodes the samples of a stage: augmented crops of the meta-training images with the
/// teacher's outputs, and plain crops of the meta-validation images.
///
/// Without an encoder the crops themselves are the features.
pub(super) fn compute<K: Kernels>(
    setup: &Setup,
    stage: &Stage,
    warm: Option<&Network<K>>,
    kernels: &K,
    observer: &mut dyn Observer,
) -> Result<StageFeatures> {
    let transform = Transform::new(stage.shorter_side_px, stage.crop_px);
    let (info, ignore) = (&setup.source.info, setup.ignore());
    let indices = setup.training_samples(stage.samples);
    let wanted = indices.len();
    let val = PreparedSet::new(
        &*setup.source.train,
        &setup.meta_val,
        info,
        &transform,
        ignore,
    )?;
    let mut encoder = Encoder::new(setup, stage, warm, kernels)?;
    let allowed = encoder.samples_within_budget(wanted, val.samples.len())?;
    if allowed < wanted {
        let limit = setup.config.features.memory_limit_mb;
        let text = format!(
            "features of {wanted} samples do not fit into {limit} MiB \
             (features.memory_limit_mb); using {allowed}"
        );
        observer.on(&Event::Note { text: &text });
    }
    observer.on(&Event::Phase {
        name: "encoder features",
        steps: allowed + val.samples.len(),
    });
    let mut train = Encoded::default();
    let seed = setup.seed.child("features");
    let samples: Vec<(usize, usize)> = indices.into_iter().take(allowed).enumerate().collect();
    for chunk in samples.chunks(BATCH) {
        let crops: Vec<Prepared> = (chunk.par_iter())
            .map(|&(at, index)| {
                let sample = setup.source.train.read(index)?;
                let mut rng = seed.stream(&format!("augment/{at}"));
                Ok(transform.train(&sample, info, ignore, &mut rng))
            })
            .collect::<Result<_>>()?;
        encoder.encode(crops, &mut train, true)?;
        step(observer, train.labels.len())?;
    }
    let mut val_set = Encoded::default();
    for chunk in val.samples.chunks(BATCH) {
        encoder.encode(chunk.to_vec(), &mut val_set, false)?;
        step(observer, allowed + val_set.labels.len())?;
    }
    observer.on(&Event::PhaseDone);
    let (train, val) = (train.into_set(), val_set.into_set());
    keep_on_device(kernels, [&train, &val], setup, observer)?;
    Ok(StageFeatures { train, val })
}

/// Copies as much as fits into the budget to the device; batches of the rest are uploaded step by
/// step.
fn keep_on_device<K: Kernels>(
    kernels: &K,
    sets: [&FeatureSet; 2],
    setup: &Setup,
    observer: &mut dyn Observer,
) -> Result<()> {
    let budget = setup.config.features.device_memory_mb;
    let mut left = (budget as usize).saturating_mul(1 << 20);
    let (mut kept, mut all) = (0, 0);
    for store in sets.into_iter().flat_map(FeatureSet::stores) {
        all += store.bytes();
        if store.bytes() <= left && kernels.keep(store)? {
            left -= store.bytes();
            kept += store.bytes();
        }
    }
    if kept > 0 && kept < all {
        let mib = |bytes: usize| bytes.div_ceil(1 << 20);
        let text = format!(
            "{} of {} MiB of features are kept on the device (features.device_memory_mb is {budget}); \
             the rest is uploaded step by step",
            mib(kept),
            mib(all)
        );
        observer.on(&Event::Note { text: &text });
    }
    Ok(())
}

/// A set of crops being encoded.
#[derive(Default)]
struct Encoded {
    /// Per output of the encoder, the shape of one sample and the samples so far.
    maps: Vec<(MapShape, Vec<f32>)>,
    labels: Vec<Arc<Label>>,
    teacher: Option<(usize, Vec<f32>)>,
}

impl Encoded {
    fn into_set(self) -> FeatureSet {
        let store = |length, values| Arc::new(Store::new(values, length));
        let maps = self.maps.into_iter();
        FeatureSet {
            maps: maps
                .map(|(one, all)| (one, store(one.len(), all)))
                .collect(),
            labels: self.labels,
            teacher: self.teacher.map(|(length, all)| store(length, all)),
        }
    }
}

fn step(observer: &mut dyn Observer, done: usize) -> Result<()> {
    observer.on(&Event::Step { done, note: "" });
    if observer.should_stop() {
        Err(Error::Stopped)
    } else {
        Ok(())
    }
}

struct Encoder<'a, K: Kernels> {
    setup: &'a Setup,
    stage: &'a Stage,
    kernels: &'a K,
    encoder: Option<Network<K>>,
    teacher: Option<&'a Network<K>>,
}

impl<'a, K: Kernels> Encoder<'a, K> {
    fn new(
        setup: &'a Setup,
        stage: &'a Stage,
        warm: Option<&'a Network<K>>,
        kernels: &'a K,
    ) -> Result<Self> {
        let encoder = match (&setup.encoder, warm) {
            (Some(graph), Some(warm)) => {
                let mut rng = setup.seed.stream("features/init");
                let mut network = Network::new(kernels.clone(), graph, &mut rng)?;
                network
                    .parameters_mut()
                    .load(&warm.parameters().weights())?;
                Some(network)
            }
            _ => None,
        };
        let config = &setup.config;
        // Without a warm-up, the teacher network would be untrained.
        let is_taught =
            stage.distillation > 0.0 && config.teacher.enabled && config.warmup.epochs > 0;
        Ok(Self {
            setup,
            stage,
            kernels,
            encoder,
            teacher: warm.filter(|_| is_taught),
        })
    }

    /// Number of training samples that fit into the budget beside `val` meta-val samples.
    fn samples_within_budget(&self, wanted: usize, val: usize) -> Result<usize> {
        let crop = self.stage.crop_px;
        let mut floats = match &self.encoder {
            None => 3 * crop * crop,
            Some(encoder) => {
                let graph = encoder.graph();
                let sizes = graph.sizes(&[Size::square(crop)]);
                let outputs = graph.outputs().iter();
                outputs
                    .map(|o| sizes[o.node].area() * graph.channels(o.node))
                    .sum()
            }
        };
        if self.teacher.is_some() {
            floats += quarter(crop).pow(2) * self.setup.io.output_channels;
        }
        let limit = self.setup.config.features.memory_limit_mb;
        if limit == 0 {
            return Ok(wanted);
        }
        let fit = (limit as usize).saturating_mul(1 << 20) / (4 * floats.max(1));
        match fit.saturating_sub(val) {
            0 => Err(Error::Config {
                file: None,
                message: format!(
                    "features.memory_limit_mb: {limit} MiB hold {fit} samples, but the meta-val \
                     split alone has {val}; raise it, or lower meta.val_share ({})",
                    self.setup.config.meta.val_share
                ),
            }),
            left => Ok(wanted.min(left)),
        }
    }

    fn encode(&mut self, crops: Vec<Prepared>, into: &mut Encoded, is_train: bool) -> Result<()> {
        let batch = stack(crops);
        let inputs = upload(self.kernels, &batch)?;
        let maps: Vec<(MapShape, Vec<f32>)> = match &self.encoder {
            None => (inputs.iter())
                .map(|map| (map_shape(map), map.as_vec()))
                .collect(),
            Some(encoder) => (encoder.forward_eval(&inputs)?.iter())
                .map(|map| (map_shape(map), map.as_vec()))
                .collect(),
        };
        if into.maps.is_empty() {
            into.maps = maps
                .iter()
                .map(|(s, _)| (MapShape { batch: 1, ..*s }, vec![]))
                .collect();
        }
        for ((_, all), (_, values)) in into.maps.iter_mut().zip(&maps) {
            all.extend_from_slice(values);
        }
        if let (true, Some(teacher)) = (is_train, self.teacher) {
            let output = teach(teacher, &inputs, self.stage.crop_px)?;
            let one = map_shape(&output).len() / map_shape(&output).batch.max(1);
            let (_, all) = into.teacher.get_or_insert_with(|| (one, Vec::new()));
            all.extend_from_slice(&output.as_vec());
        }
        let side = quarter(self.stage.crop_px);
        let crop = self.stage.crop_px;
        for label in batch.labels {
            // Training labels are compared at a quarter of the size: keep no more than that.
            let kept = match (is_train, self.stage.targets, &*label) {
                (true, TargetScale::Quarter, Label::Keypoints { .. }) => label,
                (true, TargetScale::Quarter, _) => {
                    let (kept, from) = (Size::square(side), Size::square(crop));
                    Arc::new(nasfw_data::resize_label(&label, kept, from))
                }
                _ => label,
            };
            into.labels.push(kept);
        }
        Ok(())
    }
}
