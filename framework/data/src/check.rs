//! Reading everything once to find what is wrong.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::error::DataError;
use crate::sample::Dataset;

/// Reads every sample of a set in parallel and returns all problems found, in the order of the
/// samples; empty means that all is well. A sample with several problems shows its first one.
///
/// `progress` is called from several threads with the number of samples done so far.
pub fn check(dataset: &dyn Dataset, progress: &(dyn Fn(usize) + Sync)) -> Vec<DataError> {
    let done = AtomicUsize::new(0);
    (0..dataset.len())
        .into_par_iter()
        .filter_map(|index| {
            let problem = dataset.read(index).err();
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            problem
        })
        .collect()
}
