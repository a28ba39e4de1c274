//! One regression tree.

use nasfw_sdk::Rng;
use rand::RngExt;

use crate::points::Points;

/// What a tree says of the trials in a leaf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    pub(super) mean: f64,
    pub(super) variance: f64,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf(Leaf),
    /// Options below `left.len()` with `true` there go to the next node, all others to `right`.
    Split {
        decision: usize,
        left: Vec<bool>,
        right: usize,
    },
}

/// Nodes in the order in which they are met, left before right.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

/// The best way to part some trials in two.
struct Cut {
    decision: usize,
    left: Vec<bool>,
    gain: f64,
}

impl Tree {
    /// Grows a tree on the trials `sample` of `points`, with `decisions` of the decisions to choose
    /// from at each split.
    pub(super) fn grow(
        points: &Points,
        y: &[f64],
        sample: Vec<usize>,
        least: usize,
        decisions: usize,
        rng: &mut Rng,
    ) -> Self {
        let mut tree = Self { nodes: Vec::new() };
        // Trials that still need a node, and the split whose right side they are.
        let mut open = vec![(sample, None)];
        while let Some((sample, parent)) = open.pop() {
            let here = tree.nodes.len();
            if let Some(Node::Split { right, .. }) =
                parent.and_then(|parent: usize| tree.nodes.get_mut(parent))
            {
                *right = here;
            }
            match cut(points, y, &sample, least, decisions, rng) {
                None => tree.nodes.push(Node::Leaf(leaf(y, &sample))),
                Some(Cut { decision, left, .. }) => {
                    let goes_left = |&at: &usize| is_left(&left, points.row(at)[decision]);
                    let (first, second) = sample.into_iter().partition(goes_left);
                    tree.nodes.push(Node::Split {
                        decision,
                        left,
                        right: 0,
                    });
                    open.push((second, Some(here)));
                    open.push((first, None));
                }
            }
        }
        tree
    }

    /// The leaf that a row falls into.
    pub(super) fn leaf(&self, row: &[u16]) -> Leaf {
        let mut at = 0;
        loop {
            match &self.nodes[at] {
                Node::Leaf(leaf) => return *leaf,
                Node::Split {
                    decision,
                    left,
                    right,
                } => {
                    at = if is_left(left, row[*decision]) {
                        at + 1
                    } else {
                        *right
                    }
                }
            }
        }
    }
}

fn is_left(left: &[bool], option: u16) -> bool {
    left.get(usize::from(option)).copied().unwrap_or(false)
}

fn leaf(y: &[f64], sample: &[usize]) -> Leaf {
    let n = sample.len().max(1) as f64;
    let mean = sample.iter().map(|&at| y[at]).sum::<f64>() / n;
    let squares: f64 = sample.iter().map(|&at| (y[at] - mean).powi(2)).sum();
    Leaf {
        mean,
        variance: squares / n,
    }
}

/// The split that leaves the least squares, among `decisions` random ones; none where nothing is gained.
fn cut(
    points: &Points,
    y: &[f64],
    sample: &[usize],
    least: usize,
    decisions: usize,
    rng: &mut Rng,
) -> Option<Cut> {
    if sample.len() < 2 * least.max(1) {
        return None;
    }
    let mut all: Vec<usize> = (0..points.width()).collect();
    let mut best: Option<Cut> = None;
    for tried in 0..all.len() {
        // One that gains nothing does not count, so that a few that all agree do not end the tree.
        if tried >= decisions && best.is_some() {
            break;
        }
        let pick = rng.random_range(tried..all.len());
        all.swap(tried, pick);
        if let Some(cut) = cut_at(points, y, sample, least, all[tried])
            && best.as_ref().is_none_or(|best| cut.gain > best.gain)
        {
            best = Some(cut);
        }
    }
    best
}

/// The best split by one decision. With the options in the order of their mean reward, one of the splits
/// between neighbours is the best of all (Breiman, Friedman, Olshen & Stone 1984, theorem 4.5).
fn cut_at(
    points: &Points,
    y: &[f64],
    sample: &[usize],
    least: usize,
    decision: usize,
) -> Option<Cut> {
    let mut options: Vec<(usize, f64)> = Vec::new();
    for &at in sample {
        let option = usize::from(points.row(at)[decision]);
        if options.len() <= option {
            options.resize(option + 1, (0, 0.0));
        }
        options[option].0 += 1;
        options[option].1 += y[at];
    }
    let mut order: Vec<usize> = (0..options.len()).filter(|&o| options[o].0 > 0).collect();
    let mean = |o: usize| options[o].1 / options[o].0 as f64;
    order.sort_by(|&a, &b| mean(a).total_cmp(&mean(b)));
    let total: f64 = options.iter().map(|(_, sum)| sum).sum();
    let n = sample.len();
    let base = total * total / n as f64;
    let (mut count, mut sum) = (0, 0.0);
    let mut best: Option<(usize, f64)> = None;
    for (place, &option) in order.iter().enumerate().take(order.len().saturating_sub(1)) {
        count += options[option].0;
        sum += options[option].1;
        if count < least || n - count < least {
            continue;
        }
        let gain = sum * sum / count as f64 + (total - sum).powi(2) / (n - count) as f64 - base;
        if gain > 1e-12 && best.is_none_or(|(_, most)| gain > most) {
            best = Some((place, gain));
        }
    }
    best.map(|(place, gain)| {
        let mut left = vec![false; options.len()];
        for &option in &order[..=place] {
            left[option] = true;
        }
        Cut {
            decision,
            left,
            gain,
        }
    })
}
