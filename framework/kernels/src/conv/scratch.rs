//! Buffers that threads keep from one task to the next.

use std::cell::RefCell;

/// Values that start a cache line and hold anything: a thread keeps them from one task to the next,
/// as new memory costs a page fault for every 4 KiB. Not a function that calls a closure, which the
/// compiler would take out of the SIMD level's code.
pub(super) struct Scratch {
    values: Vec<f32>,
    start: usize,
    len: usize,
    /// The thread keeps them afterwards.
    is_kept: bool,
}

thread_local! {
    /// The last given back is the next taken, so that uses nested alike find the sizes they left.
    static SCRATCH: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

impl Scratch {
    /// Longer ones are not kept (4 MiB).
    const KEPT: usize = 1 << 20;

    const LINE: usize = 64;

    /// For the time of a task.
    pub(super) fn new(len: usize) -> Self {
        let values = SCRATCH.with_borrow_mut(Vec::pop).unwrap_or_default();
        Self::aligned(values, len, true)
    }

    /// For as long as its owner likes: neither taken from what the thread keeps nor given to it.
    pub(super) fn lasting(len: usize) -> Self {
        Self::aligned(Vec::new(), len, false)
    }

    fn aligned(mut values: Vec<f32>, len: usize, is_kept: bool) -> Self {
        let needed = len + Self::LINE / size_of::<f32>();
        if values.len() < needed {
            values = vec![0.0; needed];
        }
        let start = values.as_ptr().align_offset(Self::LINE).min(needed - len);
        Self {
            values,
            start,
            len,
            is_kept,
        }
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values[self.start..self.start + self.len]
    }

    pub(super) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..self.start + self.len]
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.is_kept && self.values.len() <= Self::KEPT {
            let values = std::mem::take(&mut self.values);
            SCRATCH.with_borrow_mut(|kept| kept.push(values));
        }
    }
}
