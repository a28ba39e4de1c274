//! Every registered schedule against the contract, and the method's figures.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nasfw_plugins as _; // Linked for what it registers.
use nasfw_sdk::registry::ScheduleEntry;
use nasfw_sdk::testing::check_schedule;
use nasfw_sdk::{Optimiser, RewardSchedule, Seed, Stage, StageInput, TargetScale, Verdict};
use rand::RngExt;
use serde_json::{Value, json};

fn build(name: &str, settings: &Value) -> Box<dyn RewardSchedule> {
    let entry = ScheduleEntry::find(name).expect("registered");
    (entry.build)(settings).expect("right settings")
}

#[test]
fn every_schedule_keeps_the_contract() {
    for entry in ScheduleEntry::all() {
        let settings = match entry.about.name {
            "progressive" => ["released", "paper", "never"]
                .map(|t| json!({"termination": t}))
                .to_vec(),
            "halving" => vec![
                json!({}),
                json!({"eta": 2, "rungs": 4}),
                json!({"rungs": 1}),
                json!({"stopping": false}),
            ],
            _ => vec![json!({})],
        };
        for settings in settings {
            let make = || (entry.build)(&settings);
            for seed in 0..3 {
                check_schedule(&make, Seed(seed)).expect(entry.about.name);
            }
        }
    }
}

#[test]
fn the_stages_are_those_of_the_paper() {
    let it = build("progressive", &json!({}));
    let [first, second] = it.stages() else {
        panic!("two stages")
    };
    assert_eq!(
        (first.source, first.samples, first.epochs, first.batch),
        (StageInput::Features, 4000, 5, 64)
    );
    assert_eq!(
        (first.shorter_side_px, first.crop_px, first.clip_norm),
        (300, 256, 3.0)
    );
    assert_eq!(
        (first.distillation, first.auxiliary, first.polyak),
        (0.3, 0.15, 0.9)
    );
    assert_eq!(
        (second.source, second.samples, second.epochs, second.batch),
        (StageInput::Images, 0, 1, 32)
    );
    assert_eq!(
        (second.shorter_side_px, second.crop_px, second.clip_norm),
        (400, 350, 3.0)
    );
    assert_eq!(
        (second.distillation, second.auxiliary, second.polyak),
        (0.0, 0.15, 0.99)
    );
    assert_eq!(
        (first.targets, second.targets),
        (TargetScale::Quarter, TargetScale::Output)
    );
    for stage in [first, second] {
        assert_eq!(
            stage.decoder,
            Optimiser::Adam {
                lr: 3e-3,
                weight_decay: 1e-5
            }
        );
        let encoder = Optimiser::Sgd {
            lr: 1e-3,
            momentum: 0.9,
            weight_decay: 1e-5,
        };
        assert_eq!(stage.encoder, encoder);
    }
    assert_eq!(
        build("single-stage", &json!({})).stages(),
        std::slice::from_ref(second)
    );
}

