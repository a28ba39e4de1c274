//! Losses: each gives its mean over the elements that count and, when asked, adds its gradient.

mod berhu;
mod cross_entropy;
mod exp;
mod squared_error;

pub use berhu::berhu;
pub use cross_entropy::cross_entropy;
pub use squared_error::squared_error;

use crate::parallel::{CHUNK_LEN, map_chunks};

/// Adds up over all elements what `term` gives for each index that counts: the sum and how many
/// counted.
///
/// Chunks are summed in order, each in f64.
fn sum(len: usize, term: impl Fn(usize) -> Option<f64> + Sync + Send) -> (f64, usize) {
    let parts = map_chunks(len.div_ceil(CHUNK_LEN), 2 * len, |chunk| {
        let range = chunk * CHUNK_LEN..((chunk + 1) * CHUNK_LEN).min(len);
        range
            .filter_map(&term)
            .fold((0.0, 0), |(sum, count), term| (sum + term, count + 1))
    });
    parts
        .into_iter()
        .fold((0.0, 0), |(sum, count), (s, c)| (sum + s, count + c))
}

/// `sum / count`, 0 when nothing counted.
fn mean(sum: f64, count: usize) -> f64 {
    if count == 0 { 0.0 } else { sum / count as f64 }
}
