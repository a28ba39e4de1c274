//! The order of items within the layers of a sketch: few crossings.

use super::layout::{Layers, mean};

const SWEEPS: usize = 8;

impl Layers {
    /// Orders every layer by the mean position of its items' neighbours, down and up in turn, and
    /// keeps the order with the fewest crossings.
    pub(super) fn order(&mut self) {
        let mut best = (self.crossings(), self.rows.clone());
        for sweep in 0..SWEEPS {
            let count = self.rows.len();
            for step in 1..count {
                let down = sweep % 2 == 0;
                let layer = if down { step } else { count - 1 - step };
                let position = self.positions();
                let key = |item: usize| {
                    let near = if down {
                        &self.above[item]
                    } else {
                        &self.below[item]
                    };
                    mean(near.iter().map(|&n| position[n] as f64)).unwrap_or(position[item] as f64)
                };
                let mut row = self.rows[layer].clone();
                row.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
                self.rows[layer] = row;
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.rows.clone());
            }
        }
        self.rows = best.1;
    }

    fn positions(&self) -> Vec<usize> {
        let mut position = vec![0; self.rank.len()];
        for row in &self.rows {
            for (at, &item) in row.iter().enumerate() {
                position[item] = at;
            }
        }
        position
    }

    fn crossings(&self) -> usize {
        let position = self.positions();
        let mut crossings = 0;
        for row in &self.rows {
            let lines: Vec<(usize, usize)> = row
                .iter()
                .flat_map(|&a| self.below[a].iter().map(move |&b| (a, b)))
                .map(|(a, b)| (position[a], position[b]))
                .collect();
            for (at, one) in lines.iter().enumerate() {
                let crosses = |other: &&(usize, usize)| {
                    (one.0 < other.0 && one.1 > other.1) || (one.0 > other.0 && one.1 < other.1)
                };
                crossings += lines[at + 1..].iter().filter(crosses).count();
            }
        }
        crossings
    }
}
