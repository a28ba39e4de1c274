//! Evolution by hand: tournament weights, mutation, repair, death of the oldest.

use std::collections::BTreeMap;

use approx::assert_relative_eq;
use nasfw_sdk::choices::Mask;
use nasfw_sdk::{Decision, Seed};

use super::*;

/// Two decisions of 2 and 3 options; choosing 1 first rules option 0 out.
fn masked() -> Schema {
    let mut second = Decision::new("b", "", ["x", "y", "z"]);
    second.masks.push(Mask {
        when: 0,
        chose: 1,
        forbids: vec![0],
    });
    Schema::new(vec![Decision::new("a", "", ["x", "y"]), second]).expect("a right schema")
}

/// An evolution over `schema` with exactly these members, oldest first.
fn with_members(schema: &Schema, sample: usize, members: &[([usize; 2], f64)]) -> Evolution {
    let config = EvolutionConfig {
        population: members.len(),
        sample,
        repeats: true,
    };
    let mut rng = Seed(0).stream("evolution");
    let mut it = Evolution::from_config(config, schema, &mut rng).expect("right settings");
    for &(values, reward) in members {
        let choices = schema.choices(values).expect("valid choices");
        let proposal = Proposal::new(choices);
        it.observe(&Outcome::Scored { proposal, reward }, &mut rng)
            .expect("takes outcomes in");
    }
    it
}

/// Number of proposals of each pair, of `DRAWS`.
fn frequencies(it: &mut Evolution) -> BTreeMap<Vec<usize>, f64> {
    let mut rng = Seed(7).stream("frequencies");
    let mut all = BTreeMap::new();
    for _ in 0..DRAWS {
        let proposal = it.propose(&mut rng).expect("proposes");
        assert_eq!(proposal.log_prob, None);
        *all.entry(proposal.choices.to_vec()).or_insert(0.0) += 1.0 / f64::from(DRAWS);
    }
    all
}

const DRAWS: u32 = 20_000;

/// Compares frequencies with probabilities; 0.02 is more than 5 standard deviations.
fn assert_near(found: &BTreeMap<Vec<usize>, f64>, expected: &[([usize; 2], f64)]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (choices, probability) in expected {
        assert_relative_eq!(found[&choices[..]], *probability, epsilon = 0.02);
    }
}

#[test]
fn one_parent_by_hand() {
    // Parent (0, 0): half the time a changes to 1, which forbids b = 0: repaired to 1 or 2.
    let mut it = with_members(&masked(), 1, &[([0, 0], 0.5)]);
    let quarter = [[0, 1], [0, 2], [1, 1], [1, 2]].map(|choices| (choices, 0.25));
    assert_near(&frequencies(&mut it), &quarter);
}

#[test]
fn the_best_wins_a_tournament_as_often_as_it_is_drawn() {
    // Of two members the better wins unless both draws miss it: 1 − (1/2)².
    let mut it = with_members(&masked(), 2, &[([0, 2], 0.9), ([1, 2], 0.1)]);
    // A child of (0, 2) is (1, 2), (0, 0) or (0, 1); one of (1, 2) is (0, 2) or (1, 1).
    let (better, worse) = (0.75, 0.25);
    let by_hand = [
        ([1, 2], better / 2.0),
        ([0, 0], better / 4.0),
        ([0, 1], better / 4.0),
        ([0, 2], worse / 2.0),
        ([1, 1], worse / 2.0),
    ];
    assert_near(&frequencies(&mut it), &by_hand);
}

#[test]
fn the_oldest_dies_however_good() {
    let schema = masked();
    let mut it = with_members(&schema, 1, &[([0, 0], 1.0), ([0, 1], 0.2)]);
    let proposal = Proposal::new(schema.choices([1, 1]).expect("valid"));
    it.observe(
        &Outcome::Scored {
            proposal,
            reward: 0.0,
        },
        &mut Seed(0).stream(""),
    )
    .expect("takes outcomes in");
    let left: Vec<&[usize]> = it.population.iter().map(|m| &*m.choices).collect();
    assert_eq!(left, [[0, 1], [1, 1]]);
}

#[test]
fn a_space_of_one_architecture_is_proposed_again() {
    let schema = Schema::new(vec![
        Decision::new("a", "", ["x"]),
        Decision::new("b", "", ["x"]),
    ]);
    let mut it = with_members(&schema.expect("a right schema"), 3, &[([0, 0], 0.5)]);
    let proposal = it
        .propose(&mut Seed(0).stream("propose"))
        .expect("proposes");
    assert_eq!(*proposal.choices, [0, 0]);
}
