//! Evolution by hand: tournament weights, mutation, repair, death of the oldest.

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
    };
    let mut rng = Seed(0).stream("evolution");
    let mut it = Evolution::from_config(config, schema, &mut rng).expect("right settings");
    for &(values, reward) in members {
        let choices = schema.choices(values).expect("valid choices");
        let proposal = Proposal {
            choices,
            log_prob: 0.0,
        };
        it.observe(&Outcome::Scored { proposal, reward }, &mut rng);
    }
    it
}

#[test]
fn one_parent_by_hand() {
    // Parent (0, 0): half the time a changes to 1, which forbids b = 0: repaired to 1 or 2.
    let it = with_members(&masked(), 1, &[([0, 0], 0.5)]);
    assert_eq!(it.probabilities(&[]), [0.5, 0.5]);
    assert_eq!(it.probabilities(&[0]), [0.0, 0.5, 0.5]);
    assert_eq!(it.probabilities(&[1]), [0.0, 0.5, 0.5]);
}

#[test]
fn a_prefix_no_child_has_is_uniform_and_its_probability_zero() {
    let it = with_members(&masked(), 1, &[([0, 0], 0.5)]);
    let parent = it.schema.choices([0, 0]).expect("valid choices");
    assert_eq!(it.log_prob(&parent), f64::NEG_INFINITY);
    let decisions = (0..3).map(|i| Decision::new(format!("{i}"), "", ["x", "y"]));
    let schema = Schema::new(decisions.collect()).expect("a right schema");
    let config = EvolutionConfig {
        population: 1,
        sample: 1,
    };
    let mut rng = Seed(0).stream("evolution");
    let mut it = Evolution::from_config(config, &schema, &mut rng).expect("right settings");
    let proposal = Proposal {
        choices: schema.choices([0; 3]).expect("valid"),
        log_prob: 0.0,
    };
    it.observe(
        &Outcome::Scored {
            proposal,
            reward: 1.0,
        },
        &mut rng,
    );
    assert_eq!(
        it.probabilities(&[1, 1]),
        [0.5, 0.5],
        "two mutations at once"
    );
}

#[test]
fn the_best_wins_a_tournament_as_often_as_it_is_drawn() {
    // Of two members the better wins unless both draws miss it: 1 − (1/2)².
    let it = with_members(&masked(), 2, &[([0, 2], 0.9), ([1, 2], 0.1)]);
    assert_relative_eq!(
        it.probabilities(&[])[0],
        0.75 / 2.0 + 0.25 / 2.0,
        epsilon = 1e-12
    );
    let by_hand = 0.75 * 0.5 / (0.75 * 0.5 + 0.25 * 0.5);
    assert_relative_eq!(it.probabilities(&[0])[0], by_hand * 0.5, epsilon = 1e-12);
}

#[test]
fn the_oldest_dies_however_good() {
    let schema = masked();
    let mut it = with_members(&schema, 1, &[([0, 0], 1.0), ([0, 1], 0.2)]);
    let proposal = Proposal {
        choices: schema.choices([1, 1]).expect("valid"),
        log_prob: 0.0,
    };
    it.observe(
        &Outcome::Scored {
            proposal,
            reward: 0.0,
        },
        &mut Seed(0).stream(""),
    );
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
    let proposal = it.propose(&mut Seed(0).stream("propose"));
    assert_eq!((&*proposal.choices, proposal.log_prob), (&[0, 0][..], 0.0));
}
