//! Buffers that threads keep from one task to the next.

use std::cell::RefCell;

/// Values that start a cache line and hold anything: a thread keeps them from one task to the next, as fresh memory costs a page
/// fault for every 4 KiB. Not a function that calls a closure, which the compiler would take out of the SIMD level's code.
pub(super) struct Scratch {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

thread_local! {
    /// The last given back is the next taken, so that uses nested alike find the sizes they left.
    static SCRATCH: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

impl Scratch {
    /// Longer ones are not kept (4 MiB).
    const KEPT: usize = 1 << 20;

    pub(super) fn new(len: usize) -> Self {
        const LINE: usize = 64;
        let mut values = SCRATCH.with_borrow_mut(Vec::pop).unwrap_or_default();
        let needed = len + LINE / size_of::<f32>();
        if values.len() < needed {
            values = vec![0.0; needed];
        }
        let start = values.as_ptr().align_offset(LINE).min(needed - len);
        Self { values, start, len }
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
        if self.values.len() <= Self::KEPT {
            let values = std::mem::take(&mut self.values);
            SCRATCH.with_borrow_mut(|kept| kept.push(values));
        }
    }
}
