//! An interrupted and resumed training ends like an uninterrupted one.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nasfw_data::{Image, write_indexed_png, write_png_rgb};

use nasfw_engine::experiment::GivenMembers;
use nasfw_engine::train::{CheckpointPolicy, Resume, TrainRequest, Unfinished, resume, train};
use nasfw_engine::{Error, Event, Observer};
use nasfw_model::Model;
use nasfw_sdk::Seed;
use rand::RngExt;

use crate::program::{Place, sets};
use crate::{GENOTYPE, smallest, smallest_layers, trained};

/// Everything that a checkpoint must contain: two optimisers of different kinds, an average, a best
/// epoch that is not the last, passes over a part of the split.
const MORE: [&str; 6] = [
    "train.epochs=5",
    "train.samples=6",
    "train.batch=2",
    "train.polyak=0.7",
    "train.validate_every=2",
    "train.decay=linear",
];

fn files(place: &Place, model: &str) -> [Vec<u8>; 2] {
    ["weights.safetensors", "model.json"]
        .map(|file| fs::read(place.path(model).join(file)).unwrap())
}

/// Waits until the checkpoint has changed, then a little longer; false when the program has ended
/// by itself.
fn lives_on(place: &Place, child: &mut Child, before: &Option<Vec<u8>>, more: Duration) -> bool {
    let path = place.path("cut.unfinished/checkpoint.safetensors");
    let end = Instant::now() + Duration::from_secs(120);
    while Instant::now() < end {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        let now = fs::read(&path).ok();
        if now.is_some() && now != *before {
            sleep(more);
            return child.try_wait().unwrap().is_none();
        }
        sleep(Duration::from_millis(2));
    }
    panic!("no checkpoint in two minutes");
}

#[test]
fn a_killed_training_ends_as_if_it_had_not_been() {
    let place = Place::new();
    trained(&place, "teacher", &["--epochs", "1"]);
    let settings = [&sets(&MORE)[..], &["--teacher", "teacher"]].concat();
    trained(&place, "whole", &settings);
    let mut rng = Seed(5).stream("moments");
    let mut kills = 0;
    for attempt in 0.. {
        // Only between epochs, and after every step: lost steps must be repeated exactly.
        let every = ["0", "1"][attempt % 2];
        let first = [
            &[
                "train",
                "--genotype",
                GENOTYPE,
                "--out",
                "cut",
                "--checkpoint-every",
                every,
            ][..],
            &sets(&smallest()),
            &settings,
        ]
        .concat();
        let again = ["train", "--resume", "cut", "--checkpoint-every", every];
        let before = fs::read(place.path("cut.unfinished/checkpoint.safetensors")).ok();
        let mut child = Command::new(env!("CARGO_BIN_EXE_nasfw"))
            .args(if before.is_some() { &again[..] } else { &first })
            .current_dir(place.path(""))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let more = Duration::from_millis(rng.random_range(0..40));
        let lives = lives_on(&place, &mut child, &before, more);
        if !lives || place.path("cut").exists() {
            assert!(child.wait().unwrap().success(), "attempt {attempt}");
            break;
        }
        // SIGKILL: the program cannot tidy up.
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills >= 3, "{kills} kills say little");
    assert!(!place.path("cut.unfinished").exists());
    assert!(files(&place, "cut") == files(&place, "whole"));
}

/// Requests a stop in the second step of the second epoch.
#[derive(Default)]
struct Impatient(usize);

impl Observer for Impatient {
    fn on(&mut self, event: &Event<'_>) {
        let is_step = matches!(event, Event::Step { note, .. } if note.starts_with("loss"));
        self.0 += usize::from(is_step);
    }

    fn should_stop(&self) -> bool {
        self.0 == 4
    }
}

/// A training into `m` that was stopped.
fn stopped() -> Place {
    let place = Place::new();
    let layers = smallest_layers();
    let config = layers.resolve().unwrap();
    let model = place.path("m");
    let order = TrainRequest {
        config: &config,
        members: GivenMembers::default(),
        genotype: GENOTYPE,
        warm: None,
        data_fingerprint: None,
        keep: Some(CheckpointPolicy {
            model: &model,
            every_steps: 0,
        }),
    };
    let error = train(&order, &mut Impatient::default()).unwrap_err();
    assert!(matches!(error, Error::Stopped), "{error}");
    place
}

