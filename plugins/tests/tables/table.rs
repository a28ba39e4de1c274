//! Recorded rewards of whole search spaces, as a schema and a function from choices to reward.
//!
//! Shared by the test `tables` and the program `controller_regret`.

use std::collections::HashMap;
use std::path::PathBuf;

use nasfw_sdk::registry::ControllerEntry;
use nasfw_sdk::{Decision, Outcome, Result, Schema, Seed};
use serde_json::Value;

const CELL_OPS: [&str; 5] = [
    "none",
    "skip_connect",
    "nor_conv_1x1",
    "nor_conv_3x3",
    "avg_pool_3x3",
];
const CELL_EDGES: [&str; 6] = ["1<0", "2<0", "2<1", "3<0", "3<1", "3<2"];
const MACRO_BLOCKS: [&str; 3] = ["identity", "mbconv3_k3", "mbconv6_k5"];

/// All rewards of one search space.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) schema: Schema,
    rewards: HashMap<Vec<usize>, f64>,
}

/// The tables in the folder that `NASFW_TEST_TABLES` names; none that is not there.
pub(crate) fn all() -> Vec<Table> {
    let folder = std::env::var_os("NASFW_TEST_TABLES").map(PathBuf::from);
    let read = |file: &str| std::fs::read_to_string(folder.as_ref()?.join(file)).ok();
    let mut tables = Vec::new();
    if let Some(text) = read("nas_bench_macro_cifar10.csv") {
        let labels = (0..8).map(|i| format!("layer{i}"));
        let schema = schema(labels, "block", &MACRO_BLOCKS);
        let digits = |arch: &str| {
            arch.chars()
                .map(|c| c.to_digit(10).map(|d| d as usize))
                .collect()
        };
        tables.push(table("macro", schema, &text, ("arch", "mean_acc"), digits));
    }
    if let Some(text) = read("nas_bench_201_12epoch.csv") {
        let schema = schema(CELL_EDGES.map(String::from), "op", &CELL_OPS);
        tables.push(table(
            "nas-bench-201",
            schema,
            &text,
            ("arch", "cifar10_val"),
            cell,
        ));
    }
    tables
}

fn schema(labels: impl IntoIterator<Item = String>, kind: &str, options: &[&str]) -> Schema {
    let decision = |label| Decision::new(label, kind, options.iter().copied());
    Schema::new(labels.into_iter().map(decision).collect()).expect("a right schema")
}

/// The choices of a cell such as `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`.
fn cell(arch: &str) -> Option<Vec<usize>> {
    let edges = arch.split(['|', '+']).filter(|part| !part.is_empty());
    edges
        .map(|edge| {
            CELL_OPS
                .iter()
                .position(|&op| Some(op) == edge.split('~').next())
        })
        .collect()
}

fn table(
    name: &'static str,
    schema: Schema,
    text: &str,
    (arch, accuracy): (&str, &str),
    choices: impl Fn(&str) -> Option<Vec<usize>>,
) -> Table {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let column = |name| {
        header
            .iter()
            .position(|&h| h == name)
            .expect("a known column")
    };
    let (arch, accuracy) = (column(arch), column(accuracy));
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let percent: f64 = fields[accuracy].parse().expect("a number");
        (
            choices(fields[arch]).expect("a known architecture"),
            percent / 100.0,
        )
    };
    let rewards: HashMap<_, _> = lines.map(row).collect();
    assert_eq!(
        rewards.len() as f64,
        schema.sequences(),
        "{name} is complete"
    );
    Table {
        name,
        schema,
        rewards,
    }
}

impl Table {
    /// Percentage points from the best reward so far to the optimum, after each of `evaluations`.
    pub(crate) fn regret(
        &self,
        controller: &ControllerEntry,
        settings: &Value,
        evaluations: usize,
        seed: Seed,
    ) -> Result<Vec<f64>> {
        let optimum = self.rewards.values().fold(0.0, |best: f64, &r| best.max(r));
        let mut it = (controller.build)(settings, &self.schema, &mut seed.stream("init"))?;
        let mut rng = seed.stream("search");
        let mut best: f64 = 0.0;
        let step = |_| {
            let proposal = it.propose(&mut rng).unwrap();
            let reward = self.rewards[&*proposal.choices];
            best = best.max(reward);
            it.observe(&Outcome::Scored { proposal, reward }, &mut rng)
                .unwrap();
            (optimum - best) * 100.0
        };
        Ok((0..evaluations).map(step).collect())
    }
}
