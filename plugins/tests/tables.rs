//! Controllers on recorded rewards of whole search spaces.
//!
//! `plugins/examples/controller_regret.rs` prints the full comparison.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "tables/table.rs"]
mod table;

use nasfw_plugins as _; // Linked for what it registers.
use nasfw_sdk::Seed;
use nasfw_sdk::registry::ControllerEntry;
use serde_json::json;

/// Mean regret after 500 evaluations, over a few seeds.
fn regret(table: &table::Table, name: &str, seeds: u64) -> f64 {
    let entry = ControllerEntry::find(name).expect("registered");
    let of = |seed| {
        table
            .regret(entry, &json!({}), 500, Seed(seed))
            .expect("defaults are right")[499]
    };
    (0..seeds).map(of).sum::<f64>() / seeds as f64
}

/// Random search ends near 0.11 (Macro) and 0.6 (NAS-Bench-201) points below the optimum, the
/// learning controllers near 0.01 and 0.1. Would catch a controller that does not learn from
/// rewards that differ by a few hundredths, as those of one search do.
fn learning_controllers_beat_random_search(name: &str) {
    let table = table::all().into_iter().find(|table| table.name == name);
    let table = table.expect("NASFW_TEST_TABLES names the folder of the tables");
    let random = regret(&table, "random", 40);
    // The LSTM takes seconds a search, so it gets fewer seeds.
    for (controller, seeds) in [("evolution", 10), ("reinforce", 10), ("ppo", 2)] {
        let learned = regret(&table, controller, seeds);
        assert!(
            learned < 0.6 * random,
            "{controller}: {learned}, random {random}"
        );
    }
}

#[test]
#[ignore = "needs the tables of NASFW_TEST_TABLES"]
fn learning_controllers_beat_random_search_on_macro() {
    learning_controllers_beat_random_search("macro");
}

#[test]
#[ignore = "needs the tables of NASFW_TEST_TABLES"]
fn learning_controllers_beat_random_search_on_nas_bench_201() {
    learning_controllers_beat_random_search("nas-bench-201");
}
