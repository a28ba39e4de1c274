//! Searches through the program: their results, and that a seed decides everything.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::sync::LazyLock;

use program::{Place, sets, small};
use serde_json::Value;

/// The smallest search that still trains: a handful of tiny scenes, and a controller that learns
/// after every trial.
static SMALL: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let settings = small(&["search", "stages", "stage-sides"]);
    sets(
        &[
            &settings[..],
            &["controller.name=ppo", "controller.update_every=1"],
        ]
        .concat(),
    )
});

fn search(place: &Place, out: &str, more: &[&str]) -> String {
    let base = ["run", "--plugin", "segm", "--seed", "3", "--out", out];
    place.text(&[&base[..], &SMALL[..], more].concat())
}

#[test]
fn a_search_ends_with_what_it_recommends() {
    let place = Place::new();
    for task in ["segm", "depth", "pose"] {
        let text = search(&place, task, &["--task", task, "--trials", "2"]);
        for part in [
            "trial   0",
            "trial   1",
            "recommended: trial",
            "wiring",
            "nasfw resume",
        ] {
            assert!(text.contains(part), "{task}: {part} is not in:\n{text}");
        }
        let lines: Vec<_> = place.trials(task).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 2);
        assert!(
            lines.iter().all(|l| l.contains("\"reward\":0.")),
            "{lines:?}"
        );
        assert!(place.path(task).join("config.toml").is_file());
    }
}

#[test]
fn the_seed_decides_whatever_the_threads() {
    let place = Place::new();
    search(&place, "one", &["--trials", "2", "--threads", "1"]);
    search(&place, "two", &["--trials", "2", "--threads", "2"]);
    place.assert_same("one", "two");
}

#[test]
fn a_resumed_search_equals_an_uninterrupted_one() {
    let place = Place::new();
    search(&place, "whole", &["--trials", "3"]);
    search(&place, "parts", &["--trials", "1"]);
    let end = place.json(&["resume", "parts", "--trials", "3", "--json"]);
    assert_eq!(end.len(), 3, "two trials and a summary");
    assert_eq!(end[2]["finished"], 3);
    place.assert_same("whole", "parts");
}

#[test]
fn what_was_found_can_be_described_and_its_encoder_used_again() {
    let place = Place::new();
    search(&place, "first", &["--trials", "2"]);
    let listed = place.json(&["trials", "first", "--json"]);
    let card = &place.json(&["describe", "--from", "first", "--input", "32x32", "--json"])[0];
    let is_it = |t: &&Value| t["genotype"] == card["genotype"];
    let best = listed.iter().find(is_it).unwrap();
    for key in ["params", "macs"] {
        assert_eq!(card[key], best[key], "{key}");
    }
    let second = place.json(&["describe", "--from", "first#1", "--json"]);
    assert_eq!(second[0]["genotype"], listed[1]["genotype"]);
    place.refuses(
        &["describe", "--from", "first#2"],
        &["no trial `2`", "trials 0 to 1"],
    );

    let given = "encoder.weights=first/artifacts/warmup.safetensors";
    let without = ["--trials", "1", "--set", given, "--set", "warmup.epochs=0"];
    let text = search(&place, "again", &without);
    assert!(!text.contains("encoder warm-up"), "{text}");
    let wider = ["--set", "space.encoder.width=1.0"];
    let base = ["run", "--out", "x", "--set", given];
    place.refuses(
        &[&base[..], &SMALL, &wider].concat(),
        &["encoder.weights", "warmup.safetensors", "shape"],
    );
    let nothing = ["run", "--out", "x", "--set", "encoder.weights=nothing"];
    place.refuses(
        &[&nothing[..], &SMALL].concat(),
        &["encoder.weights", "nothing"],
    );
}

