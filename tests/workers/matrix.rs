//! Any number of workers, any finishing order: the same trials.

use crate::program::{Place, small};
use crate::search::{CONTROLLERS, SCHEDULES, finish};

/// Every decoding waits for a time taken from the clock, so that the trials of a round end in any
/// order.
const SHUFFLED: [&str; 2] = ["space.at=decode", "space.how=dawdle"];

fn compare(place: &Place, name: &str, settings: &[&str], workers: &[&str]) {
    let named = |workers: &str| format!("{name}-{workers}");
    let search = |workers: &str| {
        let count = format!("run.workers={workers}");
        let all = [settings, &["run.trials=9", &count], &SHUFFLED].concat();
        finish(place, &named(workers), &all);
    };
    search("0");
    for workers in workers {
        search(workers);
        place.assert_same(&named("0"), &named(workers));
    }
}

#[test]
fn the_trials_are_the_same_whoever_evaluates_them() {
    let place = Place::new();
    // All combinations take a minute: tests/endurance.sh.
    let is_long = std::env::var_os("NASFW_LONG").is_some();
    let mut at = 0;
    for (controller, its) in CONTROLLERS {
        for (schedule, theirs) in SCHEDULES {
            at += 1;
            let name = format!("{controller}-{schedule}");
            let names = [
                format!("controller.name={controller}"),
                format!("schedule.name={schedule}"),
            ];
            let settings = [&[&*names[0], &*names[1]], its, &small(theirs)].concat();
            match (is_long, at % 4) {
                (true, _) => compare(&place, &name, &settings, &["1", "2", "3", "4"]),
                (false, 1) => compare(&place, &name, &settings, &["4"]),
                (false, 0) => compare(&place, &name, &settings, &["1", "2"]),
                (false, _) => {}
            }
        }
    }
}

#[test]
fn a_round_is_part_of_what_decides_a_search() {
    let place = Place::new();
    let learns = [
        CONTROLLERS[1].1,
        &["controller.name=evolution", "run.trials=8"],
    ]
    .concat();
    let search = |out: &str, round: &str| {
        finish(&place, out, &[&learns[..], &[round]].concat());
        place.trials(out)
    };
    assert_ne!(search("one", "run.round=1"), search("four", "run.round=4"));
}
