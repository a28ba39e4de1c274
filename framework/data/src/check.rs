//! Reading samples to find what is wrong with them.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::DataError;
use crate::sample::Dataset;

/// Reads the samples of a range in parallel and returns all problems found, in the order of the samples; empty
/// means that all is well. A sample with several problems shows its first one.
pub fn check(dataset: &dyn Dataset, samples: Range<usize>) -> Vec<DataError> {
    samples
        .into_par_iter()
        .filter_map(|index| dataset.read(index).err())
        .collect()
}
