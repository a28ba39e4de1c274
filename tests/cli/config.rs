//! Settings through the program: `run --dry-run`, and refusals before anything is written.

use crate::program::Place;

#[test]
fn a_dry_run_prints_what_reads_back() {
    let place = Place::new();
    for args in [
        &["run", "--dry-run"][..],
        &[
            "run",
            "--dry-run",
            "--preset",
            "paper",
            "--task",
            "depth",
            "--seed",
            "5",
        ],
        &[
            "run",
            "--dry-run",
            "--preset",
            "paper",
            "--controller",
            "random",
            "--schedule",
            "single-stage",
        ],
        &[
            "run",
            "--dry-run",
            "--task",
            "pose",
            "--controller",
            "evolution",
            "--data",
            "mice",
        ],
        &[
            "run",
            "--dry-run",
            "--set",
            "schedule.stage1.encoder.kind=adam",
        ],
    ] {
        let first = place.text(args);
        std::fs::write(place.path("c.toml"), &first).unwrap();
        // Another preset underneath shows that the file has every key.
        let again = place.text(&[
            "run",
            "--dry-run",
            "--config",
            "c.toml",
            "--preset",
            "paper",
        ]);
        assert_eq!(first, again, "{args:?}");
    }
    assert!(!place.path("runs").exists());
}

#[test]
fn a_dry_run_shows_every_layer() {
    let place = Place::new();
    std::fs::write(
        place.path("c.toml"),
        "[run]\ntrials = 3\nseed = 3\nthreads = 1\n",
    )
    .unwrap();
    let text = place.text(&[
        "run",
        "--dry-run",
        "--config",
        "c.toml",
        "--set",
        "run.seed=4",
        "--set",
        "run.trials=4",
        "--trials",
        "5",
        "--task",
        "depth",
    ]);
    for line in [
        "trials = 5",
        "seed = 4",
        "threads = 1",
        "name = \"depth\"",
        "# path is not set",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in:\n{text}");
    }
    let paper = place.text(&["run", "--dry-run", "--preset", "paper"]);
    for line in [
        "ring = 100",
        "lr = 0.0001",
        "samples = 4000",
        "shorter_side_px = 300",
        "val_share = 0.1",
    ] {
        assert!(
            paper.lines().any(|l| l == line),
            "{line} is not in:\n{paper}"
        );
    }
}

#[test]
fn wrong_usage_is_refused_before_anything_is_made() {
    let place = Place::new();
    std::fs::write(place.path("bad.toml"), "[run]\ntrialz = 3\n").unwrap();
    std::fs::write(place.path("broken.toml"), "[run\n").unwrap();
    for (args, parts) in [
        (&["--trials", "0"][..], &["--trials", "0"][..]),
        (
            &["--set", "run.trials=0"],
            &["run.trials", "0", "at least 1"],
        ),
        (&["--trials", "-1"], &["-1"]),
        (
            &["--seed", "9223372036854775808"],
            &["--seed", "9223372036854775808"],
        ),
        (&["--plugin", "segmm"], &["segmm", "did you mean `segm`"]),
        (
            &["--plugin", "./libmine.so"],
            &["plugin ./libmine.so", "no such file"],
        ),
        (
            &["--plugin", "mine.dll"],
            &["plugin mine.dll", "no such file"],
        ),
        (&["--task", "dept"], &["dept", "did you mean `depth`"]),
        (&["--controller", "pppo"], &["pppo", "did you mean `ppo`"]),
        (
            &["--schedule", "progresive"],
            &["progresive", "did you mean `progressive`"],
        ),
        (&["--preset", "papr"], &["papr", "did you mean `paper`"]),
        (&["--device", "cuda:0"], &["cuda:0", "CUDA"]),
        (&["--device", "tpu"], &["tpu", "cpu"]),
        (&["--config", "none.toml"], &["none.toml"]),
        (&["--config", "broken.toml"], &["broken.toml", "TOML"]),
        (
            &["--config", "bad.toml"],
            &["bad.toml", "run.trialz", "did you mean `run.trials`"],
        ),
        (
            &["--set", "controller.lr=fast"],
            &["controller.lr", "fast", "--set controller.lr=fast"],
        ),
        (&["--set", "controller.lr=-1"], &["lr", "-1"]),
        (
            &["--set", "schedule.stage0.batch=0"],
            &["schedule.stage0.batch", "0"],
        ),
        (&["--set", "schedule.stage0.source=video"], &["video"]),
        (&["--set", "trials"], &["--set trials", "KEY=VALUE"]),
        (&["--set", "meta.val_share=1.5"], &["meta.val_share", "1.5"]),
        (&["--set", "data.depth_scale=0"], &["data.depth_scale", "0"]),
        (&["--data", "no-such-folder"], &["no-such-folder"]),
        (&["--data", "bad.toml"], &["bad.toml", "is a file"]),
        (
            &["--set", "data.ignore=254"],
            &["task.ignore", "255", "data.ignore is 254"],
        ),
        (
            &["--set", "warmup.crop_px=100000"],
            &["warmup.crop_px", "100000", "4096"],
        ),
        (
            &["--set", "schedule.stage1.crop_px=100000"],
            &["schedule.stage1.crop_px", "100000", "4096"],
        ),
        (
            &["--set", "warmup.width=1000000"],
            &["warmup.width", "1000000"],
        ),
        (&["--set", "space.width=-4"], &["space", "width", "-4"]),
        (
            &["--set", "data.format=vok"],
            &["data.format", "vok", "voc"],
        ),
        (&["--frobnicate"], &["--frobnicate"]),
    ] {
        place.refuses(&[&["run"], args].concat(), parts);
    }
}

#[test]
fn a_folder_in_use_is_refused() {
    let place = Place::new();
    std::fs::create_dir(place.path("photos")).unwrap();
    std::fs::write(place.path("photos/a.png"), b"x").unwrap();
    place.refuses(
        &["run", "--out", "photos"],
        &["photos", "--out", "nasfw resume"],
    );
    place.refuses(&["run", "--out", "photos/a.png"], &["a.png", "--out"]);
    place.refuses(&["resume", "photos"], &["photos", "run.db"]);
    place.refuses(&["trials", "photos"], &["photos", "run.db"]);
    place.refuses(&["resume", "none"], &["none", "no such run"]);
    place.refuses(&["trials", "none"], &["none", "no such run"]);
}

/// The file for quick tries works, and takes its sizes from nowhere else.
#[test]
fn the_quick_configuration_searches_and_trains() {
    let place = Place::new();
    let quick = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quick.toml");
    place.text(&["run", "--config", quick, "--trials", "2", "--out", "quick"]);
    place.text(&["train", "--from", "quick", "--out", "model"]);
    let config = std::fs::read_to_string(place.path("quick/config.toml")).unwrap();
    let stages = config.split("[schedule").nth(1).unwrap();
    assert!(
        !stages
            .split("[data")
            .next()
            .unwrap()
            .contains("crop_px = 96")
    );
    // Repeated as docs/runs.md says.
    place.text(&["run", "--config", "quick/config.toml", "--out", "again"]);
    place.assert_same("quick", "again");
}
