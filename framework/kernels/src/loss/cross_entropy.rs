//! Softmax cross-entropy, for segmentation.

use super::exp::exp_negative;
use super::mean;
use crate::parallel::{map_chunks, map_pieces};
use crate::simd::vectorised;

/// Pixels handled together: their exponentials are one long vector loop whatever the number of
/// classes.
const TILE_PIXELS: usize = 128;

/// Mean of `-log softmax(logits)[label]` over the pixels whose label is not `ignore`.
///
/// `logits` is (pixels, classes), `labels` one per pixel. `grad` is a gradient and a factor: factor
/// × the loss's gradient by the logits is added. All labels ignored gives loss 0 and no gradient.
///
/// # Panics
///
/// When the lengths do not fit, or a label that is not `ignore` is not below `classes`.
pub fn cross_entropy(
    logits: &[f32],
    classes: usize,
    labels: &[u8],
    ignore: u8,
    grad: Option<(&mut [f32], f32)>,
) -> f64 {
    assert_eq!(
        logits.len(),
        labels.len() * classes,
        "cross_entropy: length of the logits"
    );
    let valid = |label: u8| label != ignore;
    let in_range = |&label: &u8| !valid(label) || usize::from(label) < classes;
    assert!(
        labels.iter().all(in_range),
        "cross_entropy: a label is not below {classes} classes"
    );
    let count = labels.iter().filter(|&&label| valid(label)).count();
    if count == 0 {
        return 0.0;
    }
    // An exponential costs about as much as reading a few values.
    let work = 4 * logits.len();
    let tile = |first: usize| {
        let pixels = first..(first + TILE_PIXELS).min(labels.len());
        Tile {
            logits: &logits[pixels.start * classes..pixels.end * classes],
            classes,
            labels: &labels[pixels],
            ignore,
        }
    };
    let losses = match grad {
        None => map_chunks(labels.len().div_ceil(TILE_PIXELS), work, |index| {
            tile(index * TILE_PIXELS).loss(None)
        }),
        Some((grad, factor)) => {
            assert_eq!(
                grad.len(),
                logits.len(),
                "cross_entropy: length of the gradient"
            );
            let factor = factor / count as f32;
            map_pieces(grad, TILE_PIXELS * classes, work, |offset, grad| {
                tile(offset / classes).loss(Some((grad, factor)))
            })
        }
    };
    mean(losses.into_iter().sum(), count)
}

/// Some pixels, the work of one task.
struct Tile<'a> {
    logits: &'a [f32],
    classes: usize,
    labels: &'a [u8],
    ignore: u8,
}

impl Tile<'_> {
    /// The sum of the pixels' losses; adds factor × their gradients.
    fn loss(&self, grad: Option<(&mut [f32], f32)>) -> f64 {
        let classes = self.classes;
        // Relative to the largest logit, so that no exponential overflows.
        let mut powers = self.logits.to_vec();
        for row in powers.chunks_exact_mut(classes) {
            let largest = largest(row);
            row.iter_mut().for_each(|v| *v -= largest);
        }
        let mut loss = 0.0;
        for (row, &label) in powers.chunks_exact(classes).zip(self.labels) {
            if label != self.ignore {
                loss -= f64::from(row[usize::from(label)]);
            }
        }
        exponentials(&mut powers);
        let mut sums = vec![0.0; self.labels.len()];
        for ((row, &label), sum) in powers.chunks_exact(classes).zip(self.labels).zip(&mut sums) {
            *sum = row.iter().sum();
            if label != self.ignore {
                loss += f64::from(sum.ln());
            }
        }
        if let Some((grad, factor)) = grad {
            let rows = powers
                .chunks_exact(classes)
                .zip(grad.chunks_exact_mut(classes));
            for ((row, grad), (&label, sum)) in rows.zip(self.labels.iter().zip(sums)) {
                if label != self.ignore {
                    let share = factor / sum;
                    grad.iter_mut()
                        .zip(row)
                        .for_each(|(grad, power)| *grad += share * power);
                    grad[usize::from(label)] -= factor;
                }
            }
        }
        loss
    }
}

/// The largest of some values, in eight independent runs: one run would wait for each comparison.
fn largest(row: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let mut runs = [f32::NEG_INFINITY; 8];
    let mut eights = row.chunks_exact(8);
    for eight in &mut eights {
        for (run, &v) in runs.iter_mut().zip(eight) {
            *run = larger(*run, v);
        }
    }
    let rest = eights
        .remainder()
        .iter()
        .copied()
        .fold(f32::NEG_INFINITY, larger);
    runs.into_iter().fold(rest, larger)
}

vectorised! {
    fn exponentials<'a>(x: &'a mut [f32]) {
        for x in x {
            *x = exp_negative(*x);
        }
    }
}
