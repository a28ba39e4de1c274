//! Places for the boxes and edges of a sketch: layers from top to bottom (Sugiyama, Tagawa & Toda
//! 1981), with few crossings and short edges.

use super::Sketch;

/// Height of a box, and of the gap between layers that edges cross.
pub(super) const BOX_HEIGHT: f64 = 26.0;
const LAYER_GAP: f64 = 30.0;
const BOX_GAP: f64 = 18.0;
/// Room for an edge that passes a layer between boxes.
const EDGE_WIDTH: f64 = 2.0;
const SWEEPS: usize = 8;

/// Where everything is, in pixels from the upper left corner.
pub(super) struct Layout {
    pub(super) size: (f64, f64),
    /// Left, top and width of every box.
    pub(super) boxes: Vec<(f64, f64, f64)>,
    /// The points of every edge, from the foot of a box down to the head of another.
    pub(super) edges: Vec<Vec<(f64, f64)>>,
}

/// Lays out a sketch whose boxes have these widths.
pub(super) fn layout(sketch: &Sketch, box_widths: &[f64]) -> Layout {
    let mut layers = Layers::new(sketch, box_widths);
    layers.order();
    let centres = layers.centres();
    layers.places(&centres)
}

/// Boxes and the places where edges pass a layer, together: *items*, boxes first.
struct Layers {
    box_count: usize,
    widths: Vec<f64>,
    rank: Vec<usize>,
    /// The items of each layer from left to right.
    rows: Vec<Vec<usize>>,
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
    /// The items of each edge, from box to box.
    chains: Vec<Vec<usize>>,
}

impl Layers {
    fn new(sketch: &Sketch, box_widths: &[f64]) -> Self {
        let mut rank = vec![0; sketch.boxes.len()];
        let edges: Vec<(usize, usize)> = {
            let mut sorted: Vec<_> = sketch.forward_edges().collect();
            // By target, so that a box's rank is final before it is handed on.
            sorted.sort_by_key(|&(_, to)| to);
            sorted
        };
        for &(from, to) in &edges {
            rank[to] = rank[to].max(rank[from] + 1);
        }
        let mut made = Self {
            box_count: sketch.boxes.len(),
            widths: box_widths.to_vec(),
            rank,
            rows: Vec::new(),
            above: Vec::new(),
            below: Vec::new(),
            chains: Vec::new(),
        };
        for (from, to) in edges {
            let mut chain = vec![from];
            for rank in made.rank[from] + 1..made.rank[to] {
                chain.push(made.rank.len());
                made.rank.push(rank);
                made.widths.push(EDGE_WIDTH);
            }
            chain.push(to);
            made.chains.push(chain);
        }
        let count = made.rank.len();
        made.rows = vec![Vec::new(); made.rank.iter().max().map_or(0, |r| r + 1)];
        for item in 0..count {
            made.rows[made.rank[item]].push(item);
        }
        (made.above, made.below) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for pair in made.chains.iter().flat_map(|chain| chain.windows(2)) {
            made.below[pair[0]].push(pair[1]);
            made.above[pair[1]].push(pair[0]);
        }
        made
    }

