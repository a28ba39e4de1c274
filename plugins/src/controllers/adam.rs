//! Adam whose whole state is in the open, so that a search can be saved between two steps.

/// The averages of Adam (Kingma & Ba 2015, algorithm 1; β 0.9 and 0.999, ε 1e-8) for a flat list
/// of weights.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Adam {
    /// Steps taken.
    pub(super) steps: u64,
    /// Moving average of the gradient.
    pub(super) first: Vec<f32>,
    /// Moving average of the squared gradient.
    pub(super) second: Vec<f32>,
}

impl Adam {
    /// No steps taken, for `weights` weights.
    pub(super) fn new(weights: usize) -> Self {
        Self {
            steps: 0,
            first: vec![0.0; weights],
            second: vec![0.0; weights],
        }
    }

    /// Moves `weights` against `gradient` with learning rate `lr`.
    pub(super) fn descend(&mut self, lr: f64, weights: &mut [f32], gradient: &[f32]) {
        const BETA: [f32; 2] = [0.9, 0.999];
        self.steps += 1;
        let power = self.steps.min(i32::MAX as u64) as i32;
        let unbias = BETA.map(|b| (1.0 / (1.0 - f64::from(b).powi(power))) as f32);
        let lr = lr as f32;
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((w, &g), (m, v)) in weights.iter_mut().zip(gradient).zip(moments) {
            *m = BETA[0] * *m + (1.0 - BETA[0]) * g;
            *v = BETA[1] * *v + (1.0 - BETA[1]) * g * g;
            *w -= lr * *m * unbias[0] / ((*v * unbias[1]).sqrt() + 1e-8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn follows_the_written_out_recurrence() {
        let (mut adam, mut w) = (Adam::new(1), [1.0f32]);
        let (mut m, mut v, mut expected) = (0.0f64, 0.0f64, 1.0f64);
        for t in 1..=5 {
            let g = 0.3 * f64::from(t) - 1.0;
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            expected -=
                0.1 * (m / (1.0 - 0.9f64.powi(t))) / ((v / (1.0 - 0.999f64.powi(t))).sqrt() + 1e-8);
            adam.descend(0.1, &mut w, &[g as f32]);
            assert_relative_eq!(f64::from(w[0]), expected, epsilon = 1e-4);
        }
        assert_eq!(adam.steps, 5);
    }

    #[test]
    fn no_gradient_is_no_step() {
        let (mut adam, mut w) = (Adam::new(1), [0.5f32]);
        adam.descend(0.1, &mut w, &[0.0]);
        assert_eq!(w, [0.5]);
    }
}
