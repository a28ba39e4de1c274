//! Trainings in rungs are those without, as far as they go.

use serde_json::Value;

use crate::program::{Place, sets, small};

/// What single-stage and halving have in common.
const WHOLE: [&str; 7] = [
    "controller.name=random",
    "run.round=3",
    "space.width=8",
    "warmup.shorter_side_px=32",
    "schedule.stage.epochs=4",
    "schedule.stage.decay=linear",
    "schedule.stage.polyak=0.5",
];
/// All trainings go through all rungs, which end after epochs 1, 2 and 4.
const ALL: [&str; 3] = [
    "schedule.name=halving",
    "schedule.eta=2",
    "schedule.stopping=false",
];

fn search(place: &Place, out: &str, more: &[&str]) -> Vec<Value> {
    let base = ["run", "--trials", "9", "--out", out];
    let tables = small(&["search", "single-stage"]);
    let sets = sets(&[&tables[..], &WHOLE, more].concat());
    place.text(&[&base[..], &sets].concat());
    place.json(&["trials", out, "--json", "--no-times"])
}

#[test]
fn a_training_in_rungs_ends_as_the_one_without() {
    let place = Place::new();
    for (source, task) in [("images", "depth"), ("features", "segm")] {
        let source = format!("schedule.stage.source={source}");
        let task = format!("task.name={task}");
        let mut its = vec![&*source, &*task];
        if source.ends_with("features") {
            its.push("schedule.stage.distillation=0.3");
        }
        let named = |name: &str| format!("{name}-{task}");
        let whole = search(&place, &named("whole"), &its);
        let rungs = search(&place, &named("rungs"), &[&its[..], &ALL].concat());
        assert_eq!(whole.len(), rungs.len());
        for (whole, rungs) in whole.iter().zip(&rungs) {
            for key in ["genotype", "status", "reward", "metrics", "params", "macs"] {
                assert_eq!(whole[key], rungs[key], "{key} of {rungs}");
            }
            let rewards = rungs["stage_rewards"].as_array().unwrap();
            assert_eq!(rewards.len(), 3);
            assert_eq!(rewards[2], rungs["reward"]);
            assert_ne!(rewards[0], rewards[2], "{source}: the rungs differ");
        }
        // With stopping, each goes as far as it goes, with the same rewards.
        let stopping = [&its[..], &ALL[..2]].concat();
        let stopped = search(&place, &named("stopped"), &stopping);
        let mut counts = [0; 3];
        for (stopped, rungs) in stopped.iter().zip(&rungs) {
            let rewards = stopped["stage_rewards"].as_array().unwrap();
            assert_eq!(
                rewards[..],
                rungs["stage_rewards"].as_array().unwrap()[..rewards.len()]
            );
            assert_eq!(rewards.last(), Some(&stopped["reward"]));
            counts[rewards.len() - 1] += 1;
        }
        // Nothing was seen when the first round was proposed: all of it continues.
        assert!(counts[2] >= 3 && counts[0] + counts[1] > 0, "{counts:?}");
    }
}

#[test]
fn rungs_that_the_training_cannot_have_are_refused() {
    let place = Place::new();
    let refuses = |setting: &str, parts: &[&str]| {
        let base = [
            "run",
            "--schedule",
            "halving",
            "--set",
            setting,
            "--out",
            "x",
        ];
        place.refuses(&base, parts);
    };
    refuses(
        "schedule.stage.epochs=2",
        &["schedule.stage.epochs: 2", "3 or more", "3 rungs"],
    );
    refuses("schedule.eta=1", &["schedule.eta: 1", "2 to 100"]);
    refuses("schedule.rungs=0", &["schedule.rungs: 0", "1 to 16"]);
    // A schedule decides which of its stages continue.
    refuses("schedule.stage.continues=true", &["unknown key"]);
}
