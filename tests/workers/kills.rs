//! A search that is killed at random moments and resumed ends with the same bytes.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::program::{Place, small};
use crate::search::{CONTROLLERS, SCHEDULES, finish, run};

/// Total number of kills, unless `NASFW_KILLS` is set.
const KILLS: u32 = 16;

/// Random moments; `NASFW_SEED` repeats those of an earlier test.
struct Moments(u64);

impl Moments {
    fn new() -> Self {
        let clock = SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos();
        let given = std::env::var("NASFW_SEED").map(|seed| seed.parse().unwrap());
        let seed = given.unwrap_or(u64::from(clock));
        eprintln!("NASFW_SEED={seed}");
        Self(seed)
    }

    /// A number below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        // Knuth's linear congruential generator; its high bits are good enough here.
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}

/// Lets it run for that long; true if it was killed, false if it had ended by itself.
fn kill_after(mut child: Child, time: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < time {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

fn start(mut command: Command) -> Child {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn resume(place: &Place, out: &str, workers: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nasfw"));
    command
        .args(["resume", out, "--workers", workers])
        .current_dir(place.path("."));
    command
}

/// The weights of the best network, trained in full.
fn trained(place: &Place, run: &str) -> Vec<u8> {
    let model = format!("model-{run}");
    if !place.path(&model).exists() {
        let mut args = vec!["train", "--from", run, "--out", &model];
        let settings = [
            "samples=16",
            "epochs=2",
            "batch=8",
            "crop_px=32",
            "shorter_side_px=32",
        ];
        let settings = settings.map(|setting| format!("train.{setting}"));
        args.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        place.text(&args);
    }
    std::fs::read(place.path(&model).join("weights.safetensors")).unwrap()
}

#[test]
fn killed_searches_end_like_any_other() {
    let kills = std::env::var("NASFW_KILLS").map_or(KILLS, |n| n.parse().unwrap());
    let (place, mut moments, mut done) = (Place::new(), Moments::new(), 0);
    let is_long = std::env::var_os("NASFW_LONG").is_some();
    // The duration of an uninterrupted search, and its result.
    let mut searches = Vec::new();
    let both = (0..).zip(CONTROLLERS.iter().cycle());
    for (at, (controller, its)) in both.take(if is_long { 8 } else { 4 }) {
        let (schedule, theirs) = SCHEDULES[(at + at / 4) % SCHEDULES.len()];
        let mut settings = vec![
            format!("controller.name={controller}"),
            format!("schedule.name={schedule}"),
            "run.trials=10".to_owned(),
        ];
        settings.extend(
            [*its, &small(theirs)]
                .concat()
                .iter()
                .map(|s| (*s).to_owned()),
        );
        let whole = format!("{controller}-{schedule}");
        let (names, start): (Vec<&str>, _) = (
            settings.iter().map(String::as_str).collect(),
            Instant::now(),
        );
        finish(&place, &whole, &names);
        searches.push((whole, settings, start.elapsed()));
    }
    let mut round = 0;
    while done < kills {
        for (whole, settings, took) in &searches {
            round += 1;
            let out = format!("killed-{round}");
            let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
            let mut moment =
                |from: &Duration| Duration::from_micros(moments.below(from.as_micros() as u64));
            let mut killed = kill_after(start(run(&place, &out, &settings)), moment(took));
            while killed {
                done += 1;
                // Killed before there was a run: it starts again.
                let has_begun = place.path(&out).join("run.db").exists();
                let command = if has_begun {
                    resume(&place, &out, ["0", "1", "2"][done as usize % 3])
                } else {
                    run(&place, &out, &settings)
                };
                // Preparation takes most of the time of such a small search, but it must also
                // progress.
                let time = moment(took) * 3 / 2;
                killed = kill_after(start(command), time);
            }
            place.assert_same(whole, &out);
            if is_long && round <= searches.len() {
                assert!(trained(&place, whole) == trained(&place, &out), "{whole}");
            }
        }
    }
    eprintln!("killed {done} times in {round} searches");
}
