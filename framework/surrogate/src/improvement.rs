//! What trying an architecture is worth.

use std::f64::consts::PI;

use crate::belief::Belief;

/// Below this the tail of the normal distribution comes from a continued fraction.
const TAIL: f64 = -3.0;
const FRACTION_TERMS: u32 = 60;

/// By how much a reward is expected to surpass `best`, where it does: E max(0, r − best)
/// (Jones, Schonlau & Welch 1998, equation 15).
pub fn expected_improvement(belief: Belief, best: f64) -> f64 {
    let gain = belief.mean - best;
    // False for NaN as well.
    if belief.deviation > 0.0 {
        belief.deviation * excess(gain / belief.deviation)
    } else {
        gain.max(0.0)
    }
}

/// E max(0, Z + z) of a standard normal Z: z·Φ(z) + φ(z).
fn excess(z: f64) -> f64 {
    let density = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
    if z < TAIL {
        // Φ(z) = φ(z)·m with Laplace's continued fraction m = 1/(x + 1/(x + 2/(x + …))), x = −z.
        let rest = (1..=FRACTION_TERMS)
            .rev()
            .fold(0.0, |rest, k| f64::from(k) / (-z + rest));
        // φ + z·φ/(x + rest), without the difference of two numbers nearly equal.
        density * rest / (-z + rest)
    } else {
        z * cumulative(z, density) + density
    }
}

/// Φ(z) = 1/2 + φ(z)·(z + z³/3 + z⁵/15 + …) (Marsaglia 2004), for z from −3 on.
fn cumulative(z: f64, density: f64) -> f64 {
    if z > 9.0 {
        return 1.0;
    }
    let (mut term, mut sum, mut odd) = (z, z, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    0.5 + density * sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// E max(0, Z + z) by the trapezoid rule.
    fn integrated(z: f64) -> f64 {
        let (steps, end) = (400_000, 40.0);
        let width = end / f64::from(steps);
        let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
        (1..steps)
            .map(|i| f64::from(i) * width)
            .map(|gain| gain * density(gain - z) * width)
            .sum()
    }

    #[test]
    fn agrees_with_the_integral_near_and_far() {
        for z in [-12.0, -6.0, -3.1, -3.0, -2.9, -1.0, 0.0, 0.5, 2.0, 5.0, 9.5] {
            assert_relative_eq!(excess(z), integrated(z), max_relative = 1e-6);
        }
    }

    #[test]
    fn certainty_leaves_the_gain_itself() {
        let certain = |mean| Belief {
            mean,
            deviation: 0.0,
        };
        assert_eq!(expected_improvement(certain(2.0), 1.5), 0.5);
        assert_eq!(expected_improvement(certain(1.0), 1.5), 0.0);
    }
}