#[test]
fn a_run_continues_with_its_own_data_only() {
    let place = Place::new();
    let scale = "data.depth_scale=1000";
    let data = |out: &str| {
        let base = ["run", "--task", "depth", "--data", "set", "--trials", "1"];
        let args = [&base[..], &["--out", out, "--set", scale], &SMALL].concat();
        place.text(&args)
    };
    let folder = place.path("set");
    for kind in ["rgb", "depth"] {
        std::fs::create_dir_all(folder.join(kind)).unwrap();
    }
    let write = |name: &str, shade: u8| {
        let image = image_of(shade);
        nasfw_data::write_png_rgb(&folder.join("rgb").join(name), &image).unwrap();
        let depths = vec![1.0 + f32::from(shade) / 100.0; 40 * 40];
        let path = folder.join("depth").join(name);
        nasfw_data::write_depth_png(&path, nasfw_sdk::Size::square(40), &depths, 1000.0).unwrap();
    };
    for n in 0..12_u8 {
        write(&format!("{n}.png"), 20 * n);
    }
    data("r");
    place.text(&["resume", "r", "--trials", "2"]);
    write("3.png", 1);
    let output = place.call(&["resume", "r", "--trials", "3"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("data set has changed"), "{message}");
    assert_eq!(place.trials("r").lines().count(), 2);
}

fn image_of(shade: u8) -> nasfw_data::Image {
    nasfw_data::Image {
        size: nasfw_sdk::Size::square(40),
        pixels: vec![shade; 40 * 40 * 3],
    }
}

#[test]
fn trials_that_cannot_be_evaluated_fail_with_their_reason() {
    let place = Place::new();
    for (out, setting, workers, reason) in [
        // A worker could not even start with so little.
        ("memory", "run.memory_limit_mb=1", "0", "the limit is 1 MiB"),
        ("nan", "schedule.stage0.decoder.lr=1e30", "1", "NaN"),
    ] {
        let base = ["run", "--seed", "3", "--trials", "2", "--out", out];
        let args = [
            &base[..],
            &SMALL[..],
            &["--set", setting, "--workers", workers],
        ]
        .concat();
        let output = place.call(&args);
        let message = String::from_utf8_lossy(&output.stderr);
        // The search ran to its end, and has no best trial.
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(
            message.contains("all 2 trials failed") && message.contains(reason),
            "{message}"
        );
        for trial in place.json(&["trials", out, "--json"]) {
            assert_eq!(trial["status"], "failed");
            assert!(trial["reward"].is_null(), "a failure is not a score");
            assert!(trial["reason"].as_str().unwrap().contains(reason));
        }
    }
}

/// Starts a search of three trials and returns once the first is finished.
#[cfg(unix)]
fn begin(place: &Place, out: &str) -> std::process::Child {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_nasfw"));
    command.args([
        "run", "--plugin", "segm", "--seed", "3", "--trials", "3", "--out",
    ]);
    command.arg(place.path(out)).args(SMALL.iter());
    command.stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    for _ in 0..3000 {
        let listed = place.call(&["trials", out, "--json"]);
        if listed.status.success() && !listed.stdout.is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child
}

#[cfg(unix)]
#[test]
fn neither_a_crash_nor_ctrl_c_changes_the_result() {
    let place = Place::new();
    search(&place, "whole", &["--trials", "3"]);
    let mut killed = begin(&place, "killed");
    killed.kill().unwrap();
    killed.wait().unwrap();
    let stopped = begin(&place, "stopped");
    let pid = stopped.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    kill.unwrap();
    let output = stopped.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    // A machine fast enough may have finished before the signal came.
    let is_stopped = output.status.code() == Some(1) && message.contains("nasfw resume");
    assert!(is_stopped || output.status.success(), "{message}");
    for run in ["killed", "stopped"] {
        place.text(&["resume", run, "--quiet"]);
        place.assert_same("whole", run);
    }
}

/// A data set in the folder `data`: 20 images of 32 pixels and their masks.
fn write_set(place: &Place) {
    for part in ["images", "masks"] {
        std::fs::create_dir_all(place.path("data").join(part)).unwrap();
    }
    for n in 0..20_u8 {
        let image = nasfw_data::Image {
            size: nasfw_sdk::Size::square(32),
            pixels: vec![n * 12; 32 * 32 * 3],
        };
        let file = |part: &str| place.path("data").join(part).join(format!("{n:02}.png"));
        nasfw_data::write_png_rgb(&file("images"), &image).unwrap();
        let size = nasfw_sdk::Size::square(32);
        nasfw_data::write_indexed_png(&file("masks"), size, &[n % 2; 1024]).unwrap();
    }
}

#[test]
fn data_is_checked_once_and_everything_wrong_is_said() {
    let place = Place::new();
    write_set(&place);
    let args = |out: &'static str| {
        let base = ["run", "--data", "data", "--trials", "1", "--out", out];
        [&base[..], &SMALL[..]].concat()
    };
    let sound: Vec<_> = ["images/03.png", "masks/19.png"]
        .map(|name| (place.path("data").join(name), 30))
        .into_iter()
        .map(|(path, kept)| {
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(&path, &bytes[..bytes.len() - kept]).unwrap();
            (path, bytes)
        })
        .collect();
    let output = place.call(&args("r"));
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    for part in ["2 problems in the data", "03.png", "19.png"] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!place.path("r").exists());
    for (path, bytes) in &sound {
        std::fs::write(path, bytes).unwrap();
    }
    let said = |out| {
        let output = place.call(&args(out));
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!said("a").contains("checked before"));
    assert!(said("b").contains("checked before"));
    // Moved data is the same data; workers find it, too.
    std::fs::rename(place.path("data"), place.path("moved")).unwrap();
    let again = ["resume", "b", "--trials", "2"];
    assert_eq!(place.call(&again).status.code(), Some(2));
    place.text(&[&again[..], &["--data", "moved"]].concat());
    place.text(&["resume", "b", "--trials", "3"]);
    std::fs::rename(place.path("moved"), place.path("data")).unwrap();
    // One changed byte makes it other data.
    let mask = place.path("data/masks/00.png");
    nasfw_data::write_indexed_png(&mask, nasfw_sdk::Size::square(32), &[1; 1024]).unwrap();
    assert!(!said("c").contains("checked before"));
}

