//! Uses of a trained network, through the program: evaluation, prediction, third-party encoders.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../program/mod.rs"]
mod program;

mod encoders;
mod eval;
mod pages;
mod predict;
mod theirs;

use nasfw_plugins as _;
use program::{Place, sets, small};

const GENOTYPE: &str = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";

/// The smallest useful training; it crops its validation images.
fn smallest() -> Vec<&'static str> {
    let its = [
        "data.generator.side_px=48",
        "space.encoder.width=0.1",
        "train.epochs=1",
        "train.shorter_side_px=40",
    ];
    [&small(&["training"])[..], &its].concat()
}

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
    args.extend(sets(&smallest()));
    args.extend(more);
    place.text(&args);
}
