//! Compares controllers on recorded rewards of whole search spaces, from the folder in
//! `NASFW_TEST_TABLES`.
//!
//! Prints the regret to the optimum after 100, 500 and 1000 evaluations in percentage points, mean
//! ± standard error over seeds, and the time of a search:
//!
//! ```text
//! cargo run -p nasfw-plugins --example controller_regret -- SEEDS EVALUATIONS [CONTROLLER [SETTINGS]]...
//! ```
//! A CONTROLLER is a registered name (all of them by default), SETTINGS a JSON object. Finally it
//! prints the minimum time of a proposal and of an update in the encoder-decoder space.
#![allow(clippy::print_stdout, reason = "this is a program")]
#![allow(clippy::unwrap_used, reason = "a wrong argument may stop it")]

#[path = "../tests/tables/table.rs"]
mod table;

use std::sync::Mutex;
use std::time::Instant;

use nasfw_plugins as _; // Linked for the members that it registers.
use nasfw_sdk::registry::{ControllerEntry, SpaceEntry};
use nasfw_sdk::{Outcome, Seed};
use serde_json::{Value, json};
use table::Table;

/// Numbers of evaluations after which the regret is printed.
const AFTER: [usize; 3] = [100, 500, 1000];

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    let seeds: u64 = arguments.next().map_or(20, |text| text.parse().unwrap());
    let evaluations: usize = arguments.next().map_or(1000, |text| text.parse().unwrap());
    let after: Vec<usize> = AFTER.into_iter().filter(|&n| n <= evaluations).collect();
    let mut runs: Vec<(&ControllerEntry, Value)> = Vec::new();
    while let Some(name) = arguments.next() {
        let settings = arguments.next_if(|text| text.starts_with('{'));
        let settings = settings.map_or(json!({}), |text| serde_json::from_str(&text).unwrap());
        runs.push((ControllerEntry::find(&name).unwrap(), settings));
    }
    if runs.is_empty() {
        runs = ControllerEntry::all()
            .into_iter()
            .map(|entry| (entry, json!({})))
            .collect();
    }
    for table in table::all() {
        println!(
            "\n{}, {seeds} seeds: regret after {after:?}; seconds per search",
            table.name
        );
        for (entry, settings) in &runs {
            let start = Instant::now();
            let regrets = regrets(&table, entry, settings, evaluations, seeds);
            let column = |&n: &usize| {
                let values: Vec<f64> = regrets.iter().map(|regret| regret[n - 1]).collect();
                let (mean, error) = mean_and_error(&values);
                format!("{mean:.3} ± {error:.3}")
            };
            let columns: Vec<String> = after.iter().map(column).collect();
            let secs = start.elapsed().as_secs_f64() / seeds as f64;
            let name = format!("{} {settings}", entry.about.name);
            println!("{name:60} {} {secs:.2}", columns.join("  "));
        }
    }
    for (entry, settings) in &runs {
        let (proposal_ms, update_ms) = least_ms(entry, settings);
        let name = format!("{} {settings}", entry.about.name);
        println!("{name:60} proposal {proposal_ms:.2} ms, update {update_ms:.1} ms");
    }
}

/// The minimum milliseconds of a proposal, and of an update: the slowest of a few observations, as
/// the minimum of three repetitions.
fn least_ms(entry: &ControllerEntry, settings: &Value) -> (f64, f64) {
    let space = (SpaceEntry::of_plugin("segm").unwrap().build)(&json!({})).unwrap();
    let mut rng = Seed(0).stream("time");
    let mut it = (entry.build)(settings, space.schema(), &mut rng).unwrap();
    let (mut proposal_ms, mut update_ms) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..3 {
        let mut most: f64 = 0.0;
        for at in 0..20 {
            let start = Instant::now();
            let proposal = it.propose(&mut rng).unwrap();
            proposal_ms = proposal_ms.min(start.elapsed().as_secs_f64() * 1e3);
            let reward = f64::from(at) / 20.0;
            let start = Instant::now();
            it.observe(&Outcome::Scored { proposal, reward }, &mut rng)
                .unwrap();
            most = most.max(start.elapsed().as_secs_f64() * 1e3);
        }
        update_ms = update_ms.min(most);
    }
    (proposal_ms, update_ms)
}

/// The regret curve of every seed, on two threads.
fn regrets(
    table: &Table,
    entry: &ControllerEntry,
    settings: &Value,
    evaluations: usize,
    seeds: u64,
) -> Vec<Vec<f64>> {
    let curves = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let curves = &curves;
            scope.spawn(move || {
                for seed in (thread..seeds).step_by(2) {
                    let curve = table
                        .regret(entry, settings, evaluations, Seed(seed))
                        .unwrap();
                    curves.lock().unwrap().push(curve);
                }
            });
        }
    });
    curves.into_inner().unwrap()
}

/// Mean and its standard error.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (squares / (n - 1.0).max(1.0) / n).sqrt())
}
