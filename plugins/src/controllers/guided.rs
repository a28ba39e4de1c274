//! What controllers with a model share: which architectures to ask it about, and which to propose.

use std::collections::BTreeSet;

use nasfw_sdk::{Choices, Result, Rng, Schema};
use nasfw_surrogate::Points;
use rand::RngExt;

use super::history::History;
use super::walk;

/// The best architectures, whose neighbours are asked about.
const LEADERS: usize = 5;
/// Architectures two steps from one of these.
const PAIRS: usize = 100;
/// Architectures from anywhere.
const STRANGERS: usize = 200;
/// Steps uphill from the best of either.
const CLIMBS: usize = 5;
/// The largest factor by which uncertainty counts more than its share.
const CARE: f64 = 5.0;

/// Where a search stands, to its model.
#[derive(Clone, Debug)]
pub(super) struct Stand {
    /// Indices of what was told, the best first.
    leaders: Vec<usize>,
    /// The highest expected reward of what was told, without the noise of a trial.
    pub(super) best: f64,
}

impl Stand {
    /// That of a search with these expected rewards, one for each told.
    pub(super) fn of(history: &History, means: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..means.len()).collect();
        // Stable, so that of equals the earlier lead.
        order.sort_by(|&a, &b| means[b].total_cmp(&means[a]));
        let mut met = BTreeSet::new();
        order.retain(|&at| met.insert(&*history.told()[at].0));
        let best = order.first().map_or(0.0, |&first| means[first]);
        order.truncate(LEADERS);
        Self {
            leaders: order,
            best,
        }
    }
}

/// How much more than its share uncertainty counts for this proposal.
///
/// Expected improvement looks no further than one trial, so by itself it stays near the best as long as
/// anything is left there. With a factor of its own for each proposal, some refine and some explore
/// (Hutter, Hoos & Leyton-Brown 2012 draw one for each of the proposals made at once).
pub(super) fn care(rng: &mut Rng) -> f64 {
    (rng.random::<f64>() * CARE.ln()).exp()
}

/// The architecture that promises most among neighbours of the best, and of some from further away. None
/// was proposed before unless all were.
///
/// `most` finds the one that promises most among points, the first of equals, and what it promises.
pub(super) fn choose(
    schema: &Schema,
    history: &History,
    stand: &Stand,
    most: impl Fn(&Points) -> Option<(usize, f64)>,
    rng: &mut Rng,
) -> Result<Choices> {
    let told = |&at: &usize| history.told().get(at).map(|(choices, _)| &**choices);
    let leaders: Vec<&[usize]> = stand.leaders.iter().filter_map(told).collect();
    let most = |pool: &[Vec<usize>]| {
        let rows = pool.iter().map(|choices| &choices[..]);
        most(&Points::collect(schema.len(), rows))
    };
    let mut asked = BTreeSet::new();
    let mut is_new = |choices: &Vec<usize>| !history.has(choices) && asked.insert(choices.clone());
    let mut top: Option<(Vec<usize>, f64)> = None;
    for mut pool in [around(schema, &leaders, rng), anywhere(schema, rng)] {
        pool.retain(&mut is_new);
        // Of equals the first is taken.
        walk::shuffle(&mut pool, rng);
        let Some((at, mut worth)) = most(&pool) else {
            continue;
        };
        let mut here = pool.swap_remove(at);
        // Uphill, step by step.
        for _ in 0..CLIMBS {
            let mut next = walk::neighbours(schema, &here);
            next.retain(&mut is_new);
            match most(&next) {
                Some((at, more)) if more > worth => {
                    worth = more;
                    here = next.swap_remove(at);
                }
                _ => break,
            }
        }
        if top.as_ref().is_none_or(|(_, most)| worth > *most) {
            top = Some((here, worth));
        }
    }
    match top {
        Some((choices, _)) => schema.choices(choices),
        // All of these were proposed, perhaps all there are.
        None => history.unseen(schema, rng),
    }
}

/// Architectures one or two steps from `leaders`.
fn around(schema: &Schema, leaders: &[&[usize]], rng: &mut Rng) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = leaders
        .iter()
        .flat_map(|leader| walk::neighbours(schema, leader))
        .collect();
    for leader in leaders.iter().cycle().take(PAIRS) {
        let one = walk::step(schema, leader, rng);
        all.push(walk::step(schema, &one, rng));
    }
    all
}

/// Architectures from anywhere.
fn anywhere(schema: &Schema, rng: &mut Rng) -> Vec<Vec<usize>> {
    (0..STRANGERS).map(|_| walk::random(schema, rng)).collect()
}
