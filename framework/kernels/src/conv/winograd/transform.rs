//! The one-dimensional transforms of F(4, 3), over vectors of channels; a two-dimensional one
//! applies them to rows, then columns.
//!
//! Four results of a filter of three taps are the coefficients of a product of polynomials, found
//! from its values at six points: 0, ±`A`, ±`B` and ∞. Lavin and Gray take ±1 and ±2; with `A` =
//! 1/√2 and `B` = √2 the powers that enter the sums are closer to 1, and so the rounding errors
//! smaller, for as many operations.

use pulp::Simd;

/// Results of a tile along one axis.
pub(super) const SIDE: usize = 4;

/// Values that a tile reads along one axis; also the number of points.
pub(super) const SPAN: usize = SIDE + 2;

/// Positions of a transformed tile.
pub(super) const POSITIONS: usize = SPAN * SPAN;

const A: f32 = std::f32::consts::FRAC_1_SQRT_2;
const B: f32 = std::f32::consts::SQRT_2;
const A2: f32 = 0.5;
const B2: f32 = 2.0;

/// One over the product of a point's distances to the other finite points: 1 / (2A² (A² - B²)) and
/// 1 / (2B² (B² - A²)).
const SCALE_A: f32 = 1.0 / (2.0 * A2 * (A2 - B2));
const SCALE_B: f32 = 1.0 / (2.0 * B2 * (B2 - A2));

/// `a + factor * b`
#[inline(always)]
fn plus<S: Simd>(simd: S, a: S::f32s, factor: f32, b: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(simd.splat_f32s(factor), b, a)
}

/// `factor * x`
#[inline(always)]
fn scaled<S: Simd>(simd: S, x: S::f32s, factor: f32) -> S::f32s {
    simd.mul_f32s(simd.splat_f32s(factor), x)
}

/// `Bᵀ d`: what a tile reads.
#[inline(always)]
pub(super) fn source<S: Simd>(simd: S, d: [S::f32s; SPAN]) -> [S::f32s; SPAN] {
    let even_a = plus(simd, d[4], -B2, d[2]);
    let odd_a = plus(simd, d[3], -B2, d[1]);
    let even_b = plus(simd, d[4], -A2, d[2]);
    let odd_b = plus(simd, d[3], -A2, d[1]);
    [
        plus(simd, simd.add_f32s(d[0], d[4]), -(A2 + B2), d[2]),
        plus(simd, even_a, A, odd_a),
        plus(simd, even_a, -A, odd_a),
        plus(simd, even_b, B, odd_b),
        plus(simd, even_b, -B, odd_b),
        plus(simd, simd.add_f32s(d[1], d[5]), -(A2 + B2), d[3]),
    ]
}

/// `Aᵀ m`: results from products.
#[inline(always)]
pub(super) fn result<S: Simd>(simd: S, m: [S::f32s; SPAN]) -> [S::f32s; SIDE] {
    let sum_a = simd.add_f32s(m[1], m[2]);
    let difference_a = simd.sub_f32s(m[1], m[2]);
    let sum_b = simd.add_f32s(m[3], m[4]);
    let difference_b = simd.sub_f32s(m[3], m[4]);
    [
        simd.add_f32s(m[0], simd.add_f32s(sum_a, sum_b)),
        plus(simd, scaled(simd, difference_a, A), B, difference_b),
        plus(simd, scaled(simd, sum_a, A2), B2, sum_b),
        plus(
            simd,
            plus(simd, m[5], A * A2, difference_a),
            B * B2,
            difference_b,
        ),
    ]
}

/// `A y`: the gradient of products from that of results.
#[inline(always)]
pub(super) fn result_gradient<S: Simd>(simd: S, y: [S::f32s; SIDE]) -> [S::f32s; SPAN] {
    let even_a = plus(simd, y[0], A2, y[2]);
    let odd_a = plus(simd, y[1], A2, y[3]);
    let even_b = plus(simd, y[0], B2, y[2]);
    let odd_b = plus(simd, y[1], B2, y[3]);
    [
        y[0],
        plus(simd, even_a, A, odd_a),
        plus(simd, even_a, -A, odd_a),
        plus(simd, even_b, B, odd_b),
        plus(simd, even_b, -B, odd_b),
        y[3],
    ]
}

/// `G g`: filter taps.
#[inline(always)]
pub(super) fn filter<S: Simd>(simd: S, g: [S::f32s; 3]) -> [S::f32s; SPAN] {
    let even_a = scaled(simd, plus(simd, g[0], A2, g[2]), SCALE_A);
    let even_b = scaled(simd, plus(simd, g[0], B2, g[2]), SCALE_B);
    [
        g[0],
        plus(simd, even_a, A * SCALE_A, g[1]),
        plus(simd, even_a, -A * SCALE_A, g[1]),
        plus(simd, even_b, B * SCALE_B, g[1]),
        plus(simd, even_b, -B * SCALE_B, g[1]),
        g[2],
    ]
}

/// `Gᵀ m`: the gradient of filter taps from that of transformed ones.
#[inline(always)]
pub(super) fn filter_gradient<S: Simd>(simd: S, m: [S::f32s; SPAN]) -> [S::f32s; 3] {
    let sum_a = simd.add_f32s(m[1], m[2]);
    let difference_a = simd.sub_f32s(m[1], m[2]);
    let sum_b = simd.add_f32s(m[3], m[4]);
    let difference_b = simd.sub_f32s(m[3], m[4]);
    [
        plus(simd, plus(simd, m[0], SCALE_A, sum_a), SCALE_B, sum_b),
        plus(
            simd,
            scaled(simd, difference_a, A * SCALE_A),
            B * SCALE_B,
            difference_b,
        ),
        plus(
            simd,
            plus(simd, m[5], A2 * SCALE_A, sum_a),
            B2 * SCALE_B,
            sum_b,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use pulp::Scalar;

    use super::*;

    /// The n-th unit vector.
    fn unit<const N: usize>(n: usize) -> [f32; N] {
        std::array::from_fn(|i| f32::from(u8::from(i == n)))
    }

    #[test]
    fn products_of_transforms_convolve() {
        for tap in 0..3 {
            let filter = filter(Scalar::new(), unit(tap));
            for at in 0..SPAN {
                let source = source(Scalar::new(), unit(at));
                let y = result(
                    Scalar::new(),
                    std::array::from_fn(|p| filter[p] * source[p]),
                );
                for (i, y) in y.into_iter().enumerate() {
                    let expected = f32::from(u8::from(i + tap == at));
                    assert!((y - expected).abs() < 1e-6, "{i} {tap} {at}: {y}");
                }
            }
        }
    }

    #[test]
    fn gradients_are_the_transposes() {
        for p in 0..SPAN {
            for i in 0..SIDE {
                let forward = result(Scalar::new(), unit(p))[i];
                let backward = result_gradient(Scalar::new(), unit(i))[p];
                assert!((forward - backward).abs() < 1e-6);
            }
            for tap in 0..3 {
                let forward = filter(Scalar::new(), unit(tap))[p];
                let backward = filter_gradient(Scalar::new(), unit(p))[tap];
                assert!((forward - backward).abs() < 1e-6);
            }
        }
    }
}
