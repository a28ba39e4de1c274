//! `nasfw bench search` on a small made-up table of 72 architectures.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::program::{Place, example};

const TABLE: &str = include_str!("../fixtures/table.csv");
const FILE: &str = "table.csv";

/// A folder with the table.
fn place() -> Place {
    let place = Place::new();
    std::fs::write(place.path(FILE), TABLE).unwrap();
    place
}

const SEARCH: [&str; 4] = ["bench", "search", "--table", FILE];

fn numbers(line: &Value, key: &str) -> Vec<f64> {
    let list = line[key].as_array();
    let list = list.unwrap_or_else(|| panic!("{key} in {line}"));
    list.iter().map(|it| it.as_f64().unwrap()).collect()
}

/// A line without its times.
fn without_seconds(mut line: Value) -> Value {
    assert!(line["seconds"].as_f64().unwrap() >= 0.0, "{line}");
    line["seconds"] = Value::Null;
    line
}

#[test]
fn every_controller_by_itself_and_the_same_on_any_number_of_threads() {
    let place = place();
    let args = [
        "--controller",
        "random",
        "--controller",
        "bayes",
        "--controller",
        "local",
        "--controller",
        r#"evolution:{"population":5,"sample":2}"#,
        "--controller",
        r#"forest:{"trees":8}"#,
        "--seeds",
        "12",
        "--trials",
        "40",
        "--at",
        "40,10,20",
        "--json",
    ];
    let args = [&SEARCH[..], &args].concat();
    let on = |threads: &str| {
        let lines = place.json(&[&args[..], &["--threads", threads]].concat());
        lines.into_iter().map(without_seconds).collect::<Vec<_>>()
    };
    let lines = on("1");
    assert_eq!(lines, on("3"));
    let names = ["random", "bayes", "local", "evolution", "forest"];
    for (line, name) in lines.iter().zip(names) {
        assert_eq!(line["controller"], name);
        assert_eq!(line["at"], json!([10, 20, 40]));
        let (means, errors) = (numbers(line, "regret_mean"), numbers(line, "regret_se"));
        assert_eq!((means.len(), errors.len()), (3, 3));
        assert!(
            means.is_sorted_by(|a, b| a >= b) && means[2] >= 0.0,
            "{line}"
        );
        assert!(line.get("recommended_regret_mean").is_none(), "{line}");
    }
    assert_eq!(lines[3]["settings"], json!({"population": 5, "sample": 2}));
    // Half of the space is tried: the learning ones are near the best by then.
    let half = |line: &Value| numbers(line, "regret_mean")[1];
    for line in &lines[1..] {
        assert!(half(line) < half(&lines[0]), "{line}");
    }
    // A single controller has the numbers that it has beside others.
    let alone = [
        &SEARCH[..],
        &["--controller", "local", "--seeds", "12", "--trials", "40"],
        &["--at", "10,20,40", "--json"],
    ]
    .concat();
    assert_eq!(without_seconds(place.json(&alone).remove(0)), lines[2]);
}

/// Random search by hand: after one trial, its mean regret is that of the table's rows.
#[test]
fn the_first_trial_of_random_search_is_a_mean_row() {
    let place = place();
    let rewards: Vec<f64> = TABLE
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(4).unwrap().parse().unwrap())
        .collect();
    let best = rewards.iter().copied().fold(0.0, f64::max);
    let mean = rewards.iter().sum::<f64>() / rewards.len() as f64;
    let args = [
        "--controller",
        "random",
        "--seeds",
        "2000",
        "--trials",
        "1",
        "--json",
    ];
    let line = place.json(&[&SEARCH[..], &args].concat()).remove(0);
    let (found, error) = (
        numbers(&line, "regret_mean")[0],
        numbers(&line, "regret_se")[0],
    );
    assert!(
        (found - 100.0 * (best - mean)).abs() < 4.0 * error,
        "{line}"
    );
    // A search of every row ends at the best.
    let all = [
        "--controller",
        "local",
        "--seeds",
        "3",
        "--trials",
        "72",
        "--json",
    ];
    let line = place.json(&[&SEARCH[..], &all].concat()).remove(0);
    assert_eq!(numbers(&line, "regret_mean"), [0.0], "{line}");
}

#[test]
fn noise_hides_the_best_and_a_model_recommends_one() {
    let place = place();
    let args = [
        "--controller",
        "random",
        "--seeds",
        "30",
        "--trials",
        "40",
        "--noise",
        "0.04",
        "--json",
    ];
    let line = place.json(&[&SEARCH[..], &args].concat()).remove(0);
    let observed = numbers(&line, "regret_mean")[0];
    let recommended = numbers(&line, "recommended_regret_mean")[0];
    assert!(recommended < observed, "{line}");
    assert_eq!(numbers(&line, "recommended_regret_se").len(), 1);
}