#[test]
fn a_stopped_training_continues_from_its_last_step_or_ends_there() {
    let place = stopped();
    place.refuses(
        &[
            &["train", "--genotype", GENOTYPE, "--out", "m"],
            &sets(&smallest())[..],
        ]
        .concat(),
        &["nasfw train --resume", "m.unfinished"],
    );
    place.refuses(
        &["export", "--model", "m", "--onnx", "n"],
        &["not finished", "--resume m"],
    );
    for more in [
        &["--set", "train.batch=2"][..],
        &["--epochs", "9"],
        &["--seed", "1"],
        &["--out", "n"],
    ] {
        place.refuses(
            &[&["train", "--resume", "m"], more].concat(),
            &["--resume", more[0]],
        );
    }
    place.refuses(
        &["train", "--resume", "n"],
        &["no training to resume", "--out"],
    );
    let held = Unfinished::open(&place.path("m")).unwrap();
    place.refuses(&["train", "--resume", "m"], &["another nasfw"]);
    drop(held);

    let other = Place::new();
    fs::create_dir_all(other.path("m.unfinished")).unwrap();
    let name = "m.unfinished/checkpoint.safetensors";
    fs::copy(place.path(name), other.path(name)).unwrap();
    other.text(&["train", "--resume", "m", "--finish"]);
    let provenance = Model::load(&other.path("m"))
        .unwrap()
        .description()
        .provenance
        .clone();
    assert_eq!((provenance.epoch, provenance.epochs), (1, 2));
    other.refuses(&["train", "--resume", "m"], &["its training is finished"]);

    // After a full disk, or any other failed write, the previous checkpoint remains.
    let next = place.path("m.unfinished/.checkpoint.safetensors.next");
    fs::create_dir(&next).unwrap();
    let refused = place.call(&["train", "--resume", "m"]);
    assert_eq!(refused.status.code(), Some(2));
    fs::remove_dir(&next).unwrap();
    let said = place.text(&["train", "--resume", "m"]);
    assert!(
        said.contains("continuing after epoch 1 of 2, step 2"),
        "{said}"
    );
    trained(&place, "whole", &[]);
    assert!(files(&place, "m") == files(&place, "whole"));
}

#[test]
fn damaged_checkpoints_and_other_data_are_refused() {
    let place = stopped();
    let path = place.path("m.unfinished/checkpoint.safetensors");
    let whole = fs::read(&path).unwrap();
    let again = ["train", "--resume", "m"];
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    // The state in the header, which the arrays do not contain.
    let seed = whole.windows(4).position(|w| w == b"seed").unwrap();
    let mut edited = whole.clone();
    edited[seed] = b'S';
    for damaged in [
        &whole[..whole.len() - 1],
        &whole[..20],
        &flipped,
        &edited,
        &[],
    ] {
        fs::write(&path, damaged).unwrap();
        place.refuses(&again, &["m.unfinished", "damaged", "start again"]);
    }
    trained(&place, "w", &["--epochs", "1"]);
    fs::copy(place.path("w/weights.safetensors"), &path).unwrap();
    place.refuses(&again, &["not a checkpoint of nasfw"]);
    let text = String::from_utf8_lossy(&whole).into_owned();
    let at = text.find("format").unwrap();
    let digit = whole[at..].iter().position(|b| *b == b'1').unwrap();
    let mut newer = whole.clone();
    newer[at + digit] = b'2';
    fs::write(&path, &newer).unwrap();
    place.refuses(&again, &["format 2", "reads 1"]);
    fs::write(&path, &whole).unwrap();

    // Commands that need a finished model, or a run, explain how to continue.
    let go_on = "nasfw train --resume m";
    place.refuses(&["eval", "--model", "m"], &[go_on]);
    place.refuses(&["report", "m.unfinished"], &["not a run", go_on]);
    place.refuses(
        &["export", "--model", "m.unfinished", "--dot", "x"],
        &[go_on],
    );
    place.refuses(&["trials", "w"], &["is a model, not a run"]);
    for file in ["w/new.dot", "m.unfinished/checkpoint.safetensors"] {
        place.refuses(
            &["export", "--model", "w", "--dot", file],
            &[file, "is within"],
        );
    }
    // Obstacles are reported before the training, not after it.
    fs::create_dir(place.path("m")).unwrap();
    fs::write(place.path("m/x"), "x").unwrap();
    place.refuses(&again, &["in the way", "m.unfinished"]);
    fs::remove_dir_all(place.path("m")).unwrap();
    place.refuses(&["resume", "w"], &["is a model, not a run"]);

    for part in ["images", "masks"] {
        fs::create_dir_all(place.path("data").join(part)).unwrap();
    }
    for n in 0..10 {
        let image = Image {
            size: nasfw_sdk::Size::square(32),
            pixels: vec![n * 20; 32 * 32 * 3],
        };
        let name = format!("{n}.png");
        write_png_rgb(&place.path("data/images").join(&name), &image).unwrap();
        let mask = place.path("data/masks").join(&name);
        write_indexed_png(&mask, image.size, &[1; 1024]).unwrap();
    }
    let other = [&again[..], &["--data", "data"]].concat();
    place.refuses(
        &other,
        &["not the data that the training was started with", "--data"],
    );

    let unfinished = Unfinished::open(&place.path("m")).unwrap();
    let how = Resume {
        finish: true,
        ..Resume::default()
    };
    assert!(resume(unfinished, &how, &mut Impatient::default()).is_ok());
}
