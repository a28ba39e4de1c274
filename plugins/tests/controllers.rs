//! Every registered controller against the contract, with several settings.

use nasfw_plugins as _; // Linked for what it registers.
use nasfw_sdk::State;
use nasfw_sdk::choices::Mask;
use nasfw_sdk::registry::ControllerEntry;
use nasfw_sdk::testing::check_controller;
use nasfw_sdk::{Controller, Decision, Outcome, Schema, Seed};
use proptest::prelude::*;
use rand::RngExt;
use serde_json::{Value, json};

/// Every registered controller with its defaults, and the built-in ones with other settings. The
/// LSTM is small here: its size changes nothing that the contract says.
fn configured() -> Vec<(&'static ControllerEntry, Value)> {
    let mut all = Vec::new();
    for entry in ControllerEntry::all() {
        let settings = match entry.about.name {
            "evolution" => vec![
                json!({"repeats": true}),
                json!({"population": 7, "sample": 3}),
            ],
            "bayes" => vec![json!({"initial": 1}), json!({"initial": 6, "memory": 10})],
            "forest" => vec![
                json!({"initial": 1, "trees": 3}),
                json!({"initial": 4, "trees": 2, "leaf": 3, "share": 0.1, "memory": 10}),
            ],
            "reinforce" => vec![json!({}), json!({"lr": 1.0, "baseline_decay": 0.0})],
            "ppo" => vec![
                json!({"hidden": 6, "ring": 8, "update_every": 3, "minibatch": 3, "entropy": 0.01}),
                json!({"hidden": 4, "policy": "factorised", "ring": 5, "update_every": 1,
                       "epochs": 1, "minibatch": 1, "warmup_steps": 0, "lr": 1e-4, "clip": 0.1}),
            ],
            _ => vec![json!({})],
        };
        all.extend(settings.into_iter().map(|settings| (entry, settings)));
    }
    all
}

fn build(entry: &ControllerEntry, settings: &Value, schema: &Schema) -> Box<dyn Controller> {
    (entry.build)(settings, schema, &mut Seed(1).stream("init")).expect("right settings")
}

/// Schemas of 1 to 6 decisions with 1 to 12 options, some sharing a kind, with random masks.
fn schemas() -> impl Strategy<Value = Schema> {
    let decision = (1usize..12, prop::sample::select(vec!["", "op", "at"]));
    (prop::collection::vec(decision, 1..6), any::<u64>()).prop_map(|(sizes, seed)| {
        let mut rng = Seed(seed).stream("masks");
        let mut decisions: Vec<Decision> = Vec::new();
        for (at, (arity, kind)) in sizes.into_iter().enumerate() {
            let options = (0..arity).map(|o| o.to_string());
            let mut decision = Decision::new(format!("d{at}"), kind, options);
            // The last option is never masked, as a schema demands of one.
            for _ in 0..if at > 0 && arity > 1 {
                rng.random_range(0..3)
            } else {
                0
            } {
                let when = rng.random_range(0..at);
                let chose = rng.random_range(0..decisions[when].arity());
                let forbids = (0..arity - 1).filter(|_| rng.random()).collect();
                decision.masks.push(Mask {
                    when,
                    chose,
                    forbids,
                });
            }
            decisions.push(decision);
        }
        Schema::new(decisions).expect("a right schema")
    })
}

/// Four decisions, masks in two of them: small enough to count how often each sequence comes.
fn masked() -> Schema {
    let decision = |label: &str, kind, arity: usize| {
        Decision::new(label, kind, (0..arity).map(|o| o.to_string()))
    };
    let mut decisions = vec![
        decision("a", "op", 3),
        decision("b", "op", 3),
        decision("c", "", 2),
        decision("d", "", 2),
    ];
    decisions[1].masks.push(Mask {
        when: 0,
        chose: 0,
        forbids: vec![1, 2],
    });
    decisions[3].masks.push(Mask {
        when: 1,
        chose: 2,
        forbids: vec![0],
    });
    Schema::new(decisions).expect("a right schema")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn every_controller_keeps_the_contract(schema in schemas(), seed in any::<u64>()) {
        for (entry, settings) in configured() {
            let make = |schema: &Schema, rng: &mut nasfw_sdk::Rng| {
                (entry.build)(&settings, schema, rng)
            };
            // More rounds than a small population or ring holds, so that all phases come.
            if let Err(e) = check_controller(&make, &schema, 24, Seed(seed)) {
                panic!("{} {settings}: {e}", entry.about.name);
            }
        }
    }
}

