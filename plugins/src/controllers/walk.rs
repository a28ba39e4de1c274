//! Ways through a space: at random, one step from an architecture, one after another.

use nasfw_sdk::{Rng, Schema};
use rand::RngExt;

use super::categorical;

/// A random architecture, every allowed option of a decision equally likely.
pub(super) fn random(schema: &Schema, rng: &mut Rng) -> Vec<usize> {
    let mut values = Vec::with_capacity(schema.len());
    while values.len() < schema.len() {
        let allowed = schema.allowed(&values);
        values.push(categorical::draw(&categorical::uniform(&allowed), rng));
    }
    values
}

/// The architectures that differ from `from` in one decision. Where the new choice forbids a later one,
/// that becomes the next allowed option.
pub(super) fn neighbours(schema: &Schema, from: &[usize]) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    for at in 0..from.len() {
        let allowed = schema.allowed(&from[..at]);
        for option in (0..allowed.len()).filter(|&o| allowed[o] && o != from[at]) {
            all.push(changed(schema, from, at, option));
        }
    }
    all
}

/// A random architecture one step from `from`; `from` itself where there is none.
pub(super) fn step(schema: &Schema, from: &[usize], rng: &mut Rng) -> Vec<usize> {
    let other = |at: usize| {
        let allowed = schema.allowed(&from[..at]);
        let others = (0..allowed.len()).filter(move |&o| allowed[o] && o != from[at]);
        others.collect::<Vec<_>>()
    };
    let open: Vec<usize> = (0..from.len())
        .filter(|&at| !other(at).is_empty())
        .collect();
    if open.is_empty() {
        return from.to_vec();
    }
    let at = open[rng.random_range(0..open.len())];
    let options = other(at);
    changed(
        schema,
        from,
        at,
        options[rng.random_range(0..options.len())],
    )
}

fn changed(schema: &Schema, from: &[usize], at: usize, option: usize) -> Vec<usize> {
    let mut values = from.to_vec();
    values[at] = option;
    for later in at + 1..values.len() {
        if schema.decisions()[later].masks.is_empty() {
            continue;
        }
        let allowed = schema.allowed(&values[..later]);
        let arity = allowed.len();
        let next = (0..arity).map(|by| (values[later] + by) % arity);
        values[later] = next
            .into_iter()
            .find(|&o| allowed[o])
            .unwrap_or(values[later]);
    }
    values
}

/// The first architecture that is wanted, in a random order of options; none where none is. Looks at
/// those that are not wanted only until it meets one that is.
pub(super) fn first(
    schema: &Schema,
    rng: &mut Rng,
    wanted: impl Fn(&[usize]) -> bool,
) -> Option<Vec<usize>> {
    let mut values: Vec<usize> = Vec::new();
    // Options still to be tried of each decision so far, the next one last.
    let mut rest = vec![shuffled_options(schema, &values, rng)];
    loop {
        match rest.last_mut()?.pop() {
            None => {
                rest.pop();
                values.pop();
            }
            Some(option) => {
                values.push(option);
                if values.len() < schema.len() {
                    rest.push(shuffled_options(schema, &values, rng));
                } else if wanted(&values) {
                    return Some(values);
                } else {
                    values.pop();
                }
            }
        }
    }
}

fn shuffled_options(schema: &Schema, prefix: &[usize], rng: &mut Rng) -> Vec<usize> {
    let allowed = schema.allowed(prefix);
    let mut options: Vec<usize> = (0..allowed.len()).filter(|&o| allowed[o]).collect();
    shuffle(&mut options, rng);
    options
}

/// Puts `items` into a random order (Fisher & Yates).
pub(super) fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for at in (1..items.len()).rev() {
        items.swap(at, rng.random_range(0..=at));
    }
}
