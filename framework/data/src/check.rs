//! A check of samples by reading them.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::DataError;
use crate::sample::Dataset;

/// Reads the samples of a range in parallel and returns all problems found, in the order of the
/// samples; empty when all are sound. A sample with several problems shows its first one.
pub fn check(dataset: &dyn Dataset, samples: Range<usize>) -> Vec<DataError> {
    samples
        .into_par_iter()
        .filter_map(|index| dataset.read(index).err())
        .collect()
}