#[test]
fn defaults_keep_the_contract_too() {
    let schema = masked();
    for entry in ControllerEntry::all() {
        let make =
            |schema: &Schema, rng: &mut nasfw_sdk::Rng| (entry.build)(&json!({}), schema, rng);
        check_controller(&make, &schema, 24, Seed(5)).expect(entry.about.name);
    }
}

/// Trains a controller a little, towards high choices, so that its policy is not uniform.
fn train(it: &mut dyn Controller, trials: usize) {
    for trial in 0..trials {
        let mut rng = Seed(2).stream(&format!("train/{trial}"));
        let proposal = it.propose(&mut rng).expect("proposes");
        let reward = proposal.choices.iter().sum::<usize>() as f64 / 10.0;
        it.observe(&Outcome::Scored { proposal, reward }, &mut rng)
            .expect("takes it in");
    }
}

fn saved(it: &dyn Controller) -> State {
    it.save().expect("is saved")
}

/// Every valid sequence of a schema.
fn sequences(schema: &Schema) -> Vec<Vec<usize>> {
    schema
        .arities()
        .iter()
        .fold(vec![Vec::new()], |all, &arity| {
            let longer = all
                .iter()
                .flat_map(|prefix| (0..arity).map(move |o| [&prefix[..], &[o]].concat()));
            let valid = longer.filter(|v| (0..v.len()).all(|at| schema.allowed(&v[..at])[v[at]]));
            valid.collect()
        })
}

/// Would catch a stated probability that is not the one sampled from: a forgotten mask, a token fed
/// to the LSTM at another step than in training.
#[test]
fn sequences_come_as_often_as_their_probability_says() {
    let schema = masked();
    let mut checked = Vec::new();
    for (entry, settings) in configured() {
        let mut it = build(entry, &settings, &schema);
        train(&mut *it, 60);
        if it.policy().is_none() {
            continue;
        }
        checked.push(entry.about.name);
        let draws = 4000;
        let mut counts = std::collections::BTreeMap::new();
        let mut rng = Seed(11).stream("draws");
        for _ in 0..draws {
            *counts
                .entry(it.propose(&mut rng).expect("proposes").choices.to_vec())
                .or_insert(0.0) += 1.0;
        }
        let (mut chi2, mut freedom, mut total) = (0.0, -1.0, 0.0);
        let (mut rare_expected, mut rare_seen) = (0.0, 0.0);
        for values in sequences(&schema) {
            let choices = schema.choices(values.clone()).expect("valid");
            let policy = it.policy().expect("a policy as before");
            let p = policy.log_prob(&choices).expect("valid choices").exp();
            let seen = counts.get(&values).copied().unwrap_or(0.0);
            total += p;
            assert!(
                p > 0.0 || seen == 0.0,
                "{} proposes the impossible",
                entry.about.name
            );
            if p * f64::from(draws) >= 5.0 {
                chi2 += (seen - p * f64::from(draws)).powi(2) / (p * f64::from(draws));
                freedom += 1.0;
            } else {
                rare_expected += p * f64::from(draws);
                rare_seen += seen;
            }
        }
        if rare_expected > 5.0 {
            chi2 += (rare_seen - rare_expected).powi(2) / rare_expected;
            freedom += 1.0;
        }
        approx::assert_relative_eq!(total, 1.0, epsilon = 1e-5);
        // Mean plus 5 standard deviations of χ²: one in a million by chance, and the seed is fixed.
        let limit = freedom + 5.0 * (2.0f64 * freedom).sqrt();
        assert!(
            chi2 <= limit,
            "{} {settings}: χ² {chi2} above {limit}",
            entry.about.name
        );
    }
    checked.dedup();
    assert_eq!(checked, ["ppo", "random", "reinforce"]);
}

#[test]
fn a_state_goes_on_exactly_after_a_trip_through_json() {
    let schema = masked();
    for (entry, settings) in configured() {
        let mut first = build(entry, &settings, &schema);
        train(&mut *first, 20);
        let text = serde_json::to_string(&saved(&*first)).expect("states are plain bytes");
        let state: State = serde_json::from_str(&text).expect("JSON reads back");
        let other = &mut Seed(99).stream("other");
        let mut second = (entry.build)(&settings, &schema, other).expect("right settings");
        second.load(&state).expect("its own state");
        train(&mut *first, 20);
        train(&mut *second, 20);
        assert!(
            saved(&*first) == saved(&*second),
            "{} {settings} goes on differently",
            entry.about.name
        );
    }
}

