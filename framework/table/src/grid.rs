//! The rewards of all architectures of a space.

use nasfw_sdk::Schema;

/// A schema without masks, and a reward for each of its sequences.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    schema: Schema,
    /// By the place of an architecture among all, the last decision counting up first.
    rewards: Vec<f64>,
    worst: f64,
    best: f64,
}

impl Table {
    /// A table of `rewards`, as many as the schema has sequences; the reader has counted them.
    pub(crate) fn new(schema: Schema, rewards: Vec<f64>) -> Self {
        Self {
            worst: rewards.iter().copied().fold(f64::INFINITY, f64::min),
            best: rewards.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            schema,
            rewards,
        }
    }

    /// The decisions, one a column `choice.LABEL`.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The number of architectures.
    pub fn len(&self) -> usize {
        self.rewards.len()
    }

    /// Never true: a table has at least one row.
    pub fn is_empty(&self) -> bool {
        self.rewards.is_empty()
    }

    /// The reward of an architecture; none of choices that are not of this schema.
    pub fn reward(&self, choices: &[usize]) -> Option<f64> {
        let arities = self.schema.arities();
        let fits =
            choices.len() == arities.len() && choices.iter().zip(&arities).all(|(c, n)| c < n);
        fits.then_some(())?;
        self.rewards.get(place(&arities, choices)).copied()
    }

    /// The lowest and the highest reward.
    pub fn range(&self) -> (f64, f64) {
        (self.worst, self.best)
    }

    /// The highest reward of all.
    pub fn best(&self) -> f64 {
        self.best
    }
}

/// The place of `options` among all sequences of decisions with these arities.
pub(crate) fn place(arities: &[usize], options: &[usize]) -> usize {
    let digits = arities.iter().zip(options);
    digits.fold(0, |place, (arity, option)| place * arity + option)
}

/// The options at a place.
pub(crate) fn options(arities: &[usize], mut place: usize) -> Vec<usize> {
    let mut options = vec![0; arities.len()];
    for (option, arity) in options.iter_mut().zip(arities).rev() {
        *option = place % arity;
        place /= arity;
    }
    options
}
