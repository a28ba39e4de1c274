//! Layout of the boxes and edges of a sketch: layers from top to bottom (Sugiyama, Tagawa & Toda
//! 1981), with few crossings and short edges.

use nasfw_sdk::Sketch;

use super::forward_edges;

/// Height of a box, and of the gap between layers that edges cross.
pub(super) const BOX_HEIGHT: f64 = 26.0;
const LAYER_GAP: f64 = 30.0;
/// Room for an edge that passes a layer between boxes.
const EDGE_WIDTH: f64 = 2.0;

/// Positions of everything, in pixels from the upper left corner.
pub(super) struct Layout {
    /// Width and height of the whole.
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

/// Boxes and the points where edges pass a layer, together: *items*, boxes first.
pub(super) struct Layers {
    pub(super) box_count: usize,
    pub(super) widths: Vec<f64>,
    pub(super) rank: Vec<usize>,
    /// The items of each layer from left to right.
    pub(super) rows: Vec<Vec<usize>>,
    pub(super) above: Vec<Vec<usize>>,
    pub(super) below: Vec<Vec<usize>>,
    /// The items of each edge, from box to box.
    pub(super) chains: Vec<Vec<usize>>,
}

impl Layers {
    fn new(sketch: &Sketch, box_widths: &[f64]) -> Self {
        let mut rank = vec![0; sketch.boxes.len()];
        let edges: Vec<(usize, usize)> = {
            let mut sorted: Vec<_> = forward_edges(sketch).collect();
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

    fn places(&self, centres: &[f64]) -> Layout {
        let left = |item: usize| centres[item] - self.widths[item] / 2.0;
        let top = |item: usize| self.rank[item] as f64 * (BOX_HEIGHT + LAYER_GAP);
        let items = 0..self.rank.len();
        let least = items.clone().map(left).fold(f64::INFINITY, f64::min);
        let rights = items.map(|item| left(item) + self.widths[item]);
        let most = rights.fold(least, f64::max);
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
        let width = if self.box_count > 0 {
            most - least
        } else {
            0.0
        };
        Layout {
            size: (width, height),
            boxes: (0..self.box_count)
                .map(|item| (left(item) - least, top(item), self.widths[item]))
                .collect(),
            edges,
        }
    }

    /// Spreads the ends of edges into one box side by side, in order.
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

/// The horizontal start of an edge's last stretch.
fn before_last(points: &[(f64, f64)]) -> f64 {
    points.iter().rev().nth(1).map_or(0.0, |p| p.0)
}

pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), v| (sum + v, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
