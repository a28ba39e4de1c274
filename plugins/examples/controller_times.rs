//! Prints the time of a proposal after TRIALS trials, and of the slowest update, of controllers in
//! the encoder-decoder space. `nasfw bench search` measures how well they search.
//!
//! ```text
//! cargo run --release -p nasfw-plugins --example controller_times -- TRIALS [CONTROLLER [SETTINGS]]...
//! ```
//! A CONTROLLER is a registered name (all of them by default), SETTINGS a JSON object.
#![allow(clippy::print_stdout, reason = "this is a program")]
#![allow(clippy::unwrap_used, reason = "a wrong argument may stop it")]

use std::time::Instant;

use nasfw_plugins as _; // Linked for the members that it registers.
use nasfw_sdk::registry::{ControllerEntry, SpaceEntry};
use nasfw_sdk::{Outcome, Seed};
use rand::RngExt;
use serde_json::{Value, json};

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    let trials: u32 = arguments.next().map_or(300, |text| text.parse().unwrap());
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
    for (entry, settings) in &runs {
        let (proposal_ms, update_ms) = milliseconds(entry, settings, trials.max(1));
        let name = format!("{} {settings}", entry.about.name);
        println!("{name:60} proposal {proposal_ms:.2} ms, slowest update {update_ms:.1} ms");
    }
}

/// Milliseconds of a proposal, the median of the last 20 of `trials`, and of the slowest update.
fn milliseconds(entry: &ControllerEntry, settings: &Value, trials: u32) -> (f64, f64) {
    let space = (SpaceEntry::of_plugin("segm").unwrap().build)(&json!({})).unwrap();
    let mut rng = Seed(0).stream("time");
    let mut it = (entry.build)(settings, space.schema(), &mut rng).unwrap();
    let (mut proposals, mut slowest) = (Vec::new(), 0.0_f64);
    for _ in 0..trials {
        let start = Instant::now();
        let proposal = it.propose(&mut rng).unwrap();
        proposals.push(start.elapsed().as_secs_f64() * 1e3);
        let reward = rng.random();
        let start = Instant::now();
        it.observe(&Outcome::Scored { proposal, reward }, &mut rng)
            .unwrap();
        slowest = slowest.max(start.elapsed().as_secs_f64() * 1e3);
    }
    let mut last = proposals.split_off(proposals.len().saturating_sub(20));
    last.sort_by(f64::total_cmp);
    (last[last.len() / 2], slowest)
}
