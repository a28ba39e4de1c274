//! All commands that compute, through the program, on a named device.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use nasfw_network::Weights;
use program::{Place, sets};
use serde_json::Value;

const GENOTYPE: &str = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";

/// `args` with the smallest useful search and training.
fn small<'a>(args: &[&'a str]) -> Vec<&'a str> {
    let settings = program::small(&["training", "search", "stages", "stage-sides"]);
    let sets = [
        sets(&settings),
        sets(&["train.samples=8", "train.epochs=1"]),
    ];
    [args.to_vec(), sets.concat()].concat()
}

fn all_commands(device: &str) {
    let place = Place::new();
    let on = ["--device", device];
    let searched = place.text(&small(&[
        "run", "--plugin", "segm", "--task", "depth", "--trials", "1", "--out", "run", on[0], on[1],
    ]));
    assert!(searched.contains("complete  reward"), "{searched}");
    // Continues on the device it was started on, and on another one.
    place.text(&["resume", "run", "--trials", "2"]);
    let stored = std::fs::read_to_string(place.path("run/config.toml")).unwrap();
    assert!(
        stored.contains(&format!("device = \"{device}\"")),
        "{stored}"
    );
    place.text(&["resume", "run", "--trials", "3", "--device", "cpu"]);
    let trials = place.json(&["trials", "run", "--json"]);
    let failed = trials.iter().filter(|t| t["status"] == "failed").count();
    assert_eq!((trials.len(), failed), (3, 0), "{trials:?}");

    for task in ["segm", "depth", "pose"] {
        let train = [
            "train",
            "--genotype",
            GENOTYPE,
            "--task",
            task,
            "--out",
            task,
        ];
        let end = place.json(&small(&[&train[..], &on, &["--json"]].concat()));
        assert!(end[0]["reward"].as_f64().unwrap() >= 0.0, "{end:?}");
        let metrics = |device: &str| -> Vec<(String, f64)> {
            let args = ["eval", "--model", task, "--json", "--device", device];
            let line = &place.json(&args)[0];
            let metrics = line["metrics"].as_object().unwrap().iter();
            metrics
                .filter_map(|(name, v)| Some((name.clone(), v.as_f64()?)))
                .collect()
        };
        // A pixel on the edge between two classes may have either one.
        for ((name, here), (_, cpu)) in metrics(device).iter().zip(metrics("cpu")) {
            assert!(
                (here - cpu).abs() <= 0.02 * cpu.abs().max(1.0),
                "{task} {name}: {here}, {cpu}"
            );
        }
    }
    predictions(&place, device);
    for what in ["step", "infer"] {
        let args = [
            "bench",
            what,
            "--genotype",
            GENOTYPE,
            "--input",
            "32x32",
            "--set",
            "space.width=8",
            "--runs",
            "1",
            "--batch",
            "2",
            "--json",
            on[0],
            on[1],
        ];
        let line: Value = place.json(&args).remove(0);
        assert_eq!(line["device"], device);
        assert!(line["seconds_median"].as_f64().unwrap() > 0.0);
    }
}

/// Predictions and encoder features are the same as on `cpu`.
fn predictions(place: &Place, device: &str) {
    let image = nasfw_data::Image {
        size: nasfw_sdk::Size::new(40, 32),
        pixels: (0..40 * 32 * 3).map(|i| (i * 7 % 256) as u8).collect(),
    };
    nasfw_data::write_png_rgb(&place.path("image.png"), &image).unwrap();
    let mut seen = Vec::new();
    for (at, on) in [device, "cpu"].into_iter().enumerate() {
        let out = format!("seen-{at}");
        place.text(&[
            "predict",
            "--model",
            "depth",
            "--image",
            "image.png",
            "--raw",
            "--out",
            &out,
            "--device",
            on,
        ]);
        let bytes = std::fs::read(place.path(&format!("{out}/image.npy"))).unwrap();
        let values = bytes[bytes.len() - 40 * 32 * 4..].as_chunks::<4>().0.iter();
        let mut values: Vec<f32> = values.map(|b| f32::from_le_bytes(*b)).collect();
        let maps = format!("{out}.safetensors");
        place.text(&[
            "features",
            "--config",
            "run/config.toml",
            "--encoder-weights",
            "run/artifacts/warmup.safetensors",
            "--image",
            "image.png",
            "--out",
            &maps,
            "--device",
            on,
        ]);
        let maps = std::fs::read(place.path(&maps)).unwrap();
        let maps = Weights::from_safetensors(&maps).unwrap();
        values.extend(maps.iter().flat_map(|(_, map)| map.values.clone()));
        seen.push(values);
    }
    assert_eq!(seen[0].len(), seen[1].len());
    let largest = seen[1].iter().fold(0.0_f32, |m, v| m.max(v.abs()));
    for (here, cpu) in seen[0].iter().zip(&seen[1]) {
        approx::assert_abs_diff_eq!(here, cpu, epsilon = 1e-3 * largest);
    }
}

