//! A failure is not a score: its effect on controllers.

use nasfw_engine::store::SearchState;

use crate::program::Place;
use crate::search::{CONTROLLERS, finish, state};

/// The states after three trials and after the fourth, which fails. The library counts calls per
/// process: one for the encoder, and one per trial.
fn around_a_failure(
    place: &Place,
    name: &str,
    settings: &[&str],
    on_failure: &str,
) -> [SearchState; 2] {
    let controller = format!("controller.name={name}");
    let order = ["space.at=decode", "space.how=abort", "space.after=4"];
    let rest = ["run.round=1", "run.retries=0", &controller, on_failure];
    let all = [&order[..], &rest, settings].concat();
    ["run.trials=3", "run.trials=4"].map(|trials| {
        let out = format!("{name}-{trials}-{on_failure}");
        finish(place, &out, &[&all[..], &[trials]].concat());
        state(place, &out)
    })
}

#[test]
fn nothing_by_default() {
    let place = Place::new();
    for (name, settings) in CONTROLLERS {
        let settings = match name {
            // Remembers proposals otherwise, as bayes does; plugins/tests/controllers.rs compares those.
            "evolution" => [settings, &["controller.repeats=true"]].concat(),
            _ => settings.to_vec(),
        };
        let [before, after] = around_a_failure(&place, name, &settings, "run.on_failure=skip");
        assert!(
            before == after || name == "bayes",
            "{name} learned from a failure"
        );
        assert!(before.schedule == after.schedule, "{name}");
    }
    let last = &place.json(&["trials", "ppo-run.trials=4-run.on_failure=skip", "--json"])[3];
    assert_eq!(last["status"], "failed");
}

#[test]
fn the_lowest_reward_so_far_if_asked_for() {
    let place = Place::new();
    let (name, settings) = CONTROLLERS[1];
    let [before, after] = around_a_failure(&place, name, settings, "run.on_failure=worst");
    assert!(
        before.controller != after.controller,
        "a member of the population"
    );
    assert!(
        before.schedule == after.schedule,
        "the schedule only sees evaluated trials"
    );
    let run = "evolution-run.trials=4-run.on_failure=worst";
    let trials = place.json(&["trials", run, "--json"]);
    let rewards = trials.iter().filter_map(|t| t["reward"].as_f64());
    let worst = rewards.reduce(f64::min).unwrap();
    let state = String::from_utf8_lossy(&after.controller.0).into_owned();
    // The youngest member is the failed one, with that reward.
    let choices = |t: &serde_json::Value| t["genotype"].as_str().unwrap().to_owned();
    assert!(
        state.contains(&format!("{worst}")),
        "{} in {state}",
        choices(&trials[3])
    );
    assert!(
        trials[3]["reward"].is_null(),
        "the record says what happened"
    );
}
