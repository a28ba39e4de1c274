//! Horizontal positions of items within the layers of a sketch: short, straight edges.

use super::layout::{Layers, mean};

const BOX_GAP: f64 = 18.0;
const SWEEPS: usize = 32;

impl Layers {
    /// Horizontal centres: every item near the mean of its neighbours, no two overlapping.
    pub(super) fn centres(&self) -> Vec<f64> {
        let mut centres = vec![0.0; self.rank.len()];
        for row in &self.rows {
            self.settle(row, &mut centres);
        }
        for sweep in 0..SWEEPS {
            let rows: Vec<&Vec<usize>> = if sweep % 2 == 0 {
                self.rows.iter().collect()
            } else {
                self.rows.iter().rev().collect()
            };
            for row in rows {
                self.settle(row, &mut centres);
            }
        }
        centres
    }

    /// The position an item is drawn to, the mean of its neighbours, and how strongly.
    fn target(&self, item: usize, centres: &[f64], middle_of_row: f64) -> (f64, f64) {
        let passes = |item: usize| f64::from(item >= self.box_count);
        let near = self.above[item].iter().chain(&self.below[item]);
        let (sum, weight) = near.fold((0.0, 0.0), |(sum, weight), &n| {
            // The stretches of an edge between layers should be straight before all else.
            let w = 1.0 + passes(item) + passes(n) + 4.0 * passes(item) * passes(n);
            (sum + w * centres[n], weight + w)
        });
        if weight > 0.0 {
            (sum / weight, weight)
        } else {
            // Nothing pulls it anywhere: beside the others.
            (middle_of_row, 1e-3)
        }
    }

    /// Moves the items of a row as close to their targets as their order and widths allow: least
    /// squares under minimal distances, by pooling neighbours that collide.
    fn settle(&self, row: &[usize], centres: &mut [f64]) {
        let middle = mean(row.iter().map(|&item| centres[item])).unwrap_or(0.0);
        let mut offsets = Vec::with_capacity(row.len());
        let mut offset = 0.0;
        for (at, &item) in row.iter().enumerate() {
            if at > 0 {
                offset += (self.widths[row[at - 1]] + self.widths[item]) / 2.0 + BOX_GAP;
            }
            offsets.push(offset);
        }
        // Pools of (weighted sum of shifts to the targets, weight, number of items).
        let mut pools: Vec<(f64, f64, usize)> = Vec::new();
        for (&item, offset) in row.iter().zip(&offsets) {
            let (target, weight) = self.target(item, centres, middle);
            pools.push((weight * (target - offset), weight, 1));
            while let [.., a, b] = pools[..]
                && a.0 / a.1 > b.0 / b.1
            {
                pools.truncate(pools.len() - 2);
                pools.push((a.0 + b.0, a.1 + b.1, a.2 + b.2));
            }
        }
        let pools = pools.iter();
        let shifts = pools.flat_map(|&(sum, w, n)| std::iter::repeat_n(sum / w, n));
        for ((&item, offset), shift) in row.iter().zip(&offsets).zip(shifts) {
            centres[item] = offset + shift;
        }
    }
}
