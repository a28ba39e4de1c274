//! Passes over a data set, shorter or longer than it.

use rand::seq::SliceRandom;

use super::batch::{Batch, Batches, ImageSet, steps};
use crate::error::Result;

/// Passes of a fixed number of samples: each takes the next ones of an endless cycle through a data
/// set, so that short passes eventually cover all of it, and long ones cover it evenly.
#[derive(Clone, Debug)]
pub struct EpochSampler<'a> {
    set: ImageSet<'a>,
    /// Indices of the data set's samples, in the order of the cycle.
    round: Vec<usize>,
    samples: usize,
}

impl<'a> EpochSampler<'a> {
    /// Epochs of `samples` over `set`, 0 for as many as it has.
    pub fn new(set: ImageSet<'a>, samples: usize) -> Self {
        let mut round = set.indices.to_vec();
        let samples = if samples == 0 { round.len() } else { samples };
        // Data sets often come sorted, and neighbouring frames of a film are alike: a shorter pass
        // is drawn at random. A whole pass is reshuffled every time.
        if samples < round.len() {
            round.shuffle(&mut set.seed.stream("round"));
        }
        Self {
            set,
            round,
            samples,
        }
    }

    fn pass(&self, epoch: usize) -> Vec<usize> {
        let start = (epoch * self.samples) % self.round.len().max(1);
        let round = self.round.iter().cycle().skip(start);
        round.take(self.samples).copied().collect()
    }
}

impl Batches for EpochSampler<'_> {
    fn steps(&self) -> usize {
        if self.round.is_empty() {
            0
        } else {
            steps(self.samples, self.set.batch)
        }
    }

    fn batch(&self, epoch: usize, step: usize) -> Result<Batch> {
        let indices = self.pass(epoch);
        let set = ImageSet {
            indices: &indices,
            ..self.set
        };
        set.batch(epoch, step)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use nasfw_data::{DataConfig, Transform, open};
    use nasfw_sdk::{LabelKind, Seed};

    use super::*;

    /// Counts how often each of 10 samples occurs in `passes` passes of `samples` samples.
    fn counts(samples: usize, passes: usize) -> [usize; 10] {
        let source = open(&DataConfig::default(), LabelKind::Classes).unwrap();
        let indices: Vec<usize> = (0..10).collect();
        let set = ImageSet {
            dataset: &*source.train,
            indices: &indices,
            info: &source.info,
            transform: &Transform::new(32, 32),
            ignore: 255,
            batch: 4,
            seed: Seed(1),
        };
        let all = EpochSampler::new(set, samples);
        assert_eq!(all.steps(), if samples == 0 { 2 } else { samples / 4 });
        let mut counts = [0; 10];
        for index in (0..passes).flat_map(|epoch| all.pass(epoch)) {
            counts[index] += 1;
        }
        counts
    }

    #[test]
    fn short_and_long_passes_get_to_all_samples_alike() {
        assert_eq!(counts(0, 3), [3; 10]);
        assert_eq!(counts(4, 5), [2; 10]);
        assert_eq!(counts(25, 2), [5; 10]);
        let in_a_pass = counts(4, 1);
        assert_eq!(in_a_pass.iter().sum::<usize>(), 4);
        assert_ne!(in_a_pass[..4], [1; 4], "samples are drawn at random");
    }
}
