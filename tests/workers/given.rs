//! Architectures that the search chooses itself: known ones first, promising ones again.

use nasfw_engine::Status;
use nasfw_engine::store::{Run, RunView};
use serde_json::Value;

use crate::program::{Place, sets, small};
use crate::search::{CONTROLLERS, finish};

/// Two architectures of the library's space.
const PRIOR: &str = r#"run.prior=["d1w1k1","d0w1k0"]"#;

fn settings<'a>(name: &'a str, its: &[&'a str]) -> Vec<&'a str> {
    let rest = [
        name,
        PRIOR,
        "run.repeats=0.5",
        "run.round=3",
        "run.distinct=false",
    ];
    let progressive = ["schedule.name=progressive"];
    [
        &rest[..],
        its,
        &progressive,
        &small(&["stages", "stage-sides"]),
    ]
    .concat()
}

fn read(place: &Place, run: &str) -> RunView {
    Run::read(&place.path(run)).unwrap()
}

#[test]
fn known_ones_come_first_and_promising_ones_again() {
    let place = Place::new();
    for (controller, its) in CONTROLLERS {
        let name = format!("controller.name={controller}");
        let all = settings(&name, its);
        let run = |out: &str, more: &[&str]| finish(&place, out, &[&all[..], more].concat());
        let whole = format!("{controller}-whole");
        run(&whole, &["run.trials=24", "run.workers=0"]);
        let trials = read(&place, &whole).trials().unwrap();
        let genotypes: Vec<&str> = trials.iter().map(|trial| trial.genotype()).collect();
        assert_eq!(genotypes[..2], ["d1w1k1", "d0w1k0"], "{controller}");
        for id in [21, 23] {
            let again = &trials[id];
            let earlier = &trials[..id];
            let is_same = |t: &&nasfw_engine::Trial| t.genotype() == again.genotype();
            let complete = earlier
                .iter()
                .any(|t| is_same(&t) && t.status() == Status::Complete);
            assert!(
                complete,
                "{controller}: trial {id} evaluates a complete one again"
            );
            assert_eq!(
                again.status(),
                Status::Complete,
                "{controller}: trial {id}, all stages"
            );
            let before = earlier.iter().filter(is_same).count() as u64;
            assert_eq!(
                again.proposal.repeat, before,
                "{controller}: with a seed of its own"
            );
        }
        // A policy says how likely it was to sample what it did not.
        let has_policy = ["random", "reinforce", "ppo"].contains(&controller);
        assert!(
            trials
                .iter()
                .all(|t| t.proposal.log_prob.is_some() == has_policy)
        );
        let said = place.text(&["replay", &whole]);
        assert!(
            said.contains("24 trials and the final state match"),
            "{said}"
        );

        let paused = format!("{controller}-paused");
        run(&paused, &["run.trials=20", "run.workers=2"]);
        place.text(&["resume", &paused, "--trials", "24", "--quiet"]);
        assert_eq!(place.trials(&whole), place.trials(&paused), "{controller}");
        let contenders = [&whole, &paused].map(|run| read(&place, run).contenders().unwrap());
        assert_eq!(contenders[0], contenders[1], "{controller}");
    }
}

#[test]
fn the_recommended_one_is_shown_and_trained() {
    let place = Place::new();
    let name = "controller.name=random";
    let all = settings(name, &["run.trials=8"]);
    finish(&place, "r", &all);
    let view = read(&place, "r");
    let contenders = view.contenders().unwrap().unwrap();
    let first = contenders.ranked[0];
    assert!(
        contenders
            .ranked
            .windows(2)
            .all(|two| two[0].expected >= two[1].expected)
    );
    assert!(first.low <= first.expected && first.expected <= first.high);
    let trials = view.trials().unwrap();
    let of_first = trials.iter().filter(|t| {
        t.status() == Status::Complete && t.genotype() == trials[first.trial as usize].genotype()
    });
    let rewards: Vec<f64> = of_first.filter_map(|t| t.reward).collect();
    assert_eq!(first.evaluations, rewards.len() as u64);
    let mean = rewards.iter().sum::<f64>() / rewards.len() as f64;
    assert!((first.observed - mean).abs() < 1e-12);

    let said = place.text(&["trials", "r"]);
    let line = format!("* recommended: trial {}, expected reward", first.trial);
    assert!(said.contains(&line), "{said}");
    let described = place.json(&["describe", "--from", "r", "--json"]);
    let genotype = trials[first.trial as usize].genotype();
    assert_eq!(described[0]["genotype"], genotype);

    // Of a run that was changed since, nothing is recommended but its best trial.
    place.text(&["resume", "r", "--trials", "9", "--quiet"]);
    let db = rusqlite::Connection::open(place.path("r/run.db")).unwrap();
    db.execute("DELETE FROM meta WHERE key = 'contenders'", [])
        .unwrap();
    drop(db);
    let said = place.text(&["trials", "r"]);
    assert!(said.contains("* highest reward"), "{said}");
    let lines = place.json(&["trials", "r", "--json"]);
    let rank = |t: &Value| (t["status"] == "complete", t["reward"].as_f64().unwrap());
    let best = lines
        .iter()
        .map(rank)
        .fold((false, 0.0), |a, b| if b > a { b } else { a });
    let recommended = read(&place, "r").recommended().unwrap().unwrap();
    assert_eq!(recommended.reward, Some(best.1));
}

#[test]
fn what_replay_would_not_recommend_is_named() {
    let place = Place::new();
    finish(
        &place,
        "r",
        &settings("controller.name=random", &["run.trials=6"]),
    );
    let db = rusqlite::Connection::open(place.path("r/run.db")).unwrap();
    let changed = "UPDATE meta SET value = replace(value, '\"evaluations\":1', '\"evaluations\":7') WHERE key = 'contenders'";
    assert_eq!(db.execute(changed, []).unwrap(), 1);
    drop(db);
    let output = place.call(&["replay", "r"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("contenders"),
        "{said}"
    );
}

#[test]
fn a_baseline_spends_the_same_and_is_compared() {
    let place = Place::new();
    let small = small(&["search", "stages", "stage-sides"]);
    let first = ["run", "--out", "r", "--trials", "6", "--baseline", "random"];
    let first = [&first[..], &sets(&small), &["--set", "run.repeats=0.5"]].concat();
    let end = place
        .json(&[&first[..], &["--json"]].concat())
        .pop()
        .unwrap();
    let lines = place.json(&["trials", "r", "--json"]);
    assert_eq!(lines.len(), 6);
    assert_eq!(end["baseline"]["finished"], 6);
    assert_eq!(end["finished"], 6);
    let beside = read(&place, "r/baseline").config().unwrap();
    assert_eq!(beside.controller.name, "random");
    assert_eq!(beside.run.baseline, None);
    // Both go on together, and neither changes by what is beside it.
    let end = place
        .json(&["resume", "r", "--trials", "9", "--json"])
        .pop()
        .unwrap();
    assert_eq!(
        (&end["finished"], &end["baseline"]["finished"]),
        (&9.into(), &9.into())
    );
    for run in ["r", "r/baseline"] {
        place.text(&["verify", run]);
        place.text(&["replay", run]);
    }
    place.text(&["report", "r"]);
    let page = std::fs::read_to_string(place.path("r/report.html")).unwrap();
    for part in [
        "best so far of r/baseline (random)",
        "after 9 trials; 95 % interval",
        "<dt>random search at equal budget</dt><dd><b>yes</b>",
        "<dt>no confounding factors: hardware, versions, time</dt><dd><b>yes</b>",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    place.refuses(
        &["run", "--baseline", "luck", "--out", "s"],
        &["run.baseline", "luck", "random"],
    );
    place.refuses(
        &["run", "--baseline", "bayes", "--out", "s"],
        &["run.baseline", "bayes is the controller of the run itself"],
    );
    place.refuses(&["report", "r", "--baseline", "r"], &["the run itself"]);
    // `verify` looks at both.
    let db = rusqlite::Connection::open(place.path("r/baseline/run.db")).unwrap();
    db.execute("UPDATE trials SET reward = 0.9 WHERE id = 1", [])
        .unwrap();
    drop(db);
    let output = place.call(&["verify", "r"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("r/baseline"),
        "{said}"
    );
    assert!(!place.path("s").exists());
}

#[test]
fn a_prior_of_another_space_is_refused() {
    let place = Place::new();
    let small = small(&["search", "stages"]);
    let all = [
        &["run", "--out", "r", "--trials", "2", "--prior", "7-7"][..],
        &sets(&small),
    ]
    .concat();
    let output = place.call(&all);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("run.prior[0]") && said.contains("7-7"),
        "{said}"
    );
    assert!(!place.path("r").exists());
    for prior in ["runs/none", "none#all", "none#3"] {
        place.refuses(
            &["run", "--prior", prior],
            &["--prior", prior, "no run is there"],
        );
    }
    let two = ["--prior", "0-0", "--prior", "0-1"];
    let all = [
        &["run", "--out", "r", "--trials", "1"][..],
        &two,
        &sets(&small),
    ]
    .concat();
    place.refuses(&all, &["run.trials", "run.prior has 2"]);
}
