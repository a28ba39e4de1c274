//! What a trained network is good for, through the program: scores, pictures, encoders of others.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../program/mod.rs"]
mod program;

mod encoders;
mod eval;
mod pages;
mod predict;
mod theirs;

use nasfw_plugins as _;
use program::Place;

const GENOTYPE: &str = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";

/// The smallest training that still is one; it crops what it is judged on.
const SMALL: [&str; 9] = [
    "data.generator.train=8",
    "data.generator.val=4",
    "data.generator.side_px=48",
    "space.width=8",
    "space.encoder.width=0.1",
    "train.epochs=1",
    "train.batch=4",
    "train.shorter_side_px=40",
    "train.crop_px=32",
];

/// Trains the smallest model for `task` into the folder of that name.
fn train(place: &Place, task: &str, more: &[&str]) {
    let mut args = vec![
        "train",
        "--genotype",
        GENOTYPE,
        "--task",
        task,
        "--out",
        task,
    ];
    args.extend(["--quiet", "--set", "train.samples=8"]);
    args.extend(SMALL.iter().flat_map(|s| ["--set", s]));
    args.extend(more);
    place.text(&args);
}
