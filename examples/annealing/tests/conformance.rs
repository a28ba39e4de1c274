//! The conformance check of every controller, and tests of this one.

use annealing::{Annealing, AnnealingConfig};
use nasfw_sdk::registry::ControllerFromConfig;
use nasfw_sdk::testing::{check_controller, small_schema};
use nasfw_sdk::{Controller, Decision, Outcome, Proposal, Result, Rng, Schema, Seed};

fn make(schema: &Schema, rng: &mut Rng) -> Result<Box<dyn Controller>> {
    let made = Annealing::from_config(AnnealingConfig::default(), schema, rng)?;
    Ok(Box::new(made))
}

fn scored(proposal: &Proposal, reward: f64) -> Outcome {
    let proposal = proposal.clone();
    Outcome::Scored { proposal, reward }
}

#[test]
fn keeps_its_contract() {
    check_controller(&make, &small_schema(), 50, Seed(1)).unwrap();
}

#[test]
fn proposes_all_neighbours_alike_and_nothing_else() {
    // Four decisions of three options, no masks: eight neighbours.
    let decisions = (0..4).map(|at| Decision::new(format!("d{at}"), "", ["a", "b", "c"]));
    let schema = Schema::new(decisions.collect()).unwrap();
    let mut rng = Seed(3).stream("neighbours");
    let mut controller = make(&schema, &mut rng).unwrap();
    let start = controller.propose(&mut rng).unwrap();
    controller.observe(&scored(&start, 0.5), &mut rng).unwrap();
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..8000 {
        let proposal = controller.propose(&mut rng).unwrap();
        let changed = (0..4).filter(|&at| proposal.choices[at] != start.choices[at]);
        assert_eq!(changed.count(), 1);
        let log_prob = proposal.log_prob.unwrap();
        assert!((log_prob - 0.125_f64.ln()).abs() < 1e-12);
        *counts.entry(proposal.choices).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 8);
    // Five standard deviations of a binomial around 1000.
    assert!(
        counts.values().all(|&n: &i32| (n - 1000).abs() < 150),
        "{counts:?}"
    );
}

#[test]
fn finds_the_best_of_a_hill() {
    // The reward falls with the distance from one architecture in 6^6.
    let options = ["0", "1", "2", "3", "4", "5"];
    let decisions = (0..6).map(|at| Decision::new(format!("d{at}"), "", options));
    let schema = Schema::new(decisions.collect()).unwrap();
    let best = [3, 1, 4, 1, 5, 2_usize];
    let reward = |p: &Proposal| {
        let far: usize = (0..6).map(|at| p.choices[at].abs_diff(best[at])).sum();
        1.0 - far as f64 / 30.0
    };
    for seed in 0..10 {
        let mut rng = Seed(seed).stream("hill");
        let mut controller = make(&schema, &mut rng).unwrap();
        let mut found = 0.0_f64;
        for _ in 0..500 {
            let proposal = controller.propose(&mut rng).unwrap();
            found = found.max(reward(&proposal));
            controller
                .observe(&scored(&proposal, reward(&proposal)), &mut rng)
                .unwrap();
        }
        assert!(found > 0.999, "seed {seed}: {found}");
    }
}

#[test]
fn settings_out_of_range_are_refused() {
    let mut rng = Seed(0).stream("settings");
    for (temperature, cooling, key) in [
        (0.0, 0.9, "temperature"),
        (f64::NAN, 0.9, "temperature"),
        (0.1, 0.0, "cooling"),
        (0.1, 1.1, "cooling"),
    ] {
        let config = AnnealingConfig {
            temperature,
            cooling,
        };
        let made = Annealing::from_config(config, &small_schema(), &mut rng);
        let said = made.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(said.starts_with(key), "{said}");
    }
}
