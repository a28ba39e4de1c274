//! What controllers with a model share: which architectures to ask it about, and which to propose.

use std::collections::BTreeSet;

use nasfw_sdk::{Choices, Result, Rng, Schema};
use nasfw_surrogate::{Belief, Points, expected_improvement};

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
    best: f64,
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

/// The architecture of the highest expected improvement among neighbours of the best, and of some from
/// further away. None was proposed before unless all were.
pub(super) fn choose(
    schema: &Schema,
    history: &History,
    stand: &Stand,
    predict: impl Fn(&Points) -> Vec<Belief>,
    rng: &mut Rng,
) -> Result<Choices> {
    let mut asked = BTreeSet::new();
    let (low, high) = (nasfw_surrogate::knob("LOW", 1.0).ln(), nasfw_surrogate::knob("HIGH", 1.0).ln());
    let care = { use rand::RngExt; (low + (high - low) * rng.random::<f64>()).exp() };
    let mut pool = candidates(schema, history, stand, &mut asked, rng);
    if pool.is_empty() {
        // All of these were proposed. Perhaps all of the space was: then again.
        let any = history.unseen(schema, rng)?;
        if !history.has(&any) {
            return Ok(any);
        }
        pool = candidates(schema, &History::default(), stand, &mut asked, rng);
        pool.push(any.to_vec());
    }
    let worth = |pool: &[Vec<usize>]| -> Option<(usize, f64)> {
        let points = Points::collect(schema.len(), pool.iter().map(|choices| &choices[..]));
        let worth = predict(&points)
            .into_iter()
            .map(|belief| expected_improvement(Belief { mean: belief.mean, deviation: belief.deviation * care }, stand.best));
        // Of equals the first, and their order is random.
        worth
            .enumerate()
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
    };
    let Some((at, mut most)) = worth(&pool) else {
        return history.unseen(schema, rng);
    };
    let mut top = pool.swap_remove(at);
    for _ in 0..CLIMBS {
        let mut around = walk::neighbours(schema, &top);
        around.retain(|choices| !history.has(choices) && asked.insert(choices.clone()));
        match worth(&around) {
            Some((at, more)) if more > most => {
                most = more;
                top = around.swap_remove(at);
            }
            _ => break,
        }
    }
    schema.choices(top)
}

/// Different architectures that are not in `history`, in random order.
fn candidates(
    schema: &Schema,
    history: &History,
    stand: &Stand,
    asked: &mut BTreeSet<Vec<usize>>,
    rng: &mut Rng,
) -> Vec<Vec<usize>> {
    let told = |&at: &usize| history.told().get(at).map(|(choices, _)| &**choices);
    let leaders: Vec<&[usize]> = stand.leaders.iter().filter_map(told).collect();
    let mut all = Vec::new();
    for leader in &leaders {
        all.extend(walk::neighbours(schema, leader));
    }
    for at in 0..if leaders.is_empty() { 0 } else { PAIRS } {
        let one = walk::step(schema, leaders[at % leaders.len()], rng);
        all.push(walk::step(schema, &one, rng));
    }
    for _ in 0..STRANGERS {
        all.push(walk::random(schema, rng));
    }
    all.retain(|choices| !history.has(choices) && asked.insert(choices.clone()));
    walk::shuffle(&mut all, rng);
    all
}