#[test]
fn a_table_for_people() {
    let place = place();
    let long = r#"evolution:{"population":20,"sample":5,"repeats":false}"#;
    let args = [
        "--controller",
        "random",
        "--controller",
        long,
        "--seeds",
        "3",
        "--trials",
        "30",
        "--at",
        "10,30",
        "--noise",
        "0.01",
    ];
    let text = place.text(&[&SEARCH[..], &args].concat());
    for part in [
        "72 architectures",
        "0.6762",
        "recommended",
        "random",
        long,
        " 30 ",
        "±",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{text}");
}

#[test]
fn a_controller_of_a_library_is_measured_like_a_built_in_one() {
    let place = place();
    let library: PathBuf = example("kinds");
    let library = library.to_str().unwrap();
    let list = place.json(&["plugins", "list", "--plugin", library, "--json"]);
    let name = list
        .iter()
        .find(|it| it["kind"] == "controller" && !it["library"].is_null())
        .map(|it| it["name"].as_str().unwrap());
    let args = [
        "--plugin",
        library,
        "--controller",
        name.expect("a library with a controller"),
        "--seeds",
        "2",
        "--trials",
        "10",
        "--json",
    ];
    let line = place.json(&[&SEARCH[..], &args].concat()).remove(0);
    assert_eq!(line["controller"].as_str(), name);
    assert!(numbers(&line, "regret_mean")[0] >= 0.0);
}

#[test]
fn wrong_input_is_refused_with_its_value() {
    let place = place();
    let broken = |name: &str, from: &str, to: &str| {
        assert!(TABLE.contains(from));
        std::fs::write(place.path(name), TABLE.replacen(from, to, 1)).unwrap();
    };
    broken("no_reward.csv", ",reward,", ",accuracy,");
    let row = TABLE.lines().nth(3).unwrap();
    broken("missing.csv", &format!("{row}\n"), "");
    broken("twice.csv", row, &format!("{row}\n{row}"));
    let reward = row.split(',').nth(4).unwrap();
    broken("nan.csv", row, &row.replace(reward, "NaN"));
    let ok = ["--controller", "random"];
    for (args, parts) in [
        (vec![], vec!["--controller"]),
        (
            vec!["--controller", "bayse"],
            vec!["bayse", "did you mean `bayes`"],
        ),
        (
            vec!["--controller", "bayes:{initial"],
            vec!["bayes:{initial", "JSON"],
        ),
        (vec!["--controller", "bayes:3"], vec!["bayes:3", "object"]),
        (
            vec!["--controller", r#"bayes:{"initail":3}"#],
            vec!["initail", "did you mean `initial`"],
        ),
        (
            vec!["--controller", r#"bayes:{"initial":0}"#],
            vec!["initial", "0", "1 to 10000"],
        ),
        ([&ok[..], &["--trials", "73"]].concat(), vec!["73", "72"]),
        (
            [&ok[..], &["--trials", "20", "--at", "10,21"]].concat(),
            vec!["--at 21", "20"],
        ),
        ([&ok[..], &["--at", "0"]].concat(), vec!["--at", "0"]),
        ([&ok[..], &["--seeds", "0"]].concat(), vec!["--seeds", "0"]),
        ([&ok[..], &["--round", "0"]].concat(), vec!["--round", "0"]),
        (
            [&ok[..], &["--noise=-0.1"]].concat(),
            vec!["--noise", "-0.1"],
        ),
        (
            [&ok[..], &["--noise", "inf"]].concat(),
            vec!["--noise", "inf"],
        ),
    ] {
        let small = ["--trials", "60"];
        let args = if args.contains(&"--trials") {
            [&SEARCH[..], &args].concat()
        } else {
            [&SEARCH[..], &args, &small].concat()
        };
        place.refuses(&args, &parts);
    }
    for (file, parts) in [
        ("none.csv", ["none.csv", "cannot be read"]),
        ("no_reward.csv", ["no_reward.csv", "no column reward"]),
        ("missing.csv", ["71 of 72", "op="]),
        ("twice.csv", ["line 5", "options of line 4"]),
        ("nan.csv", ["line 4", "`NaN`"]),
    ] {
        let args = ["bench", "search", "--table", file];
        place.refuses(&[&args[..], &ok].concat(), &parts);
    }
}
