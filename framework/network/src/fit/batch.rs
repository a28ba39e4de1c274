//! The inputs of one step, and their sources.

use std::sync::Arc;

use nasfw_data::{Dataset, Prepared, Transform};
use nasfw_sdk::{DataInfo, Label, Seed, Size};
use rand::seq::SliceRandom;
use rayon::prelude::*;

use crate::error::Result;
use crate::kernels::MapShape;
use crate::kernels::{BatchValues, Store};

/// The inputs and labels of one step.
#[derive(Clone, Debug)]
pub struct Batch {
    /// One batched map per network input, channels last.
    pub inputs: Vec<(MapShape, BatchValues)>,
    /// The label of every image, at the size of the crop or already at that of the target.
    pub labels: Vec<Arc<Label>>,
    /// The teacher's outputs at a quarter of the crop, if there is a teacher.
    pub teacher: Option<BatchValues>,
}

/// A source of batches: the samples of a data set in a new order every epoch.
pub trait Batches {
    /// Steps in an epoch.
    fn steps(&self) -> usize;

    /// The batch of one step.
    ///
    /// # Errors
    /// When a sample cannot be read.
    fn batch(&self, epoch: usize, step: usize) -> Result<Batch>;
}

/// Encoder outputs of a set of crops, held in memory.
#[derive(Debug, Default)]
pub struct FeatureSet {
    /// Per network input, the shape of one sample (batch 1) and all samples.
    pub maps: Vec<(MapShape, Arc<Store>)>,
    /// The label of every crop.
    pub labels: Vec<Arc<Label>>,
    /// The teacher's output for every crop.
    pub teacher: Option<Arc<Store>>,
}

impl FeatureSet {
    /// The samples `indices` as a batch.
    pub fn gather(&self, indices: &[usize]) -> Batch {
        let pick = |store: &Arc<Store>| BatchValues::Stored(store.clone(), indices.to_vec());
        let batch = indices.len();
        let inputs = self.maps.iter();
        Batch {
            inputs: inputs
                .map(|(one, store)| (MapShape { batch, ..*one }, pick(store)))
                .collect(),
            labels: indices.iter().map(|&i| self.labels[i].clone()).collect(),
            teacher: self.teacher.as_ref().map(pick),
        }
    }

    /// The stores of all maps, and of the teacher's outputs.
    pub fn stores(&self) -> impl Iterator<Item = &Arc<Store>> {
        self.maps
            .iter()
            .map(|(_, store)| store)
            .chain(&self.teacher)
    }
}

/// Batches of a [`FeatureSet`] in an order drawn from `seed` every epoch.
#[derive(Debug)]
pub struct StoredBatches<'a> {
    /// The samples.
    pub set: &'a FeatureSet,
    /// Samples per step.
    pub batch: usize,
    /// The seed of the orders.
    pub seed: Seed,
}

impl Batches for StoredBatches<'_> {
    fn steps(&self) -> usize {
        steps(self.set.labels.len(), self.batch)
    }

    fn batch(&self, epoch: usize, step: usize) -> Result<Batch> {
        let order = order(self.set.labels.len(), self.seed, epoch);
        Ok(self.set.gather(share(&order, step, self.batch)))
    }
}

/// Batches of freshly augmented crops of images.
#[derive(Clone, Copy)]
pub struct ImageSet<'a> {
    /// The source of images.
    pub dataset: &'a dyn Dataset,
    /// The samples of an epoch; repeated ones are augmented independently.
    pub indices: &'a [usize],
    /// The data set's description.
    pub info: &'a DataInfo,
    /// Augmentation.
    pub transform: &'a Transform,
    /// The label value of ignored pixels.
    pub ignore: u8,
    /// Images per step.
    pub batch: usize,
    /// The seed of orders and augmentations.
    pub seed: Seed,
}

impl std::fmt::Debug for ImageSet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImageSet")
            .field("samples", &self.indices.len())
            .field("transform", &self.transform)
            .field("batch", &self.batch)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl Batches for ImageSet<'_> {
    fn steps(&self) -> usize {
        steps(self.indices.len(), self.batch)
    }

    fn batch(&self, epoch: usize, step: usize) -> Result<Batch> {
        let order = order(self.indices.len(), self.seed, epoch);
        let prepared: Vec<Prepared> = share(&order, step, self.batch)
            .par_iter()
            .map(|&at| {
                let index = self.indices[at];
                // One stream per position and epoch: the result does not depend on which thread
                // reads it when.
                let mut rng = self.seed.stream(&format!("augment/{epoch}/{at}"));
                let sample = self.dataset.read(index)?;
                Ok(self
                    .transform
                    .train(&sample, self.info, self.ignore, &mut rng))
            })
            .collect::<Result<_>>()?;
        Ok(stack(prepared))
    }
}

/// Crops prepared once, for validation.
#[derive(Debug)]
pub struct PreparedSet {
    /// The crops, all of one size.
    pub samples: Vec<Prepared>,
}

impl PreparedSet {
    /// Prepares the samples `indices` without augmentation.
    ///
    /// # Errors
    /// When a sample cannot be read.
    pub fn new(
        dataset: &dyn Dataset,
        indices: &[usize],
        info: &DataInfo,
        transform: &Transform,
        ignore: u8,
    ) -> Result<Self> {
        let samples = (indices.par_iter())
            .map(|&i| Ok(transform.eval(&dataset.read(i)?, info, ignore)))
            .collect::<Result<_>>()?;
        Ok(Self { samples })
    }

    /// Consecutive batches of at most `size` crops.
    pub fn batches(&self, size: usize) -> impl Iterator<Item = Batch> {
        self.samples
            .chunks(size.max(1))
            .map(|chunk| stack(chunk.to_vec()))
    }
}

/// Joins crops of one size into a batch.
pub fn stack(prepared: Vec<Prepared>) -> Batch {
    let size = prepared.first().map_or(Size::default(), |p| p.size_px);
    let shape = MapShape::new(prepared.len(), size.height, size.width, 3);
    let mut values = Vec::with_capacity(shape.len());
    let mut labels = Vec::with_capacity(prepared.len());
    for one in prepared {
        values.extend_from_slice(&one.image);
        labels.push(Arc::new(one.label));
    }
    Batch {
        inputs: vec![(shape, values.into())],
        labels,
        teacher: None,
    }
}

/// The number of steps: whole batches only, so that normalisation never sees a stray image; at
/// least one.
pub(super) fn steps(samples: usize, batch: usize) -> usize {
    (samples / batch.max(1)).max(usize::from(samples > 0))
}

fn order(samples: usize, seed: Seed, epoch: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..samples).collect();
    order.shuffle(&mut seed.stream(&format!("order/{epoch}")));
    order
}

fn share(order: &[usize], step: usize, batch: usize) -> &[usize] {
    let start = (step * batch).min(order.len());
    &order[start..(start + batch).min(order.len())]
}
