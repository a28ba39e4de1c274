//! A disk that fills up, or fails, while a search writes to it: only the trials in progress are
//! lost, and the program reports an error.
//!
//! Files that may not grow come from the system's file size limit, so a write ends short and then
//! fails. The full disk is a file system in memory. Errors of single calls come from strace.
//! `NASFW_FAULTS` sets the number of searches with such errors.

use std::process::{Command, Output, Stdio};

use nasfw_sdk::Seed;
use rand::RngExt;

use crate::program::{Place, small};
use crate::search::{CONTROLLERS, SCHEDULES, finish, run};

/// Evolution under the progressive schedule: both have memory.
fn settings() -> Vec<&'static str> {
    let names = [
        "controller.name=evolution",
        "schedule.name=progressive",
        "run.trials=8",
        "run.workers=0",
    ];
    [&names[..], CONTROLLERS[1].1, &small(SCHEDULES[1].1)].concat()
}

/// `wrapper` before the program and its arguments.
fn wrapped(wrapper: &[&str], inner: &Command, place: &Place) -> Output {
    let mut command = Command::new(wrapper[0]);
    command.args(&wrapper[1..]).arg(inner.get_program());
    command.args(inner.get_args()).current_dir(place.path("."));
    command.output().unwrap()
}

/// The output of a search with a fault; resumed without it, it ends like the search `whole`.
fn meets(place: &Place, out: &str, wrapper: &[&str]) -> Option<String> {
    let output = wrapped(wrapper, &run(place, out, &settings()), place);
    ends_well(place, out, &output, &wrapper.join(" "))
}

/// The output of a search with a fault; its run, when resumed, ends like the search `whole`.
fn ends_well(place: &Place, out: &str, output: &Output, how: &str) -> Option<String> {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{how}: {said}");
    let met = (!output.status.success()).then_some(said);
    if let Some(said) = &met {
        assert!(matches!(output.status.code(), Some(1 | 2)), "{how}: {said}");
        assert!(said.contains("error: "), "{how}: {said}");
    }
    if place.path(out).join("run.db").exists() {
        // The interrupted run passes `verify`, and so does the continued one.
        place.text(&["verify", out]);
        place.text(&["resume", out]);
    } else {
        finish(place, out, &settings());
    }
    place.assert_same("whole", out);
    place.text(&["verify", out]);
    place.text(&["replay", out]);
    met
}

fn cases(usual: usize) -> usize {
    std::env::var("NASFW_FAULTS").map_or(usual, |n| n.parse().unwrap())
}

#[test]
fn files_that_may_not_grow_end_a_search_and_lose_nothing() {
    let place = Place::new();
    finish(&place, "whole", &settings());
    let mut rng = Seed(1).stream("faults");
    let mut met = 0;
    for case in 0..cases(5) {
        // From less than an empty run needs to about everything that this one writes.
        let blocks = rng.random_range(8..400_u32);
        let limit = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let out = format!("limited-{case}");
        met += usize::from(meets(&place, &out, &["sh", "-c", &limit, "sh"]).is_some());
    }
    assert!(met > 0, "no search met its limit");
}

#[test]
#[ignore = "needs `unshare -rm`, to mount a file system"]
fn a_disk_that_fills_ends_a_search_and_loses_nothing() {
    let place = Place::new();
    finish(&place, "whole", &settings());
    let mut rng = Seed(3).stream("faults");
    let mut met = 0;
    for case in 0..cases(5) {
        let size_kb = rng.random_range(4..500_u32);
        // Copies the files back; the disk ends with the shell.
        let disk = format!(
            "mkdir disk && mount -t tmpfs -o size={size_kb}k tmpfs disk || exit 99
            \"$@\"; code=$?
            if test -e disk/run; then cp -a disk/run full-{case}; fi
            exit $code"
        );
        let wrapper = ["unshare", "-rm", "sh", "-c", &disk, "sh"];
        let output = wrapped(&wrapper, &run(&place, "disk/run", &settings()), &place);
        std::fs::remove_dir(place.path("disk")).unwrap();
        if let Some(said) = ends_well(&place, &format!("full-{case}"), &output, &disk) {
            assert!(said.contains("the disk is full"), "{said}");
            met += 1;
        }
    }
    assert!(met > 0, "no search filled its disk");
}

#[test]
#[ignore = "needs strace"]
fn calls_that_fail_end_a_search_and_lose_nothing() {
    let place = Place::new();
    finish(&place, "whole", &settings());
    let mut rng = Seed(2).stream("faults");
    let mut met = 0;
    for case in 0..cases(5) {
        let call = [
            "pwrite64",
            "write",
            "fdatasync",
            "fsync",
            "rename",
            "ftruncate",
        ][case % 6];
        let error = ["ENOSPC", "EIO"][rng.random_range(0..2)];
        let calls = match call {
            "pwrite64" => 80,
            "fdatasync" | "fsync" => 24,
            _ => 3,
        };
        // From one call on, or only for this one.
        let from = rng.random_range(1..calls);
        let when = format!("{from}{}", ["+", ""][rng.random_range(0..2)]);
        let inject = format!("inject={call}:error={error}:when={when}");
        // Only writes to the run's files: a failing standard output is a different case.
        let root = place.path(".").canonicalize().unwrap();
        let out = format!("failing-{case}");
        let folder = root.join(&out).display().to_string();
        let below = [
            format!("{folder}/run.db"),
            format!("{folder}/run.db-wal"),
            format!("{folder}/config.toml.unfinished"),
            format!("{folder}/artifacts/warmup.safetensors.unfinished"),
        ];
        let mut wrapper = vec!["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
        for path in &below {
            wrapper.extend(["-P", path]);
        }
        met += usize::from(meets(&place, &out, &wrapper).is_some());
    }
    assert!(met > 0, "no search met an error");
}

/// A search whose folder is moved or replaced by another run's stops with an error; at its new
/// location, it continues.
#[test]
fn a_folder_that_goes_away_ends_a_search_and_loses_nothing() {
    let place = Place::new();
    finish(&place, "whole", &settings());
    for (workers, is_replaced) in [("run.workers=0", false), ("run.workers=1", true)] {
        let more = [&settings()[..], &[workers]].concat();
        let mut search = run(&place, "going", &more);
        let search = search.stdout(Stdio::null()).stderr(Stdio::piped());
        let search = search.spawn().unwrap();
        while !place.path("going/artifacts/warmup.safetensors").exists() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let gone = format!("gone-{workers}");
        std::fs::rename(place.path("going"), place.path(&gone)).unwrap();
        if is_replaced {
            let to = place.path("going");
            std::fs::create_dir(&to).unwrap();
            std::fs::copy(place.path("whole/run.db"), to.join("run.db")).unwrap();
        }
        let output = search.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{workers}: {said}");
        assert!(said.contains("was moved, removed or replaced"), "{said}");
        place.text(&["resume", &gone]);
        place.assert_same("whole", &gone);
        place.text(&["verify", &gone]);
        if is_replaced {
            let names = std::fs::read_dir(place.path("going")).unwrap();
            assert_eq!(
                names.count(),
                1,
                "something was written to another's folder"
            );
            std::fs::remove_dir_all(place.path("going")).unwrap();
        }
    }
}
