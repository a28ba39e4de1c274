//! Mean squared error, for heat maps.

use super::{mean, sum};
use crate::parallel::{CHUNK_LEN, for_chunks};

/// Mean of `mask * (pred - truth)²` over the elements whose mask is not 0, or over all without a
/// mask.
///
/// `mask` holds a weight per element, 0 or 1. `grad` is a gradient and a factor: factor × the
/// loss's gradient by `pred` is added. No element that counts gives loss 0 and no gradient.
///
/// # Panics
///
/// When the lengths differ.
pub fn squared_error(
    pred: &[f32],
    truth: &[f32],
    mask: Option<&[f32]>,
    grad: Option<(&mut [f32], f32)>,
) -> f64 {
    assert_eq!(
        pred.len(),
        truth.len(),
        "squared_error: lengths of prediction and truth"
    );
    if let Some(mask) = mask {
        assert_eq!(mask.len(), pred.len(), "squared_error: length of the mask");
    }
    let weight = |i: usize| mask.map_or(1.0, |mask| mask[i]);
    let (total, count) = sum(pred.len(), |i| {
        let error = f64::from(pred[i]) - f64::from(truth[i]);
        (weight(i) != 0.0).then(|| f64::from(weight(i)) * error * error)
    });
    if let (Some((grad, factor)), true) = (grad, count > 0) {
        assert_eq!(
            grad.len(),
            pred.len(),
            "squared_error: length of the gradient"
        );
        let factor = 2.0 * factor / count as f32;
        for_chunks(grad, CHUNK_LEN, pred.len(), |offset, grad| {
            for (i, grad) in (offset..).zip(grad) {
                if weight(i) != 0.0 {
                    *grad += factor * weight(i) * (pred[i] - truth[i]);
                }
            }
        });
    }
    mean(total, count)
}
