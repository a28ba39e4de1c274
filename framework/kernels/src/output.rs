//! Outputs of kernels that overwrite them.
//!
//! Zeroing a new buffer from end to end before a kernel overwrites it costs a pass over memory on
//! one thread. [`UninitBuf`] leaves that out: each task zeroes the piece it is about to write,
//! which it then finds in its cache.
#![allow(
    unsafe_code,
    reason = "uninitialised memory is handed out piece by piece, each zeroed first"
)]

use std::mem::MaybeUninit;

use rayon::prelude::*;

/// A buffer that a kernel is going to fill: what it holds before is never read.
#[derive(Debug)]
pub struct UninitBuf {
    /// Holds nothing, or all `len` values.
    values: Vec<f32>,
    len: usize,
}

impl UninitBuf {
    /// Room for `len` values.
    #[must_use]
    pub fn new(len: usize) -> Self {
        let values = Vec::with_capacity(len);
        Self { values, len }
    }

    /// The values, zeros if no kernel has written any.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<f32> {
        self.values.resize(self.len, 0.0);
        self.values
    }
}

/// The output of a kernel that overwrites it: a slice, a `Vec` or a [`UninitBuf`] buffer, all by
/// `&mut`.
#[derive(Debug)]
pub struct Output<'a>(Target<'a>);

#[derive(Debug)]
enum Target<'a> {
    Slice(&'a mut [f32]),
    Uninit(&'a mut UninitBuf),
}

impl<'a> From<&'a mut [f32]> for Output<'a> {
    fn from(values: &'a mut [f32]) -> Self {
        Self(Target::Slice(values))
    }
}

impl<'a, const N: usize> From<&'a mut [f32; N]> for Output<'a> {
    fn from(values: &'a mut [f32; N]) -> Self {
        Self(Target::Slice(values))
    }
}

impl<'a> From<&'a mut Vec<f32>> for Output<'a> {
    fn from(values: &'a mut Vec<f32>) -> Self {
        Self(Target::Slice(values))
    }
}

impl<'a> From<&'a mut UninitBuf> for Output<'a> {
    fn from(buf: &'a mut UninitBuf) -> Self {
        // Values written before may be read again like any others.
        if buf.values.len() == buf.len {
            return Self(Target::Slice(&mut buf.values));
        }
        Self(Target::Uninit(buf))
    }
}

impl Output<'_> {
    /// Number of values.
    #[must_use]
    #[allow(
        clippy::len_without_is_empty,
        reason = "only its length is of interest"
    )]
    pub fn len(&self) -> usize {
        match &self.0 {
            Target::Slice(values) => values.len(),
            Target::Uninit(buf) => buf.len,
        }
    }

    /// The same output for another pass, which finds the values that the one before has written.
    pub(crate) fn again(&mut self) -> Output<'_> {
        match &mut self.0 {
            Target::Slice(values) => Output::from(&mut **values),
            Target::Uninit(buf) => Output::from(&mut **buf),
        }
    }

    /// Calls `body(index, piece)` for consecutive pieces of the given lengths, in parallel if asked
    /// to.
    ///
    /// # Panics
    ///
    /// When the lengths do not add up to [`len`](Self::len).
    pub(crate) fn for_pieces(
        self,
        lengths: impl Iterator<Item = usize>,
        parallel: bool,
        body: impl Fn(usize, &mut [f32]) + Sync + Send,
    ) {
        match self.0 {
            Target::Slice(values) => each(values, lengths, parallel, body),
            Target::Uninit(buf) => {
                let room = &mut buf.values.spare_capacity_mut()[..buf.len];
                each(room, lengths, parallel, |index, piece| {
                    body(index, zeroed(piece))
                });
                // SAFETY: `each` has called the closure with pieces that cover the first `len`
                // places of the capacity, as it panics otherwise, and every call has written all of
                // its piece.
                unsafe { buf.values.set_len(buf.len) };
            }
        }
    }
}

fn each<T: Send>(
    mut rest: &mut [T],
    lengths: impl Iterator<Item = usize>,
    parallel: bool,
    body: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    let mut pieces = Vec::new();
    for (index, length) in lengths.enumerate() {
        let (piece, after) = rest.split_at_mut(length);
        rest = after;
        if parallel {
            pieces.push((index, piece));
        } else {
            body(index, piece);
        }
    }
    assert!(rest.is_empty(), "pieces that cover the output");
    (pieces.into_par_iter()).for_each(|(index, piece)| body(index, piece));
}

fn zeroed(piece: &mut [MaybeUninit<f32>]) -> &mut [f32] {
    piece.fill(MaybeUninit::new(0.0));
    // SAFETY: every value has just been written, and `MaybeUninit<f32>` has the layout of `f32`.
    unsafe { &mut *(std::ptr::from_mut(piece) as *mut [f32]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uninitialised_buffer_is_zero_until_written_and_then_kept() {
        assert_eq!(UninitBuf::new(3).into_vec(), [0.0; 3]);
        for parallel in [false, true] {
            let mut buf = UninitBuf::new(5);
            Output::from(&mut buf).for_pieces([2, 3].into_iter(), parallel, |index, piece| {
                assert!(piece.iter().all(|&v| v == 0.0));
                piece[0] = 1.0 + index as f32;
            });
            let mut again = Output::from(&mut buf);
            again
                .again()
                .for_pieces([5].into_iter(), parallel, |_, piece| piece[4] += 7.0);
            assert_eq!(buf.into_vec(), [1.0, 0.0, 2.0, 0.0, 7.0]);
        }
    }

    #[test]
    #[should_panic(expected = "pieces that cover")]
    fn pieces_must_cover_the_output() {
        Output::from(&mut UninitBuf::new(4)).for_pieces([3].into_iter(), false, |_, _| {});
    }
}
