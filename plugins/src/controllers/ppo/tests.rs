//! The network's size, its gradient, and what the update does.

use approx::assert_relative_eq;
use nasfw_sdk::choices::Mask;
use nasfw_sdk::{Decision, Seed};

use super::*;

/// Decisions of the given kinds and arities.
fn schema(decisions: &[(&str, usize)]) -> Schema {
    let decision = |(at, &(kind, arity)): (usize, &(&str, usize))| {
        Decision::new(format!("d{at}"), kind, (0..arity).map(|o| o.to_string()))
    };
    Schema::new(decisions.iter().enumerate().map(decision).collect()).expect("a right schema")
}

/// The 19 decisions of the method: wiring, then the cell; operations share a kind.
fn method() -> Schema {
    let wiring = [4, 4, 5, 5, 6, 6].map(|arity| ("", arity));
    let cell = [
        ("op", 11),
        ("", 2),
        ("", 2),
        ("op", 11),
        ("op", 11),
        ("", 5),
        ("", 5),
    ];
    let rest = [
        ("op", 11),
        ("op", 11),
        ("", 8),
        ("", 8),
        ("op", 11),
        ("op", 11),
    ];
    schema(&[&wiring[..], &cell, &rest].concat())
}

fn ppo(config: PpoConfig, schema: &Schema) -> Ppo {
    Ppo::from_config(config, schema, &mut Seed(3).stream("init")).expect("right settings")
}

#[test]
fn the_methods_network_has_its_169k_parameters() {
    // 2 layers of 4·100·(100 + 100 + 2); one head 100→11; 60 options with heads of their own; start.
    let expected = 2 * 4 * 100 * 202 + 101 * 11 + 101 * 60 + 100;
    assert_eq!(expected, 168_871);
    assert_eq!(ppo(PpoConfig::paper(), &method()).weights.len(), expected);
    // An embedding per head comes on top.
    assert_eq!(
        ppo(PpoConfig::default(), &method()).weights.len(),
        expected + 71 * 100
    );
}

#[test]
fn heads_are_shared_by_kind_and_arity_only() {
    let config = PpoConfig {
        policy: PolicyKind::Factorised,
        hidden: 1,
        ..Default::default()
    };
    let heads = |decisions: &[(&str, usize)]| {
        let layers = 1 + 2 * 4 * 4;
        ppo(config, &schema(decisions)).weights.len() - layers
    };
    assert_eq!(heads(&[("op", 3), ("op", 3)]), 2 * 3);
    assert_eq!(heads(&[("op", 3), ("op", 2)]), 2 * 3 + 2 * 2);
    assert_eq!(heads(&[("", 3), ("", 3)]), 2 * 3 + 2 * 3);
}

/// A small masked problem with a batch of records at all kinds of ratios.
fn small(policy: PolicyKind) -> (Ppo, Vec<Record>) {
    let mut decisions = schema(&[("op", 3), ("op", 3), ("", 2), ("", 4)])
        .decisions()
        .to_vec();
    decisions[1].masks.push(Mask {
        when: 0,
        chose: 0,
        forbids: vec![1],
    });
    decisions[3].masks.push(Mask {
        when: 2,
        chose: 1,
        forbids: vec![0, 2],
    });
    let schema = Schema::new(decisions).expect("a right schema");
    let (clip, entropy) = (0.3, 0.1);
    let config = PpoConfig {
        policy,
        hidden: 5,
        warmup_steps: 2,
        clip,
        entropy,
        ..Default::default()
    };
    let mut it = ppo(config, &schema);
    // Larger weights than at the start, so that every gate matters.
    it.weights.iter_mut().for_each(|w| *w *= 6.0);
    it.net = Net::new(&it.layout, &it.weights);
    let rows = [
        ([0, 2, 1, 3], 0.1, 0.9),
        ([1, 0, 0, 2], -0.1, 0.2),
        ([2, 1, 1, 1], 0.0, 0.6),
    ];
    let records = rows.map(|(choices, off, reward)| {
        let valid = schema.choices(choices).expect("valid choices");
        let log_prob = it.log_prob(&valid).expect("valid choices") + off;
        Record {
            choices: choices.to_vec(),
            log_prob,
            reward,
        }
    });
    (it, records.to_vec())
}