#[test]
fn all_commands_run_on_the_cpu_by_name() {
    all_commands("cpu");
}

#[cfg(feature = "cuda")]
#[test]
#[ignore = "needs a CUDA device; docs/gpu.md says how to run it"]
fn gpu_runs_all_commands() {
    match nasfw_device::open_cuda(0) {
        Ok(_) => all_commands("cuda:0"),
        Err(e) => panic!("{e}"),
    }
}

/// A trial that does not fit fails with the reason, and its memory is free for the next ones. A
/// lost device ends the run, and another device continues it. Both in the program and in a worker.
#[cfg(feature = "cuda")]
#[test]
#[ignore = "needs the emulated CUDA device; docs/gpu.md says how to run it"]
fn emulated_gpu_failures_are_those_of_trials_or_of_the_run() {
    let place = Place::new();
    let run = |out: &str, workers: &str, (how, much): (&str, f64)| {
        let args = [
            "run",
            "--plugin",
            "segm",
            "--task",
            "depth",
            "--trials",
            "4",
            "--seed",
            "3",
            "--out",
            out,
            "--device",
            "cuda:0",
            "--workers",
            workers,
        ];
        let mut call = std::process::Command::new(env!("CARGO_BIN_EXE_nasfw"));
        call.args(small(&args)).current_dir(place.path(""));
        // Trials need more memory than the warm-up.
        call.args(["--set", "space.width=16", "--set", "warmup.batch=2"]);
        let much = (much as u64).to_string();
        let output = call
            .envs([(how, &*much), ("EMULATED_REPORT", "1")])
            .output();
        let output = output.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!errors.contains("panic"), "{errors}");
        (output.status.code(), errors)
    };
    let recorded = |run: &str| place.text(&["trials", run, "--json", "--no-times"]);
    let (_, errors) = run("whole", "0", ("EMULATED_DEVICES", 1.0));
    let number = |before: &str, after: &str| -> Option<f64> {
        let (_, rest) = errors.split_once(before)?;
        rest.split_once(after)?.0.parse().ok()
    };
    let Some(launches) = number("emulated device: ", " launches") else {
        panic!("cuda:0 is not emulated: {errors}");
    };
    let most_mb = number("at most ", " MiB").unwrap();

    for workers in ["0", "1"] {
        // Somewhat less than the largest trial needs.
        let scarce = format!("scarce{workers}");
        let (code, errors) = run(&scarce, workers, ("EMULATED_MEMORY_MB", most_mb * 0.85));
        assert_eq!(code, Some(0), "{errors}");
        let trials = place.json(&["trials", &scarce, "--json"]);
        let failed: Vec<&Value> = trials.iter().filter(|t| t["status"] == "failed").collect();
        assert!((1..4).contains(&failed.len()), "{trials:?}");
        for trial in failed {
            let reason = trial["reason"].as_str().unwrap();
            assert!(reason.contains("out of memory"), "{reason}");
        }

        let lost = format!("lost{workers}");
        // Each process counts its own launches; a worker's do not include the warm-up.
        let after = launches * if workers == "0" { 0.7 } else { 0.5 };
        let (code, errors) = run(&lost, workers, ("EMULATED_LOST_AFTER", after));
        assert_eq!(code, Some(1), "{errors}");
        assert!(errors.contains("nasfw resume"), "{errors}");
        let before = place.json(&["trials", &lost, "--json"]);
        assert!((1..4).contains(&before.len()), "{before:?}");
        assert!(before.iter().all(|t| t["status"] != "failed"), "{before:?}");
        place.text(&["resume", &lost]);
        assert_eq!(recorded(&lost), recorded("whole"));
    }
    assert_eq!(recorded("scarce0"), recorded("scarce1"));
}

#[test]
fn devices_that_are_not_there_are_named_with_what_to_do() {
    let place = Place::new();
    let run = ["run", "--plugin", "segm", "--out", "r"];
    let bench = ["bench", "infer", "--genotype", GENOTYPE];
    for name in ["gpu", "cpu:composed"] {
        place.refuses(
            &[&run[..], &["--device", name]].concat(),
            &["run.device", name, "cuda:N"],
        );
    }
    place.refuses(
        &[&bench[..], &["--device", "cuda:x"]].concat(),
        &["run.device", "cuda:N"],
    );
    if !cfg!(feature = "cuda") {
        let fix = ["run.device", "cuda:0", "--features cuda"];
        place.refuses(&[&run[..], &["--device", "cuda:0"]].concat(), &fix);
        place.refuses(&[&bench[..], &["--device", "cuda:0"]].concat(), &fix);
    }
}