    /// Orders every layer by the mean position of its items' neighbours, down and up in turn, and
    /// keeps the order with the fewest crossings.
    fn order(&mut self) {
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
            let lines: Vec<(usize, usize)> = (row.iter())
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

    /// Horizontal centres: every item near the mean of its neighbours, no two overlapping.
    fn centres(&self) -> Vec<f64> {
        let mut centres = vec![0.0; self.rank.len()];
        for row in &self.rows {
            self.settle(row, &mut centres);
        }
        for sweep in 0..4 * SWEEPS {
            let rows: Vec<&Vec<usize>> = match sweep % 2 {
                0 => self.rows.iter().collect(),
                _ => self.rows.iter().rev().collect(),
            };
            for row in rows {
                self.settle(row, &mut centres);
            }
        }
        centres
    }

    /// Where an item is wanted, and how strongly: at the mean of its neighbours.
    fn wanted(&self, item: usize, centres: &[f64], middle_of_row: f64) -> (f64, f64) {
        let passes = |item: usize| f64::from(item >= self.box_count);
        let near = self.above[item].iter().chain(&self.below[item]);
        let (sum, weight) = near.fold((0.0, 0.0), |(sum, weight), &n| {
            // The stretches of an edge between layers should be straight before all else.
            let w = 1.0 + passes(item) + passes(n) + 4.0 * passes(item) * passes(n);
            (sum + w * centres[n], weight + w)
        });
        match weight > 0.0 {
            true => (sum / weight, weight),
            // Nothing pulls it anywhere: beside the others.
            false => (middle_of_row, 1e-3),
        }
    }

    /// Moves the items of a row as close to where they are wanted as their order and widths
    /// allow: least squares under minimal distances, by pooling neighbours that collide.
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
        // Pools of (weighted sum of wanted shifts, weight, number of items).
        let mut pools: Vec<(f64, f64, usize)> = Vec::new();
        for (&item, offset) in row.iter().zip(&offsets) {
            let (target, weight) = self.wanted(item, centres, middle);
            pools.push((weight * (target - offset), weight, 1));
            while let [.., a, b] = pools[..]
                && a.0 / a.1 > b.0 / b.1
            {
                pools.truncate(pools.len() - 2);
                pools.push((a.0 + b.0, a.1 + b.1, a.2 + b.2));
            }
        }
        let shifts = (pools.iter()).flat_map(|&(sum, w, n)| std::iter::repeat_n(sum / w, n));
        for ((&item, offset), shift) in row.iter().zip(&offsets).zip(shifts) {
            centres[item] = offset + shift;
        }
    }

    fn places(&self, centres: &[f64]) -> Layout {
        let left = |item: usize| centres[item] - self.widths[item] / 2.0;
        let top = |item: usize| self.rank[item] as f64 * (BOX_HEIGHT + LAYER_GAP);
        let items = 0..self.rank.len();
        let least = items.clone().map(left).fold(f64::INFINITY, f64::min);
        let most = (items.map(|item| left(item) + self.widths[item])).fold(least, f64::max);
        let x = |item: usize| centres[item] - least;
        let mut edges: Vec<Vec<(f64, f64)>> = Vec::new();
        for chain in &self.chains {
            let mut points = Vec::new();
            for (at, &item) in chain.iter().enumerate() {
                if at > 0 {
                    points.push((x(item), top(item)));
                }
                if at + 1 < chain.len() {
                    points.push((x(item), top(item) + BOX_HEIGHT));
                }
            }
            edges.push(points);
        }
        self.spread_heads(&mut edges);
        let height = match self.rows.len() {
            0 => 0.0,
            rows => rows as f64 * (BOX_HEIGHT + LAYER_GAP) - LAYER_GAP,
        };
        Layout {
            size: (
                if self.box_count > 0 {
                    most - least
                } else {
                    0.0
                },
                height,
            ),
            boxes: (0..self.box_count)
                .map(|item| (left(item) - least, top(item), self.widths[item]))
                .collect(),
            edges,
        }
    }

    /// Edges into one box arrive side by side, in the order in which they come.
    fn spread_heads(&self, edges: &mut [Vec<(f64, f64)>]) {
        const STEP: f64 = 14.0;
        for target in 0..self.rank.len() {
            let mut arriving: Vec<usize> = (0..self.chains.len())
                .filter(|&edge| self.chains[edge].last() == Some(&target))
                .collect();
            arriving.sort_by(|&a, &b| before_last(&edges[a]).total_cmp(&before_last(&edges[b])));
            let step = STEP.min(self.widths[target] / (arriving.len() + 1) as f64);
            for (at, &edge) in arriving.iter().enumerate() {
                if let Some(head) = edges[edge].last_mut() {
                    head.0 += (at as f64 - (arriving.len() - 1) as f64 / 2.0) * step;
                }
            }
        }
    }
}

/// Where an edge comes from on its last stretch.
fn before_last(points: &[(f64, f64)]) -> f64 {
    points.iter().rev().nth(1).map_or(0.0, |p| p.0)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), v| (sum + v, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
