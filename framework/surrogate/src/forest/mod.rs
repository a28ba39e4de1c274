//! A random forest over choices.

mod tree;

use nasfw_sdk::Rng;
use rand::RngExt;

use crate::belief::Belief;
use crate::points::Points;
use tree::Tree;

/// How a forest grows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// The number of trees.
    pub trees: usize,
    /// A leaf keeps at least so many trials.
    pub leaf: usize,
    /// The share of the decisions that a split chooses among.
    pub share: f64,
}

/// Regression trees, each on a sample with replacement (Breiman 2001). Their disagreement is the
/// uncertainty, as in SMAC (Hutter, Hoos & Leyton-Brown 2011).
#[derive(Clone, Debug)]
pub struct Forest {
    trees: Vec<Tree>,
}

impl Forest {
    /// Grows a forest on rewards `y` of `points`, one each.
    pub fn new(growth: Growth, points: &Points, y: &[f64], rng: &mut Rng) -> Self {
        let decisions = (growth.share * points.width() as f64).ceil() as usize;
        let decisions = decisions.clamp(1, points.width().max(1));
        let grow = |_| {
            let sample: Vec<usize> = (0..y.len()).map(|_| rng.random_range(0..y.len())).collect();
            Tree::grow(points, y, sample, growth.leaf, decisions, rng)
        };
        Self {
            trees: (0..growth.trees).map(grow).collect(),
        }
    }

    /// What it believes of each of `points`.
    pub fn predict(&self, points: &Points) -> Vec<Belief> {
        points.iter().map(|row| self.belief(row)).collect()
    }

    fn belief(&self, row: &[u16]) -> Belief {
        let n = self.trees.len().max(1) as f64;
        let leaves = || self.trees.iter().map(|tree| tree.leaf(row));
        let mean = leaves().map(|leaf| leaf.mean).sum::<f64>() / n;
        // The law of total variance: within leaves, and between trees.
        let variance = leaves()
            .map(|leaf| leaf.variance + (leaf.mean - mean) * (leaf.mean - mean))
            .sum::<f64>()
            / n;
        Belief {
            mean,
            deviation: variance.sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nasfw_sdk::Seed;

    #[test]
    fn learns_what_depends_on_one_of_three_decisions() {
        let rows: Vec<[usize; 3]> = (0..60).map(|i| [i % 4, i / 4 % 3, i / 12 % 5]).collect();
        let points = Points::collect(3, rows.iter().map(|row| &row[..]));
        let y: Vec<f64> = rows
            .iter()
            .map(|row| [0.0, 3.0, 1.0, 2.0][row[0]])
            .collect();
        let growth = Growth {
            trees: 30,
            leaf: 1,
            share: 1.0,
        };
        let forest = Forest::new(growth, &points, &y, &mut Seed(0).stream("forest"));
        for (belief, y) in forest.predict(&points).iter().zip(&y) {
            assert!((belief.mean - y).abs() < 0.2, "{belief:?} for {y}");
            assert!(belief.deviation < 0.5);
        }
    }
}