#[test]
fn controllers_beside_each_other_do_not_disturb_each_other() {
    let schema = masked();
    for (entry, settings) in configured() {
        let [mut alone, mut one, mut two] = [0; 3].map(|_| build(entry, &settings, &schema));
        train(&mut *alone, 20);
        train(&mut *one, 10);
        train(&mut *two, 3);
        let before = saved(&*one);
        train(&mut *two, 3);
        assert!(saved(&*one) == before, "{} shares state", entry.about.name);
        let mut again = build(entry, &settings, &schema);
        train(&mut *again, 20);
        assert!(
            saved(&*again) == saved(&*alone),
            "{} is not reproducible",
            entry.about.name
        );
    }
}

/// A controller may remember what it proposed, but nothing of a failure beyond that.
#[test]
fn failures_leave_what_proposals_alone_leave() {
    let schema = masked();
    for (entry, settings) in configured() {
        let [mut it, mut untold] = [0; 2].map(|_| {
            let mut it = build(entry, &settings, &schema);
            train(&mut *it, 20);
            it
        });
        let policy = |it: &dyn Controller| -> Vec<f64> {
            let prefixes: [&[usize]; 4] = [&[], &[1], &[1, 2], &[2, 0, 1]];
            prefixes
                .iter()
                .filter_map(|prefix| it.policy().map(|policy| policy.probabilities(prefix)))
                .flat_map(|p| p.expect("an open decision"))
                .collect()
        };
        let before = policy(&*it);
        let state = saved(&*it);
        for trial in 0..60 {
            let mut rng = Seed(3).stream(&format!("failures/{trial}"));
            let mut again = rng.clone();
            let proposal = it.propose(&mut rng).expect("proposes");
            let same = untold.propose(&mut again).expect("proposes");
            assert_eq!(proposal, same, "{} {settings}", entry.about.name);
            it.observe(
                &Outcome::Failed {
                    proposal,
                    reason: "NaN".into(),
                },
                &mut rng,
            )
            .expect("takes it in");
        }
        assert_eq!(policy(&*it), before, "{} {settings}", entry.about.name);
        assert!(
            saved(&*it) == saved(&*untold),
            "{} {settings}",
            entry.about.name
        );
        if it.policy().is_some() {
            assert!(saved(&*it) == state, "{} {settings}", entry.about.name);
        }
    }
}

/// Controllers that propose nothing twice.
const WITHOUT_REPEATS: [&str; 4] = ["bayes", "evolution", "forest", "local"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// In rounds, with failures, across a saved state, in spaces of one architecture to many, until
    /// the space is exhausted and after.
    #[test]
    fn nothing_is_proposed_twice_until_all_was(
        schema in schemas(),
        round in 1usize..6,
        seed in any::<u64>(),
    ) {
        let all = sequences_up_to(&schema, 40);
        for name in WITHOUT_REPEATS {
            let entry = ControllerEntry::find(name).expect("registered");
            let settings = match name {
                "evolution" => json!({"population": 3, "sample": 2}),
                "forest" => json!({"initial": 3, "trees": 3}),
                "bayes" => json!({"initial": 3}),
                _ => json!({}),
            };
            let mut it = build(entry, &settings, &schema);
            let mut rng = Seed(seed).stream("rewards");
            let mut seen = std::collections::BTreeSet::new();
            while seen.len() < all {
                let proposals: Vec<_> = (0..round.min(all - seen.len()))
                    .map(|_| it.propose(&mut rng).expect("proposes"))
                    .collect();
                for proposal in &proposals {
                    let choices = proposal.choices.to_vec();
                    prop_assert!(seen.insert(choices), "{name} repeats {:?}", proposal.choices);
                }
                for proposal in proposals {
                    let outcome = match rng.random_range(0..5) {
                        0 => Outcome::Failed { proposal, reason: "made up".into() },
                        1 => Outcome::Scored { proposal, reward: 0.0 },
                        _ => Outcome::Scored { proposal, reward: rng.random() },
                    };
                    it.observe(&outcome, &mut rng).expect("takes it in");
                }
                let state = saved(&*it);
                it = build(entry, &settings, &schema);
                it.load(&state).expect("its own state");
            }
            for _ in 0..3 {
                let proposal = it.propose(&mut rng).expect("proposes from an exhausted space");
                prop_assert!(schema.choices(proposal.choices.to_vec()).is_ok());
            }
        }
    }
}

