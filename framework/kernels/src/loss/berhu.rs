//! The reverse Huber loss, for depth.

use super::{mean, sum};
use crate::parallel::{CHUNK_LEN, for_chunks, map_chunks};

/// Mean reverse Huber loss over the elements whose `truth` is above 0 (Laina et al. 2016, section
/// 3.2).
///
/// With e = |pred - truth| and c = a fifth of the largest valid e: e where e ≤ c, else (e² + c²) /
/// 2c. c counts as a constant. `grad` is a gradient and a factor: factor × the loss's gradient by
/// `pred` is added. No valid element, or c = 0, gives loss 0 and no gradient; a prediction that is
/// no number makes the loss none.
///
/// # Panics
///
/// When the lengths differ.
pub fn berhu(pred: &[f32], truth: &[f32], grad: Option<(&mut [f32], f32)>) -> f64 {
    assert_eq!(
        pred.len(),
        truth.len(),
        "berhu: lengths of prediction and truth"
    );
    let error = |i: usize| (truth[i] > 0.0).then(|| pred[i] - truth[i]);
    let largest = map_chunks(pred.len().div_ceil(CHUNK_LEN), pred.len(), |chunk| {
        let range = chunk * CHUNK_LEN..((chunk + 1) * CHUNK_LEN).min(pred.len());
        range
            .filter_map(error)
            .fold(0.0_f32, |largest, e| larger(largest, e.abs()))
    });
    let c = 0.2 * largest.into_iter().fold(0.0, larger);
    if c == 0.0 {
        return 0.0;
    }
    let wide = f64::from(c);
    let (total, count) = sum(pred.len(), |i| {
        let e = f64::from(error(i)?.abs());
        Some(if e <= wide {
            e
        } else {
            (e * e + wide * wide) / (2.0 * wide)
        })
    });
    if let (Some((grad, factor)), true) = (grad, count > 0) {
        assert_eq!(grad.len(), pred.len(), "berhu: length of the gradient");
        let factor = factor / count as f32;
        for_chunks(grad, CHUNK_LEN, pred.len(), |offset, grad| {
            for (i, grad) in (offset..).zip(grad) {
                match error(i) {
                    Some(e) if e.abs() > c => *grad += factor * e / c,
                    Some(e) if e != 0.0 => *grad += factor * e.signum(),
                    _ => {}
                }
            }
        });
    }
    mean(total, count)
}

/// The larger one, or not-a-number where there is one: `f32::max` would drop it, and a network that
/// blew up would have no loss.
fn larger(a: f32, b: f32) -> f32 {
    if a.is_nan() || b <= a { a } else { b }
}
