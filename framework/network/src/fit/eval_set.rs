//! Evaluation on a split of a data set, read on the fly.

use nasfw_data::{Dataset, Prepared, Transform};
use nasfw_sdk::{DataInfo, Metrics, Task};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::batch::stack;
use super::evaluate::Evaluator;
use crate::error::{Error, Result};
use crate::kernels::Kernels;
use crate::network::Network;

/// The region of an image that a network is evaluated on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvalRegion {
    /// The central square, as in training: the same size for all images; pixels outside are
    /// ignored.
    Crop,
    /// The whole image.
    Whole,
}

/// Images of a data set to evaluate networks on.
pub struct EvalSet<'a> {
    /// The source of images; all of them are evaluated.
    pub dataset: &'a dyn Dataset,
    /// The data set's description.
    pub info: &'a DataInfo,
    /// Scale and crop.
    pub transform: &'a Transform,
    /// The label value of ignored pixels.
    pub ignore: u8,
    /// Maximum number of images per step.
    pub batch: usize,
    /// The region of an image that is seen.
    pub region: EvalRegion,
}

impl EvalSet<'_> {
    /// Evaluates `network` on all images at the scale of the transform, labels scaled with them.
    /// Images are read a batch at a time: a split may be larger than the memory. `tick` receives
    /// the number of finished images after every batch, and ends the evaluation by returning an
    /// error.
    ///
    /// # Errors
    /// When an image cannot be read, or as [`Evaluator::add`].
    pub fn evaluate<K: Kernels, E: From<Error>>(
        &self,
        network: &Network<K>,
        task: &dyn Task,
        tick: &mut dyn FnMut(usize) -> Result<(), E>,
    ) -> Result<Metrics, E> {
        let mut evaluator = Evaluator::new(network, task, self.info)?;
        let indices: Vec<usize> = (0..self.dataset.len()).collect();
        let mut done = 0;
        for chunk in indices.chunks(self.batch.max(1)) {
            let prepared = self.prepare(chunk)?;
            // Whole images have many sizes; a step takes images of one size.
            for alike in prepared.chunk_by(|a, b| a.size_px == b.size_px) {
                evaluator.add(&stack(alike.to_vec()), alike[0].size_px)?;
                done += alike.len();
                tick(done)?;
            }
        }
        Ok(evaluator.metrics()?)
    }

    fn prepare(&self, indices: &[usize]) -> Result<Vec<Prepared>> {
        (indices.par_iter())
            .map(|&at| {
                let sample = self.dataset.read(at)?;
                if self.region == EvalRegion::Whole {
                    self.transform
                        .check_size(sample.image.size)
                        .map_err(|e| Error::BadData {
                            message: format!("{}: {e}", self.dataset.name(at)),
                        })?;
                }
                Ok(match self.region {
                    EvalRegion::Crop => self.transform.eval(&sample, self.info, self.ignore),
                    EvalRegion::Whole => self.transform.whole(&sample, self.info, self.ignore),
                })
            })
            .collect()
    }
}
