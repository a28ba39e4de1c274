//! Masked categorical distributions.

pub(super) use nasfw_sdk::controller::draw;
use nasfw_sdk::{Error, Result, Schema};

/// The options of decision `prefix.len()` that are allowed.
///
/// # Errors
/// When there is no such decision.
pub(super) fn allowed(schema: &Schema, prefix: &[usize]) -> Result<Vec<bool>> {
    if prefix.len() < schema.len() {
        Ok(schema.allowed(prefix))
    } else {
        let expected = format!("fewer choices than the {} decisions", schema.len());
        Err(Error::invalid(
            "prefix",
            format!("{} choices", prefix.len()),
            expected,
        ))
    }
}

/// Equal probabilities of what is allowed.
pub(super) fn uniform(allowed: &[bool]) -> Vec<f64> {
    let share = 1.0 / allowed.iter().filter(|&&a| a).count().max(1) as f64;
    allowed
        .iter()
        .map(|&a| if a { share } else { 0.0 })
        .collect()
}

/// Softmax over the allowed options; exactly 0 for the others.
pub(super) fn softmax(logits: &[f32], allowed: &[bool]) -> Vec<f64> {
    let open = || logits.iter().zip(allowed).filter(|(_, a)| **a);
    let top = open().fold(f32::NEG_INFINITY, |top, (&l, _)| top.max(l));
    let weigh = |logit: f32| (f64::from(logit) - f64::from(top)).exp();
    let sum: f64 = open().map(|(&l, _)| weigh(l)).sum();
    let share = |(&logit, &a): (&f32, &bool)| if a { weigh(logit) / sum } else { 0.0 };
    logits.iter().zip(allowed).map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use nasfw_sdk::Seed;

    #[test]
    fn softmax_ignores_masked_logits_and_huge_ones() {
        let p = softmax(&[1.0, 3e38, 2.0], &[true, false, true]);
        assert_relative_eq!(p[0], 1.0 / (1.0 + 1f64.exp()), epsilon = 1e-12);
        assert_eq!(p[1], 0.0);
        assert_eq!(softmax(&[3e38, -3e38], &[true, true]), [1.0, 0.0]);
    }

    #[test]
    fn an_option_without_probability_is_never_drawn() {
        let mut rng = Seed(1).stream("draw");
        // Sums to less than 1, as rounding may have it: the crumb goes to the last open option.
        assert!((0..1000).all(|_| [1, 2].contains(&draw(&[0.0, 0.3, 0.3, 0.0], &mut rng))));
    }
}
