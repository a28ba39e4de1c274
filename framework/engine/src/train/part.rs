//! A part of a data set, scored as it is read.

use nasfw_data::{Dataset, Prepared, Transform};
use nasfw_sdk::{DataInfo, Metrics, Task};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::batch::stack;
use super::judge::Evaluator;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::network::kernels::Kernels;
use crate::predict::check_size;

/// What a network sees of an image that it is scored on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The square in the middle, as training scores it: the same size for all images, what is
    /// outside does not count.
    Crop,
    /// All of it.
    Whole,
}

/// Images of a data set to score networks on.
pub struct PartSet<'a> {
    /// Where images come from; all of them are scored.
    pub dataset: &'a dyn Dataset,
    /// What the set says of itself.
    pub info: &'a DataInfo,
    /// Scale and crop.
    pub transform: &'a Transform,
    /// The label that does not count.
    pub ignore: u8,
    /// Images in a step, at most.
    pub batch: usize,
    /// What of an image is seen.
    pub view: View,
}

impl PartSet<'_> {
    /// Scores `network` on all images at the scale of the transform, truths scaled with them. Images
    /// are read a batch at a time: a part may be larger than the memory. `tick` is told after every
    /// batch how many images are done, and ends it by returning an error.
    ///
    /// # Errors
    /// When an image cannot be read, or as [`Evaluator::add`].
    pub fn judge<K: Kernels>(
        &self,
        network: &Network<K>,
        task: &dyn Task,
        tick: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<Metrics> {
        let mut evaluator = Evaluator::new(network, task, self.info)?;
        let indices: Vec<usize> = (0..self.dataset.len()).collect();
        let mut done = 0;
        for chunk in indices.chunks(self.batch.max(1)) {
            let prepared = self.prepare(chunk)?;
            // Whole images are of many sizes; a step takes those of one.
            for alike in prepared.chunk_by(|a, b| a.size_px == b.size_px) {
                let (width, height) = alike[0].size_px;
                evaluator.add(&stack(alike.to_vec()), (height, width))?;
                done += alike.len();
                tick(done)?;
            }
        }
        evaluator.metrics()
    }

    fn prepare(&self, indices: &[usize]) -> Result<Vec<Prepared>> {
        (indices.par_iter())
            .map(|&at| {
                let sample = self.dataset.read(at)?;
                if self.view == View::Whole {
                    let size_px = (sample.image.width, sample.image.height);
                    check_size(self.transform, size_px).map_err(|e| Error::BadData {
                        message: format!("{}: {e}", self.dataset.name(at)),
                    })?;
                }
                Ok(match self.view {
                    View::Crop => self.transform.eval(&sample, self.info, self.ignore),
                    View::Whole => self.transform.whole(&sample, self.info, self.ignore),
                })
            })
            .collect()
    }
}
