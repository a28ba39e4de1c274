//! Neighbours of an architecture, which differ from it in one decision, and their probabilities.

use nasfw_sdk::Schema;

/// Equal probabilities for all allowed options.
pub(crate) fn uniform(allowed: &[bool]) -> Vec<f64> {
    let count = allowed.iter().filter(|&&a| a).count() as f64;
    allowed
        .iter()
        .map(|&a| if a { 1.0 / count } else { 0.0 })
        .collect()
}

/// The probability of each option of decision `prefix.len()`, for a neighbour of `place` that
/// begins with `prefix`.
///
/// The decision that changes is uniform among those that can. Decision by decision, this means:
/// with `k` such decisions left, this one changes with probability 1/k. After the change, all
/// others keep their option, unless a mask forbids it; then it is drawn again.
pub(crate) fn probabilities(schema: &Schema, place: &[usize], prefix: &[usize]) -> Vec<f64> {
    let at = prefix.len();
    let allowed = schema.allowed(prefix);
    let stays = allowed[place[at]];
    if prefix != &place[..at] {
        return if stays {
            only(place[at], allowed.len())
        } else {
            uniform(&allowed)
        };
    }
    let could = |&at: &usize| schema.allowed(&place[..at]).iter().filter(|&&a| a).count() > 1;
    let left = (at..place.len()).filter(could).count();
    if left == 0 || !could(&at) {
        return only(place[at], allowed.len());
    }
    let change = 1.0 / left as f64;
    let mut others = allowed;
    others[place[at]] = false;
    let mut probabilities = uniform(&others);
    for p in &mut probabilities {
        *p *= change;
    }
    probabilities[place[at]] = 1.0 - change;
    probabilities
}

fn only(option: usize, count: usize) -> Vec<f64> {
    (0..count)
        .map(|o| if o == option { 1.0 } else { 0.0 })
        .collect()
}
