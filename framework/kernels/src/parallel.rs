//! Splitting work over the current rayon pool without letting the number of threads into the
//! result.
//!
//! A chunk's size is a function of the shapes alone, and partial results come back in chunk order.
//! So one thread and many compute the same bits.

use rayon::prelude::*;

use crate::output::Output;

/// Values in a chunk of a memory-bound pass: 32 KiB, so what one pass over a chunk read, the next
/// finds in the cache.
pub(crate) const CHUNK_LEN: usize = 8192;

/// Below this many units of work (about a value read and written each) waking another thread costs
/// more than it saves.
const FORK_WORK: usize = 1 << 15;

/// Calls `body(offset, piece)` for consecutive pieces of `out`, each `chunk` values long but for a
/// shorter last one.
pub(crate) fn for_chunks<'a>(
    out: impl Into<Output<'a>>,
    chunk: usize,
    work: usize,
    body: impl Fn(usize, &mut [f32]) + Sync + Send,
) {
    let (out, chunk) = (out.into(), chunk.max(1));
    let len = out.len();
    let lengths = (0..len).step_by(chunk).map(|at| chunk.min(len - at));
    for_pieces(out, lengths, work, |index, piece| {
        body(index * chunk, piece)
    });
}

/// Calls `body(index, piece)` for consecutive pieces of `out`, whose lengths add up to it and are
/// about the same.
pub(crate) fn for_pieces<'a>(
    out: impl Into<Output<'a>>,
    lengths: impl ExactSizeIterator<Item = usize>,
    work: usize,
    body: impl Fn(usize, &mut [f32]) + Sync + Send,
) {
    let parallel = lengths.len() > 1 && !serial(work);
    out.into().for_pieces(lengths, parallel, body);
}

/// As [`for_chunks`], returning what `body` gave for each piece, in order.
pub(crate) fn map_pieces<T: Send>(
    out: &mut [f32],
    chunk: usize,
    work: usize,
    body: impl Fn(usize, &mut [f32]) -> T + Sync + Send,
) -> Vec<T> {
    let chunk = chunk.max(1);
    if out.len() <= chunk || serial(work) {
        let pieces = out.chunks_mut(chunk).enumerate();
        pieces
            .map(|(index, piece)| body(index * chunk, piece))
            .collect()
    } else {
        let pieces = out.par_chunks_mut(chunk).enumerate();
        pieces
            .map(|(index, piece)| body(index * chunk, piece))
            .collect()
    }
}

/// `body` of 0, 1, … `count` - 1, in that order whichever thread computed them.
pub(crate) fn map_chunks<T: Send>(
    count: usize,
    work: usize,
    body: impl Fn(usize) -> T + Sync + Send,
) -> Vec<T> {
    if count <= 1 || serial(work) {
        (0..count).map(body).collect()
    } else {
        (0..count).into_par_iter().map(body).collect()
    }
}

/// The chunk length for rows of `unit` values that must not be split: whole rows, about
/// [`CHUNK_LEN`] values.
pub(crate) fn chunk_of(unit: usize) -> usize {
    (CHUNK_LEN / unit.max(1)).max(1) * unit.max(1)
}

fn serial(work: usize) -> bool {
    work < FORK_WORK || rayon::current_num_threads() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_the_slice_once_in_any_pool() {
        for threads in [1, 2, 4] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("a small pool");
            let mut out = vec![0.0; 1003];
            pool.install(|| {
                for_chunks(&mut out, 10, usize::MAX, |offset, piece| {
                    for (i, v) in piece.iter_mut().enumerate() {
                        *v += (offset + i) as f32;
                    }
                });
            });
            assert!(out.iter().enumerate().all(|(i, &v)| v == i as f32));
            let order = pool.install(|| map_chunks(100, usize::MAX, |i| i));
            assert_eq!(order, (0..100).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_chunk_holds_whole_rows() {
        assert_eq!(chunk_of(48) % 48, 0);
        assert_eq!(chunk_of(100_000), 100_000);
        assert_eq!(chunk_of(0), CHUNK_LEN);
    }
}