#[test]
fn one_figure_of_a_stage_can_be_set() {
    let it = build(
        "progressive",
        &json!({"stage0": {"epochs": 2}, "stage1": {"batch": 8}}),
    );
    assert_eq!((it.stages()[0].epochs, it.stages()[0].batch), (2, 64));
    assert_eq!((it.stages()[1].epochs, it.stages()[1].batch), (1, 8));
    let entry = ScheduleEntry::find("progressive").expect("registered");
    for wrong in [
        json!({"stage0": {"epoch": 2}}),
        json!({"stage0": {"epochs": 0}}),
        json!({"stage2": {}}),
    ] {
        assert!((entry.build)(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn rungs_are_one_training_in_pieces() {
    let whole = build("single-stage", &json!({"stage": {"epochs": 20}}));
    let whole = &whole.stages()[0];
    let it = build("halving", &json!({"stage": {"epochs": 20}}));
    let of = |continues, epochs| Stage {
        continues,
        epochs,
        ..whole.clone()
    };
    // 20 / 9 and 20 / 3, rounded.
    assert_eq!(it.stages(), [of(false, 2), of(true, 5), of(true, 13)]);
    let one = build("halving", &json!({"rungs": 1, "stage": {"epochs": 20}}));
    assert_eq!(one.stages(), std::slice::from_ref(whole));
    let epochs = build("halving", &json!({})).stages().to_vec();
    assert_eq!(
        epochs.iter().map(|s| s.epochs).collect::<Vec<_>>(),
        [1, 2, 6]
    );
    let entry = ScheduleEntry::find("halving").expect("registered");
    for wrong in [
        json!({"eta": 1}),
        json!({"eta": 101}),
        json!({"rungs": 0}),
        json!({"rungs": 17}),
        json!({"stage": {"epochs": 2}}),
        json!({"stage": {"batch": 0}}),
        json!({"stage": {"continues": true}}),
    ] {
        assert!((entry.build)(&wrong).is_err(), "{wrong}");
    }
}

/// Later arrivals continue in the share 1 / eta, at every rung.
#[test]
fn one_in_eta_continues_in_the_long_run() {
    for eta in [2, 3, 4] {
        let mut it = build("halving", &json!({"eta": eta}));
        let mut rng = Seed(7).stream("rewards");
        let mut arrived = [0_u32; 3];
        for _ in 0..3000 {
            arrived[0] += 1;
            for rung in 0..2 {
                let reward = rng.random::<f64>();
                if it
                    .verdict(rung, reward, &mut Seed(0).stream("none"))
                    .unwrap()
                    == Verdict::Stop
                {
                    break;
                }
                arrived[rung + 1] += 1;
            }
        }
        for rung in 0..2 {
            let share = f64::from(arrived[rung + 1]) / f64::from(arrived[rung]);
            assert!(
                (share - 1.0 / f64::from(eta)).abs() < 0.04,
                "{eta}: {arrived:?}"
            );
        }
    }
}

#[test]
fn what_rungs_saw_continues_exactly_and_other_rungs_refuse_it() {
    let mut first = build("halving", &json!({}));
    let mut rng = Seed(0).stream("unused");
    for trial in 0..50 {
        for rung in 0..2 {
            let reward = f64::from((trial * 7 + rung * 3) % 11) / 11.0;
            first.verdict(rung as usize, reward, &mut rng).unwrap();
        }
    }
    let state = first.save().unwrap();
    let mut second = build("halving", &json!({}));
    second.load(&state).unwrap();
    assert_eq!(second.save().unwrap(), state);
    let mut fewer = build("halving", &json!({"rungs": 2}));
    let before = fewer.save().unwrap();
    assert!(fewer.load(&state).is_err());
    assert_eq!(fewer.save().unwrap(), before);
}

/// The share of rewards of q times the mean that continue at a given evaluation. The mean is 1 to
/// within one reward's weight: it is made of `evaluations` rewards of 1.
fn share_that_continued(termination: &str, evaluations: usize, q: f64) -> f64 {
    let mut it = build("progressive", &json!({"termination": termination}));
    let mut rng = Seed(1).stream("history");
    for _ in 1..evaluations {
        it.verdict(0, 1.0, &mut rng).unwrap();
    }
    let state = it.save().unwrap();
    let weight: f64 = 0.99;
    let share = (1.0 - weight) / (1.0 - weight.powi(evaluations as i32));
    // The reward r is in the mean it is compared with: r = q·m, m = 1 − share + share·r.
    let reward = q * (1.0 - share) / (1.0 - share * q);
    let draws = 4000;
    let continued = (0..draws).filter(|draw| {
        it.load(&state).expect("its own state");
        it.verdict(0, reward, &mut Seed(2).stream(&format!("{draw}")))
            .unwrap()
            == Verdict::Continue
    });
    continued.count() as f64 / f64::from(draws)
}

/// δ (and p) at an evaluation, written out.
const DELTA: [(usize, f64); 6] = [
    (50, 0.9),
    (99, 0.9),
    (100, 0.81),
    (200, 0.648),
    (300, 0.4536),
    (400, 0.27216),
];

/// Would catch a δ annealed one evaluation off by more than sampling error, a mean that is compared
/// before it is updated, the two rules exchanged. 4000 draws: standard error at most 0.008.
#[test]
fn the_released_rule_continued_as_often_as_its_formula_says() {
    for (evaluations, delta) in DELTA {
        for q in [0.05, 0.1, 0.3, 0.5, 0.8, 0.9, 0.999, 1.0, 1.2] {
            let expected = (1.0 - (1.0 - q) / delta).clamp(0.0, 1.0);
            let share = share_that_continued("released", evaluations, q);
            assert!(
                (share - expected).abs() < 0.035,
                "{evaluations} {q}: {share}, not {expected}"
            );
        }
    }
    // The page's check figures.
    assert!((share_that_continued("released", 50, 0.5) - 0.444).abs() < 0.035);
    assert_eq!(share_that_continued("released", 50, 0.1), 0.0);
}

#[test]
fn the_papers_rule_lets_p_of_what_is_below_go_on() {
    for (evaluations, p) in DELTA {
        for q in [0.05, 0.9] {
            let share = share_that_continued("paper", evaluations, q);
            assert!(
                (share - p).abs() < 0.035,
                "{evaluations} {q}: {share}, not {p}"
            );
        }
        assert_eq!(share_that_continued("paper", evaluations, 1.1), 1.0);
    }
}

#[test]
fn never_never_stops_and_the_first_reward_always_continued() {
    assert_eq!(share_that_continued("never", 300, 0.01), 1.0);
    for termination in ["released", "paper"] {
        for reward in [0.0, 0.3, 1.0] {
            let mut it = build("progressive", &json!({"termination": termination}));
            assert_eq!(
                it.verdict(0, reward, &mut Seed(0).stream("first")).unwrap(),
                Verdict::Continue
            );
        }
    }
}

#[test]
fn a_state_continued_exactly_and_foreign_ones_are_refused() {
    let mut first = build("progressive", &json!({}));
    let mut rng = Seed(0).stream("rewards");
    for trial in 0..120 {
        first
            .verdict(0, f64::from(trial % 7) / 7.0, &mut rng)
            .unwrap();
    }
    let text = serde_json::to_string(&first.save().unwrap()).expect("plain bytes");
    let mut second = build("progressive", &json!({}));
    second
        .load(&serde_json::from_str(&text).expect("reads back"))
        .expect("its own state");
    assert_eq!(second.save().unwrap(), first.save().unwrap());
    let before = second.save().unwrap();
    assert!(
        second
            .load(&build("single-stage", &json!({})).save().unwrap())
            .is_err()
    );
    assert_eq!(second.save().unwrap(), before, "a refused state changed it");
}