/// The number of valid sequences of a schema, at most `most`.
fn sequences_up_to(schema: &Schema, most: usize) -> usize {
    let mut prefixes = vec![Vec::new()];
    for _ in 0..schema.len() {
        let mut longer: Vec<Vec<usize>> = Vec::new();
        for prefix in prefixes {
            let allowed = schema.allowed(&prefix);
            let options = (0..allowed.len()).filter(|&o| allowed[o]);
            longer.extend(options.map(|o| [&prefix[..], &[o]].concat()));
        }
        longer.truncate(most);
        prefixes = longer;
    }
    prefixes.len()
}

#[test]
fn several_proposals_may_be_open_at_once() {
    let schema = masked();
    for (entry, settings) in configured() {
        let mut it = build(entry, &settings, &schema);
        let mut rng = Seed(4).stream("rounds");
        for _ in 0..6 {
            let round: Vec<_> = (0..5)
                .map(|_| it.propose(&mut rng).expect("proposes"))
                .collect();
            for (at, proposal) in round.into_iter().enumerate() {
                let reward = at as f64 / 5.0;
                it.observe(&Outcome::Scored { proposal, reward }, &mut rng)
                    .expect("takes it in");
            }
        }
        if let Some(policy) = it.policy() {
            let sum: f64 = policy.probabilities(&[]).expect("open").iter().sum();
            approx::assert_relative_eq!(sum, 1.0, epsilon = 1e-6);
        }
    }
}

/// Would catch a gradient of the wrong sign, a population that keeps the worst, an advantage that
/// is always 0.
#[test]
fn learning_controllers_find_a_target_that_random_search_does_not() {
    // Half of them share a head in the LSTM, as the operations of a cell do.
    let decisions = (0..10).map(|at| {
        let kind = if at % 2 == 0 { "op" } else { "" };
        Decision::new(format!("d{at}"), kind, ["0", "1", "2", "3"])
    });
    let schema = Schema::new(decisions.collect()).expect("a right schema");
    let late = |name: &str| {
        let entry = ControllerEntry::find(name).expect("registered");
        let mut it = build(entry, &json!({}), &schema);
        let mut rng = Seed(6).stream("learning");
        let mut rewards = Vec::new();
        for _ in 0..300 {
            let proposal = it.propose(&mut rng).expect("proposes");
            let hits = proposal
                .choices
                .iter()
                .enumerate()
                .filter(|(at, c)| **c == at % 4)
                .count();
            rewards.push(hits as f64 / 10.0);
            it.observe(
                &Outcome::Scored {
                    proposal,
                    reward: hits as f64 / 10.0,
                },
                &mut rng,
            )
            .expect("takes it in");
        }
        rewards[250..].iter().sum::<f64>() / 50.0
    };
    let random = late("random");
    assert!(
        (0.2..0.3).contains(&random),
        "a quarter of guesses is right, not {random}"
    );
    for name in ["bayes", "evolution", "forest", "local", "reinforce", "ppo"] {
        let reward = late(name);
        assert!(reward > random + 0.2, "{name} {reward}, random {random}");
    }
}

#[test]
fn wrong_settings_are_named() {
    let wrong = [
        ("evolution", json!({"sample": 0}), "sample"),
        ("evolution", json!({"popluation": 3}), "population"),
        ("bayes", json!({"initial": 0}), "controller.initial"),
        ("bayes", json!({"memory": 5_001}), "10 to 5000"),
        ("forest", json!({"trees": 1}), "controller.trees"),
        ("forest", json!({"share": 0.0}), "controller.share"),
        ("local", json!({"initial": 3}), "initial"),
        ("reinforce", json!({"lr": -1.0}), "lr"),
        ("ppo", json!({"hidden": 0}), "hidden"),
        ("ppo", json!({"hidden": 4096}), "hidden"),
        ("ppo", json!({"policy": "autoregresive"}), "autoregressive"),
        ("ppo", json!({"clip": 0.0}), "clip"),
    ];
    let schema = masked();
    for (name, settings, named) in wrong {
        let entry = ControllerEntry::find(name).expect("registered");
        match (entry.build)(&settings, &schema, &mut Seed(0).stream("")) {
            Err(e) => assert!(e.to_string().contains(named), "{e}"),
            Ok(_) => panic!("{name} accepts {settings}"),
        }
    }
}
