//! Controllers on recorded rewards of whole search spaces, as `nasfw bench search` measures them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use nasfw_plugins as _; // Linked so that its items are registered.
use nasfw_sdk::registry::ControllerEntry;
use nasfw_table::{Game, Player, Table, play};
use serde_json::json;

/// Reads a published table from the folder in `NASFW_TEST_TABLES`: `options` splits a field of the
/// column `arch` into one option per label; rewards are in percent.
fn table(
    file: &str,
    labels: &[&str],
    (arch, reward): (&str, &str),
    options: impl Fn(&str) -> Vec<String>,
) -> Table {
    let folder = std::env::var_os("NASFW_TEST_TABLES").map(PathBuf::from);
    let folder = folder.expect("NASFW_TEST_TABLES names the folder of the tables");
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect());
    let header: Vec<&str> = lines.next().unwrap();
    let column = |name| header.iter().position(|&found| found == name).unwrap();
    let (arch, reward) = (column(arch), column(reward));
    let row = |fields: Vec<&str>| {
        let percent: f64 = fields[reward].parse().unwrap();
        format!("{},{}\n", options(fields[arch]).join(","), percent / 100.0)
    };
    let rows: String = lines.map(row).collect();
    let labels: Vec<String> = labels
        .iter()
        .map(|label| format!("choice.{label}"))
        .collect();
    Table::read(&format!("{},reward\n{rows}", labels.join(","))).unwrap()
}

/// Random search ends near 0.11 (Macro) and 0.6 (NAS-Bench-201) points below the optimum after 500
/// evaluations, the learning controllers near 0.01 and 0.1. Would catch a controller that does not
/// learn from rewards that differ by a few hundredths, as those of one search do.
fn learning_controllers_beat_random_search(table: &Table) {
    let regret = |name: &str, seeds: u64| {
        let entry = ControllerEntry::find(name).unwrap();
        let player = Player {
            entry,
            settings: &json!({}),
        };
        let game = Game {
            seeds,
            trials: 500,
            round: 1,
            noise: 0.0,
            repeats: 0.0,
            at: vec![500],
        };
        play(table, &player, &game).unwrap().regret[0].mean
    };
    let random = regret("random", 40);
    // The LSTM takes seconds a search, so it gets fewer seeds.
    for (controller, seeds) in [("evolution", 10), ("reinforce", 10), ("ppo", 2)] {
        let learned = regret(controller, seeds);
        assert!(
            learned < 0.6 * random,
            "{controller}: {learned}, random {random}"
        );
    }
}

#[test]
#[ignore = "needs the tables of NASFW_TEST_TABLES"]
fn learning_controllers_beat_random_search_on_macro() {
    let labels: Vec<String> = (0..8).map(|layer| format!("layer{layer}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let digits = |arch: &str| arch.chars().map(String::from).collect();
    let file = "nas_bench_macro_cifar10.csv";
    let table = table(file, &labels, ("arch", "mean_acc"), digits);
    learning_controllers_beat_random_search(&table);
}

#[test]
#[ignore = "needs the tables of NASFW_TEST_TABLES"]
fn learning_controllers_beat_random_search_on_nas_bench_201() {
    let labels = ["1<0", "2<0", "2<1", "3<0", "3<1", "3<2"];
    // A cell such as `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`.
    let edges = |arch: &str| {
        let edges = arch.split(['|', '+']).filter(|part| !part.is_empty());
        edges
            .map(|edge| edge.split('~').next().unwrap().to_owned())
            .collect()
    };
    let file = "nas_bench_201_12epoch.csv";
    let table = table(file, &labels, ("arch", "cifar10_val"), edges);
    learning_controllers_beat_random_search(&table);
}
