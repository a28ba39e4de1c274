//! The exponential function in a form that the compiler turns into vector code.

/// `e^x` for x ≤ 0, within 2 units in the last place; 0 below -87.
///
/// Cephes' polynomial (Moshier, expf): x = n ln 2 + r with |r| ≤ ln 2 / 2, a polynomial for e^r, n
/// added to the exponent bits.
#[inline(always)]
pub(super) fn exp_negative(x: f32) -> f32 {
    // Adding and subtracting 1.5 * 2^23 rounds to a whole number without SSE4's instruction.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let clipped = if x < -87.0 { -87.0 } else { x };
    let shifted = clipped * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = clipped - n * LN2_HIGH - n * LN2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 0.166_666_66;
    p = p * r + 0.5;
    let value = p * r * r + r + 1.0;
    // The low bits of `shifted` are n; its own exponent is shifted out.
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    if x < -87.0 { 0.0 } else { value * power }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_library() {
        for i in 0..200_000 {
            let x = -87.0 * i as f32 / 200_000.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp_negative(x)) - exact).abs() / exact;
            assert!(error < 2.5e-7, "e^{x}: relative error {error:e}");
        }
        assert_eq!(exp_negative(0.0), 1.0);
        assert_eq!(exp_negative(-1000.0), 0.0);
        assert_eq!(exp_negative(f32::NEG_INFINITY), 0.0);
        assert!(exp_negative(f32::NAN).is_nan());
    }
}
