//! The Cholesky factor of a covariance matrix, which grows row by row.

/// Columns that are solved at once; eight doubles fill two to four registers.
pub(crate) const LANES: usize = 8;

/// The lower triangle L of A = L·Lᵀ, its rows packed one after another.
///
/// Row i depends on the rows before it alone, so a factor that grew has the same bits as one that was
/// made at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Factor {
    rows: usize,
    packed: Vec<f64>,
}

impl Factor {
    /// An empty factor with room for `rows`.
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self {
            rows: 0,
            packed: Vec::with_capacity(rows * (rows + 1) / 2),
        }
    }

    /// Row `at`, its diagonal element last.
    fn row(&self, at: usize) -> &[f64] {
        let start = at * (at + 1) / 2;
        &self.packed[start..=start + at]
    }

    /// Adds the next row of A: its elements left of the diagonal, and that on it.
    pub(crate) fn push(&mut self, mut left: Vec<f64>, diagonal: f64) {
        self.solve_lower(&mut left);
        let rest = diagonal - dot(&left, &left);
        self.packed.append(&mut left);
        // Two rows that are nearly the same leave a rounding error, which may be negative.
        self.packed.push(rest.max(1e-10 * diagonal).sqrt());
        self.rows += 1;
    }

    /// Solves L·x = b in place, for the first `b.len()` rows.
    pub(crate) fn solve_lower(&self, b: &mut [f64]) {
        for at in 0..b.len() {
            let row = self.row(at);
            b[at] = (b[at] - dot(&row[..at], &b[..at])) / row[at];
        }
    }

    /// Solves Lᵀ·x = b in place, for the first `b.len()` rows.
    pub(crate) fn solve_upper(&self, b: &mut [f64]) {
        for at in (0..b.len()).rev() {
            let row = self.row(at);
            let value = b[at] / row[at];
            b[at] = value;
            add_scaled(&mut b[..at], -value, &row[..at]);
        }
    }

    /// Squared lengths of the solutions of L·x = b for [`LANES`] right-hand sides, which it overwrites.
    pub(crate) fn squared_lengths(&self, b: &mut [[f64; LANES]]) -> [f64; LANES] {
        let mut lengths = [0.0; LANES];
        for at in 0..b.len() {
            let row = self.row(at);
            let (solved, open) = b.split_at_mut(at);
            let mut value = open[0];
            for (factor, x) in row.iter().zip(solved.iter()) {
                for lane in 0..LANES {
                    value[lane] -= factor * x[lane];
                }
            }
            for lane in 0..LANES {
                value[lane] /= row[at];
                lengths[lane] += value[lane] * value[lane];
            }
            open[0] = value;
        }
        lengths
    }

    /// ln det A.
    pub(crate) fn ln_determinant(&self) -> f64 {
        2.0 * (0..self.rows).map(|at| self.row(at)[at].ln()).sum::<f64>()
    }

    /// The lower triangle of A⁻¹, packed like L.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let start = |at: usize| at * (at + 1) / 2;
        // W = L⁻¹, row by row.
        let mut lower = vec![0.0; self.packed.len()];
        for at in 0..self.rows {
            let row = self.row(at);
            let (done, rest) = lower.split_at_mut(start(at));
            let open = &mut rest[..=at];
            open[at] = 1.0;
            for before in 0..at {
                let begin = start(before);
                let solved = &done[begin..=begin + before];
                add_scaled(&mut open[..=before], -row[before], solved);
            }
            for value in open {
                *value /= row[at];
            }
        }
        // A⁻¹ = Wᵀ·W.
        let mut inverse = vec![0.0; self.packed.len()];
        for k in 0..self.rows {
            let row = &lower[start(k)..=start(k) + k];
            for at in 0..=k {
                let begin = start(at);
                add_scaled(&mut inverse[begin..=begin + at], row[at], &row[..=at]);
            }
        }
        inverse
    }
}

/// The inner product, in eight partial sums.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (x, y) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

/// a ← a + factor·b.
fn add_scaled(a: &mut [f64], factor: f64, b: &[f64]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a += factor * b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// A positive definite matrix of any size.
    fn matrix(n: usize) -> Vec<Vec<f64>> {
        let element = |i: usize, j: usize| {
            (-(i.abs_diff(j) as f64) / 5.0).exp() + if i == j { 0.1 } else { 0.0 }
        };
        (0..n)
            .map(|i| (0..n).map(|j| element(i, j)).collect())
            .collect()
    }

    fn factor(matrix: &[Vec<f64>]) -> Factor {
        let mut factor = Factor::with_capacity(matrix.len());
        for (at, row) in matrix.iter().enumerate() {
            factor.push(row[..at].to_vec(), row[at]);
        }
        factor
    }

    #[test]
    fn the_inverse_times_the_matrix_is_one() {
        let a = matrix(21);
        let inverse = factor(&a).inverse();
        let packed = |i: usize, j: usize| inverse[i.max(j) * (i.max(j) + 1) / 2 + i.min(j)];
        for i in 0..21 {
            for j in 0..21 {
                let product: f64 = a
                    .iter()
                    .enumerate()
                    .map(|(k, row)| packed(i, k) * row[j])
                    .sum();
                assert_relative_eq!(product, f64::from(u8::from(i == j)), epsilon = 1e-10);
            }
        }
    }

    #[test]
    fn solves_and_lengths_agree() {
        let a = matrix(19);
        let it = factor(&a);
        let b: Vec<f64> = (0..19).map(|i| f64::from(i % 5) - 1.0).collect();
        let mut x = b.clone();
        it.solve_lower(&mut x);
        let length = dot(&x, &x);
        it.solve_upper(&mut x);
        for i in 0..19 {
            let product: f64 = (0..19).map(|j| a[i][j] * x[j]).sum();
            assert_relative_eq!(product, b[i], epsilon = 1e-10);
        }
        let mut lanes: Vec<[f64; LANES]> = b.iter().map(|&value| [value; LANES]).collect();
        for lane in it.squared_lengths(&mut lanes) {
            assert_relative_eq!(lane, length, epsilon = 1e-10);
        }
    }

    #[test]
    fn the_determinant_of_two_rows_by_hand() {
        let it = factor(&[vec![4.0, 2.0], vec![2.0, 3.0]]);
        assert_relative_eq!(it.ln_determinant(), 8f64.ln(), epsilon = 1e-12);
    }
}
