//! A run from before there were rounds opens, and continues one trial at a time.

use nasfw_engine::store::{FORMAT, Run};

use crate::program::Place;

/// Written by the program before format 2: three trials of seed 3 in a segm space of width 8 with
/// an encoder of width 0.1, controller evolution with a population of 2, on 24 generated scenes.
const FORMAT_1: &[u8] = include_bytes!("../fixtures/format1.db");

#[test]
fn a_run_of_format_1_is_listed_and_goes_on() {
    let place = Place::new();
    std::fs::create_dir(place.path("old")).unwrap();
    std::fs::write(place.path("old/run.db"), FORMAT_1).unwrap();
    let before = place.text(&["trials", "old", "--json"]);
    assert_eq!(before.lines().count(), 3);
    assert_eq!(
        std::fs::read(place.path("old/run.db")).unwrap(),
        FORMAT_1,
        "only read"
    );
    // Its encoder is too large to store here; the same settings give a similar one.
    let view = Run::read(&place.path("old")).unwrap();
    std::fs::write(place.path("same.toml"), view.config_text().unwrap()).unwrap();
    drop(view);
    let again = [
        "run",
        "--config",
        "same.toml",
        "--out",
        "new",
        "--trials",
        "1",
    ];
    place.text(&again);
    std::fs::create_dir(place.path("old/artifacts")).unwrap();
    let warm = |run: &str| place.path(run).join("artifacts/warmup.safetensors");
    std::fs::copy(warm("new"), warm("old")).unwrap();

    place.text(&["resume", "old", "--trials", "5"]);
    let after = place.text(&["trials", "old", "--json"]);
    assert!(after.starts_with(&before), "{before}{after}");
    assert_eq!(after.lines().count(), 5);
    let run = Run::read(&place.path("old")).unwrap();
    let config = run.config().unwrap();
    assert_eq!((config.run.round, config.run.trials), (1, 5));
    let file = std::fs::read_to_string(place.path("old/config.toml")).unwrap();
    assert!(file.contains("round = 1\n"), "{file}");
    // The version is the big-endian number at byte 60 of an SQLite file.
    let bytes = std::fs::read(place.path("old/run.db")).unwrap();
    assert_eq!(bytes[60..64], (FORMAT as u32).to_be_bytes());
}
