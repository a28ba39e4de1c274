//! What controllers with a model share: which architectures to ask it about, and which to propose.

use std::collections::BTreeSet;

use nasfw_sdk::{Choices, Result, Rng, Schema};
use nasfw_surrogate::Points;

use super::history::History;
use super::walk;

/// The best architectures, whose neighbours are asked about.
const LEADERS: usize = 5;
/// Architectures two steps from one of these.
const PAIRS: usize = 100;
/// Architectures from anywhere.
const STRANGERS: usize = 200;
/// Steps uphill from the best of all these.
const CLIMBS: usize = 5;

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

/// The architecture of the highest worth among neighbours of the best, and of some from further away.
/// None was proposed before unless all were.
///
/// `most` finds the one of most worth among points, the first of equals.
pub(super) fn choose(
    schema: &Schema,
    history: &History,
    stand: &Stand,
    most: impl Fn(&Points) -> Option<(usize, f64)>,
    rng: &mut Rng,
) -> Result<Choices> {
    let mut asked = BTreeSet::new();
    let mut near = around(schema, history, stand, rng);
    let mut far = anywhere(schema, rng);
    for pool in [&mut near, &mut far] {
        pool.retain(|choices| !history.has(choices) && asked.insert(choices.clone()));
        walk::shuffle(pool, rng);
    }
    if near.is_empty() && far.is_empty() {
        // All of these were proposed. Perhaps all of the space was: then again.
        return history.unseen(schema, rng);
    }
    let most = |pool: &[Vec<usize>]| {
        most(&Points::collect(
            schema.len(),
            pool.iter().map(|choices| &choices[..]),
        ))
    };
    let mut top: Option<(Vec<usize>, f64)> = None;
    for mut pool in [near, far] {
        let Some((at, mut worth)) = most(&pool) else {
            continue;
        };
        let mut here = pool.swap_remove(at);
        // Uphill, step by step.
        for _ in 0..CLIMBS {
            let mut next = walk::neighbours(schema, &here);
            next.retain(|choices| !history.has(choices) && asked.insert(choices.clone()));
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
        None => history.unseen(schema, rng),
    }
}

/// Architectures one or two steps from the best.
fn around(schema: &Schema, history: &History, stand: &Stand, rng: &mut Rng) -> Vec<Vec<usize>> {
    let told = |&at: &usize| history.told().get(at).map(|(choices, _)| &**choices);
    let leaders: Vec<&[usize]> = stand.leaders.iter().filter_map(told).collect();
    let mut all: Vec<Vec<usize>> = leaders
        .iter()
        .flat_map(|leader| walk::neighbours(schema, leader))
        .collect();
    for leader in leaders
        .iter()
        .cycle()
        .take(if leaders.is_empty() { 0 } else { PAIRS })
    {
        let one = walk::step(schema, leader, rng);
        all.push(walk::step(schema, &one, rng));
    }
    all
}

/// Architectures from anywhere.
fn anywhere(schema: &Schema, rng: &mut Rng) -> Vec<Vec<usize>> {
    (0..nasfw_surrogate::knob("STRANGERS", STRANGERS as f64) as usize)
        .map(|_| walk::random(schema, rng))
        .collect()
}
