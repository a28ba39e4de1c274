//! The tasks: conformance of every registered one, and figures computed by hand or by other loops.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod depth;
mod pose;
mod segmentation;

use nasfw_plugins as _; // registers the tasks
use nasfw_sdk::registry::TaskEntry;
use nasfw_sdk::{Metrics, testing};
use serde_json::json;

fn get(metrics: &Metrics, name: &str) -> f64 {
    metrics.get(name).unwrap()
}

#[test]
fn every_registered_task_conforms() {
    let names: Vec<_> = TaskEntry::all().iter().map(|e| e.about.name).collect();
    assert_eq!(names, ["depth", "pose", "segm"]);
    for entry in TaskEntry::all() {
        let task = (entry.build)(&json!({})).unwrap();
        if let Err(broken) = testing::check_task(&*task) {
            panic!("{}: {broken}", entry.about.name);
        }
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let build = |name| TaskEntry::find(name).unwrap().build;
    for (name, settings, message) in [
        (
            "pose",
            json!({ "alpha": 0.0 }),
            "alpha: 0 is not allowed; a positive number",
        ),
        (
            "pose",
            json!({ "sigma_px": -1.0 }),
            "sigma_px: -1 is not allowed",
        ),
        (
            "segm",
            json!({ "ignore": 256 }),
            "segm: ignore: invalid value: integer `256`",
        ),
        ("segm", json!({ "ignored": 255 }), "did you mean `ignore`?"),
        (
            "depth",
            json!({ "cap_m": 80 }),
            "unknown setting of depth `cap_m`",
        ),
    ] {
        let error = build(name)(&settings).err().unwrap().to_string();
        assert!(error.contains(message), "{error}");
    }
}
