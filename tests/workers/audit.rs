//! The decisions of a search can be recomputed, and its records checked.

use rusqlite::Connection;

use crate::program::{Place, small};
use crate::search::{CONTROLLERS, SCHEDULES, finish};

fn search(place: &Place, out: &str, controller: usize, schedule: usize, more: &[&str]) {
    let (controller, its) = CONTROLLERS[controller];
    let (schedule, theirs) = SCHEDULES[schedule];
    let names = [
        format!("controller.name={controller}"),
        format!("schedule.name={schedule}"),
    ];
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    finish(
        place,
        out,
        &[&names[..], its, &small(theirs), more].concat(),
    );
}

/// The message of a command that finds a problem with the run.
fn finds(place: &Place, command: &str, run: &str) -> String {
    let output = place.call(&[command, run]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{command} {run} finds nothing"
    );
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

fn change(place: &Place, run: &str, sql: &str) {
    let db = Connection::open(place.path(run).join("run.db")).unwrap();
    db.execute_batch(sql).unwrap();
}

#[test]
fn every_search_follows_from_its_seed_and_its_evaluations() {
    let place = Place::new();
    for (controller, (name, _)) in CONTROLLERS.iter().enumerate() {
        for schedule in 0..SCHEDULES.len() {
            // Each controller with one of the first two schedules, and ppo with all; the last round is left unfinished.
            if controller % 2 != schedule && *name != "ppo" {
                continue;
            }
            let run = format!("{name}-{schedule}");
            let more = ["run.trials=10", "run.round=3", "run.workers=0"];
            search(&place, &run, controller, schedule, &more);
            let said = place.text(&["replay", &run]);
            assert!(
                said.contains("10 trials, 2 proposals of the current round"),
                "{said}"
            );
            let said = place.text(&["verify", &run]);
            assert!(
                said.contains("unchanged; trials: 10, artifacts: 1"),
                "{said}"
            );
        }
    }
}

#[test]
fn failed_trials_are_decided_again_too() {
    let place = Place::new();
    let fails = [
        "space.at=decode",
        "space.how=panic",
        "space.after=3",
        "run.max_failures_in_row=0",
    ];
    for on_failure in ["run.on_failure=skip", "run.on_failure=worst"] {
        let run = on_failure.rsplit('=').next().unwrap();
        let more = [&fails[..], &["run.trials=6", "run.workers=0", on_failure]].concat();
        search(&place, run, 1, 0, &more);
        assert!(place.trials(run).contains("failed"));
        assert!(place.text(&["replay", run]).contains("6 trials"));
    }
}

#[test]
fn a_changed_log_probability_is_named() {
    let place = Place::new();
    // PPO, which has a policy.
    search(&place, "r", 3, 1, &["run.trials=4", "run.workers=0"]);
    change(
        &place,
        "r",
        "UPDATE trials SET log_prob = -1.0 WHERE id = 2",
    );
    let said = finds(&place, "replay", "r");
    assert!(said.contains("trial 2: proposed with"), "{said}");
    assert!(finds(&place, "verify", "r").contains("changed"));
}

#[test]
fn the_first_difference_is_named() {
    let place = Place::new();
    // Evolution, which learns from every reward, under the progressive schedule.
    search(&place, "r", 1, 1, &["run.trials=12", "run.workers=0"]);
    let whole = std::fs::read(place.path("r/run.db")).unwrap();
    for (sql, expected) in [
        (
            "UPDATE trials SET reward = 0.5 WHERE id = 3",
            "trial 3: the reward",
        ),
        (
            "UPDATE trials SET choices = '[0,0,0]' WHERE id = 5 OR id = 6",
            "trial 5: the controller proposes",
        ),
        (
            "UPDATE trials SET params = params + 1 WHERE id = 7",
            "trial 7: ",
        ),
        (
            "UPDATE trials SET status = 'stopped', reason = 'low' WHERE id = 0",
            "trial 0: ",
        ),
        (
            "UPDATE state SET controller = x'00'",
            "all 12 trials match, but: the stored state",
        ),
    ] {
        change(&place, "r", sql);
        let said = finds(&place, "replay", "r");
        assert!(said.contains(expected), "{sql}: {said}");
        assert!(finds(&place, "verify", "r").contains("changed"));
        // Continuing would hide it.
        place.refuses(&["resume", "r", "--trials", "14"], &["has changed"]);
        std::fs::write(place.path("r/run.db"), &whole).unwrap();
    }
    // A reward that is consistent within its trial differs in later proposals, or in the state.
    change(
        &place,
        "r",
        "UPDATE trials SET stage_rewards = '[0.9,0.9]', reward = 0.9, status = 'complete', reason = NULL WHERE id = 1",
    );
    let said = finds(&place, "replay", "r");
    assert!(said.starts_with("error: r: "), "{said}");
    std::fs::write(place.path("r/run.db"), &whole).unwrap();
    place.text(&["replay", "r"]);
    place.text(&["verify", "r"]);
}

/// Reads must be consistent snapshots: a running search must not appear changed.
#[test]
fn a_search_can_be_checked_while_it_runs() {
    let place = Place::new();
    let more = ["run.trials=90", "run.round=3", "run.workers=0"];
    let mut checks = 0;
    std::thread::scope(|scope| {
        let going = scope.spawn(|| search(&place, "run", 1, 1, &more));
        while !going.is_finished() {
            // Before its outputs are known, there is nothing to recompute.
            let is_begun = place.path("run/artifacts/warmup.safetensors").exists();
            if is_begun {
                place.text(&["replay", "run"]);
                place.text(&["verify", "run"]);
                checks += 1;
            }
        }
    });
    assert!(checks > 1, "{checks} checks");
    assert!(place.text(&["replay", "run"]).contains("90 trials"));
}