#[test]
fn samples_of_a_group_stay_together() {
    let place = Place::new();
    write_set(&place);
    let with = |group: &'static str, out: &'static str| {
        let base = [
            "run", "--data", "data", "--trials", "1", "--out", out, "--set", group,
        ];
        [&base[..], &SMALL[..]].concat()
    };
    // 00 to 19 are two groups by their tens, which the hash of the tens divides into training and validation.
    let tens = with("data.group='^.'", "tens");
    place.refuses(
        &tens,
        &["data.group = `^.`", "training samples are in one group"],
    );
    // Ten groups of two.
    let said = place.text(&with("data.group='.$'", "ends"));
    let groups = said
        .split("in ")
        .find_map(|rest| rest.split_once(" groups"));
    let groups: usize = groups.unwrap().0.parse().unwrap();
    let counts = said.split("(folders): ").nth(1).unwrap();
    let training: usize = counts.split(' ').next().unwrap().parse().unwrap();
    assert_eq!((training, training % 2), (2 * groups, 0), "{said}");
    place.refuses(
        &with("data.group='^(x)'", "r"),
        &["data.group", "does not match the name"],
    );
    // A run keeps it, and another grouping is another run.
    assert!(
        place
            .text(&["resume", "ends", "--trials", "2"])
            .contains("groups")
    );
    let list: String = (0..20).map(|n| format!("{n:02} {}\n", n % 5)).collect();
    std::fs::write(place.path("data/groups.txt"), list).unwrap();
    assert!(
        place
            .text(&with("data.group=@groups.txt", "list"))
            .contains(" groups")
    );
}
