//! A set that keeps samples in memory once read, within a budget.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use nasfw_sdk::Label;

use crate::error::DataError;
use crate::sample::{Dataset, Sample};

/// Keeps samples in memory once they have been read, until `limit_bytes` are taken; the others are
/// read again each time. A search reads the same images hundreds of times.
pub struct Cached {
    inner: Arc<dyn Dataset>,
    samples: Vec<OnceLock<Sample>>,
    used_bytes: AtomicUsize,
    limit_bytes: usize,
}

impl Cached {
    /// Wraps a set.
    pub fn new(inner: Arc<dyn Dataset>, limit_bytes: usize) -> Self {
        let samples = (0..inner.len()).map(|_| OnceLock::new()).collect();
        Self {
            inner,
            samples,
            used_bytes: AtomicUsize::new(0),
            limit_bytes,
        }
    }
}

impl Dataset for Cached {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn name(&self, index: usize) -> String {
        self.inner.name(index)
    }

    fn read(&self, index: usize) -> Result<Sample, DataError> {
        let slot = self.samples.get(index);
        if let Some(sample) = slot.and_then(OnceLock::get) {
            return Ok(sample.clone());
        }
        let sample = self.inner.read(index)?;
        let bytes = size_bytes(&sample);
        // Two threads may count one sample twice; that only makes the budget a little smaller.
        if let Some(slot) = slot
            && self.used_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.limit_bytes
        {
            let _ = slot.set(sample.clone());
        }
        Ok(sample)
    }
}

fn size_bytes(sample: &Sample) -> usize {
    let label = match &sample.label {
        Label::Classes { values, .. } => values.len(),
        Label::Depth { values, .. } => 4 * values.len(),
        Label::Keypoints { points, .. } => 12 * points.len(),
    };
    sample.image.pixels.len() + label
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use nasfw_sdk::LabelKind;

    use super::*;
    use crate::{DataConfig, open};

    /// Counts how often a set is read.
    struct Counting(Arc<dyn Dataset>, AtomicUsize);

    impl Dataset for Counting {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn name(&self, index: usize) -> String {
            self.0.name(index)
        }
        fn read(&self, index: usize) -> Result<Sample, DataError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.read(index)
        }
    }

    #[test]
    fn reads_once_within_the_budget_and_again_beyond_it() {
        let source = open(&DataConfig::default(), LabelKind::Classes).unwrap();
        let one = size_bytes(&source.train.read(0).unwrap());
        let counting = Arc::new(Counting(source.train.clone(), AtomicUsize::new(0)));
        let cached = Cached::new(counting.clone(), 2 * one);
        for _ in 0..3 {
            for index in 0..4 {
                assert_eq!(
                    cached.read(index).unwrap(),
                    source.train.read(index).unwrap()
                );
            }
        }
        // Two fit and are read once; two do not and are read three times.
        assert_eq!(counting.1.load(Ordering::Relaxed), 2 + 2 * 3);
    }
}
