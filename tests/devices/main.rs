//! Devices as the program knows them: their names and, on a GPU, every command that computes. What trainings and
//! scores are on kernels other than the CPU's own, without a GPU, is in `networks/devices.rs`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "cuda")]
mod gpu;
#[path = "../program/mod.rs"]
mod program;

use program::Place;

const GENOTYPE: &str = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";

#[test]
fn devices_that_are_not_there_are_named_with_what_to_do() {
    let place = Place::new();
    let run = ["run", "--plugin", "segm", "--out", "r"];
    let bench = ["bench", "infer", "--genotype", GENOTYPE];
    place.refuses(
        &[&run[..], &["--device", "gpu"]].concat(),
        &["run.device", "cuda:N"],
    );
    place.refuses(
        &[&run[..], &["--device", "cpu:composed"]].concat(),
        &["run.device", "cuda:N"],
    );
    place.refuses(
        &[&bench[..], &["--device", "cuda:x"]].concat(),
        &["run.device", "cuda:N"],
    );
    if !cfg!(feature = "cuda") {
        let mend = ["run.device", "cuda:0", "--features cuda"];
        place.refuses(&[&run[..], &["--device", "cuda:0"]].concat(), &mend);
        place.refuses(&[&bench[..], &["--device", "cuda:0"]].concat(), &mend);
    }
}