#[test]
fn the_gradient_is_that_of_finite_differences() {
    let (auto, factorised) = (PolicyKind::Autoregressive, PolicyKind::Factorised);
    for (policy, rows) in [(auto, 3), (auto, 1), (factorised, 3), (factorised, 1)] {
        let (it, records) = small(policy);
        let batch: Vec<&Record> = records[..rows].iter().collect();
        let loss = |weights: &[f32]| {
            let net = Net::new(&it.layout, weights);
            objective::loss(&net, &it.schema, &batch, 0.5, &it.config).as_vec()[0]
        };
        let gradient = objective::gradient(&it.net, &it.schema, &batch, 0.5, &it.config);
        assert_eq!(gradient.len(), it.weights.len());
        let step = 1e-2f32;
        for at in 0..gradient.len() {
            let moved = |by: f32| {
                let mut weights = it.weights.clone();
                weights[at] += by;
                f64::from(loss(&weights))
            };
            let numeric = (moved(step) - moved(-step)) / f64::from(2.0 * step);
            assert_relative_eq!(
                f64::from(gradient[at]),
                numeric,
                epsilon = 2e-4,
                max_relative = 2e-2
            );
        }
        let largest = gradient.iter().fold(0f32, |most, g| most.max(g.abs()));
        assert!(
            largest > 0.02,
            "a gradient of nothing proves nothing: {largest}"
        );
    }
}

#[test]
fn the_loss_is_the_written_out_one() {
    let (mut it, records) = small(PolicyKind::Autoregressive);
    it.config.entropy = 0.0;
    let batch: Vec<&Record> = records.iter().collect();
    let loss = objective::loss(&it.net, &it.schema, &batch, 0.5, &it.config).as_vec()[0];
    let gain = |record: &Record| {
        let choices = it
            .schema
            .choices(&record.choices[..])
            .expect("valid choices");
        let ratio = (it.log_prob(&choices).expect("valid choices") - record.log_prob).exp();
        let advantage = record.reward - 0.5;
        (ratio * advantage).min(ratio.clamp(0.7, 1.3) * advantage)
    };
    let expected = -records.iter().map(gain).sum::<f64>() / 3.0;
    assert_relative_eq!(f64::from(loss), expected, epsilon = 1e-5);
}

#[test]
fn ratios_that_overflow_and_single_options_give_numbers() {
    let schema = schema(&[("", 1), ("", 2)]);
    let it = ppo(
        PpoConfig {
            entropy: 0.1,
            ..Default::default()
        },
        &schema,
    );
    for log_prob in [-1e30, -200.0, 0.0, 200.0] {
        for reward in [-1e6, 0.0, 1e6] {
            let record = Record {
                choices: vec![0, 1],
                log_prob,
                reward,
            };
            let gradient = objective::gradient(&it.net, &schema, &[&record], 0.5, &it.config);
            assert!(
                gradient.iter().all(|g| g.is_finite()),
                "{log_prob} {reward}"
            );
        }
    }
}

#[test]
fn the_policy_of_the_authors_ignores_what_it_chose() {
    let of = |policy| {
        ppo(
            PpoConfig {
                policy,
                ..Default::default()
            },
            &method(),
        )
    };
    let it = of(PolicyKind::Factorised);
    assert_eq!(it.probabilities(&[0, 1]), it.probabilities(&[3, 2]));
    let it = of(PolicyKind::Autoregressive);
    assert_ne!(it.probabilities(&[0, 1]), it.probabilities(&[3, 2]));
}

#[test]
fn the_ring_holds_real_rewards_only_and_forgets_the_oldest() {
    let schema = schema(&[("", 2)]);
    let config = PpoConfig {
        ring: 2,
        update_every: 100,
        hidden: 2,
        ..Default::default()
    };
    let (mut it, mut rng) = (ppo(config, &schema), Seed(0).stream("ring"));
    assert!(it.memory.ring.is_empty());
    for reward in [0.1, 0.2, 0.3] {
        let proposal = it.propose(&mut rng).expect("proposes");
        let failed = Outcome::Failed {
            proposal: proposal.clone(),
            reason: "NaN".into(),
        };
        it.observe(&failed, &mut rng).expect("takes it in");
        it.observe(&Outcome::Scored { proposal, reward }, &mut rng)
            .expect("takes it in");
    }
    let rewards: Vec<f64> = it.memory.ring.iter().map(|r| r.reward).collect();
    assert_eq!(rewards, [0.2, 0.3]);
    assert_relative_eq!(
        it.memory.baseline.value(),
        0.95 * 0.105 + 0.05 * 0.3,
        epsilon = 1e-12
    );
}

#[test]
fn long_gradients_are_cut_to_the_limit() {
    let mut gradient = [3.0, 4.0];
    clip_norm(&mut gradient, 2.0);
    assert_relative_eq!(gradient[..], [1.2, 1.6], epsilon = 1e-6);
    clip_norm(&mut gradient, 0.0);
    clip_norm(&mut gradient, 5.0);
    assert_relative_eq!(gradient[..], [1.2, 1.6], epsilon = 1e-6);
}
