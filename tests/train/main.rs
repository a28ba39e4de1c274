//! From an architecture to a trained model and its exports, through the program.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod interrupted;
#[path = "../program/mod.rs"]
mod program;

use std::collections::BTreeSet;
use std::fs;

use nasfw_engine::config::{Layers, Preset};
use nasfw_engine::experiment::GivenMembers;
use nasfw_engine::train::{TrainRequest, train};
use nasfw_engine::{Event, Observer};
use nasfw_model::Model;
use nasfw_network::Weights;
use nasfw_plugins as _;
use program::{Place, sets, small};
use serde_json::Value;

pub(crate) const GENOTYPE: &str = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";

/// The smallest useful training.
pub(crate) fn smallest() -> Vec<&'static str> {
    let its = ["train.samples=0", "train.epochs=2"];
    [&small(&["training"])[..], &its].concat()
}

pub(crate) fn smallest_layers() -> Layers {
    let settings: Vec<String> = smallest().into_iter().map(str::to_owned).collect();
    Layers::new(Preset::Demo).set(&settings).unwrap()
}

pub(crate) fn trained(place: &Place, out: &str, more: &[&str]) -> Value {
    let base = ["train", "--genotype", GENOTYPE, "--out", out, "--json"];
    let mut lines = place.json(&[&base[..], &sets(&smallest()), more].concat());
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

#[test]
fn every_task_trains_into_a_model_that_can_be_exported() {
    let place = Place::new();
    for task in ["segm", "depth", "pose"] {
        let end = trained(&place, task, &["--task", task, "--seed", "3"]);
        assert_eq!(end["epochs"], 2, "{end}");
        assert!(end["reward"].as_f64().unwrap() >= 0.0, "{end}");
        let model = Model::load(&place.path(task)).unwrap();
        let description = model.description();
        assert_eq!(description.task.name, task);
        assert_eq!(description.provenance.genotype, GENOTYPE);
        assert_eq!(
            description.graph.outputs().len(),
            1,
            "auxiliary heads are left out"
        );
        let channels = description.graph.channels(description.graph.main().node);
        let named = description.channel_names().len();
        assert_eq!(named, if task == "depth" { 0 } else { channels });
    }
    let files = ["n.onnx", "n.safetensors", "n.dot", "n.svg"];
    let all = [
        "--onnx",
        "n.onnx",
        "--safetensors",
        "n.safetensors",
        "--dot",
        "n.dot",
        "--svg",
        "n.svg",
    ];
    let said = place.text(&[&["export", "--model", "segm"], &all[..]].concat());
    for file in files {
        let length = fs::metadata(place.path(file)).unwrap().len();
        assert!(said.contains(&format!("{file}: {length} bytes")), "{said}");
        assert!(length > 500, "{file}");
    }
    let weights = |path: &str| fs::read(place.path(path)).unwrap();
    assert!(weights("n.safetensors") == weights("segm/weights.safetensors"));
    let drawing = fs::read_to_string(place.path("n.svg")).unwrap();
    assert!(
        drawing.starts_with("<svg") && drawing.contains("cell"),
        "{drawing}"
    );
}

#[test]
fn the_seed_decides_a_training_whatever_the_threads() {
    let place = Place::new();
    for (out, seed, threads) in [("one", "1", "1"), ("two", "1", "2"), ("other", "2", "2")] {
        trained(&place, out, &["--seed", seed, "--threads", threads]);
    }
    let hash = |out: &str| {
        let model = Model::load(&place.path(out)).unwrap();
        model.description().weights.blake3.clone()
    };
    assert_eq!(hash("one"), hash("two"));
    assert_ne!(hash("one"), hash("other"));
}

#[test]
fn stages_have_rates_of_their_own_for_encoder_and_decoder() {
    let place = Place::new();
    let weights = |out: &str, second: &str| {
        let stages = format!("train.stages=[{{share=1,encoder=1,decoder=1}},{second}]");
        let staged = ["--set", "train.decay=staged", "--set", &stages];
        trained(
            &place,
            out,
            &[&staged[..], &["--set", "train.validate_every=2"]].concat(),
        );
        Model::load(&place.path(out)).unwrap().weights().clone()
    };
    let both = weights("both", "{share=1,encoder=1,decoder=1}");
    let decoder = weights("decoder", "{share=1,encoder=0,decoder=1}");
    let none = weights("none", "{share=1,encoder=0,decoder=0}");
    let same = |a: &Weights, b: &Weights, part: &str| {
        let learned = a
            .iter()
            .filter(|(n, _)| n.starts_with(part) && n.ends_with(".weight"));
        learned
            .map(|(n, array)| b.get(n) == Some(array))
            .collect::<BTreeSet<_>>()
    };
    let (yes, no) = (BTreeSet::from([true]), BTreeSet::from([false]));
    assert_eq!(
        same(&none, &decoder, "encoder.stem"),
        yes,
        "it learns in the first stage alone"
    );
    assert_eq!(same(&both, &decoder, "encoder.stem"), no);
    assert_eq!(same(&none, &decoder, "decoder.head"), no);
}

#[test]
fn what_a_run_found_starts_from_its_encoder() {
    let place = Place::new();
    let settings = small(&["events"]);
    place.text(
        &[
            &["run", "--out", "run", "--trials", "1"],
            &sets(&settings)[..],
        ]
        .concat(),
    );
    place.text(&["train", "--from", "run", "--out", "m", "--epochs", "1"]);
    let provenance = Model::load(&place.path("m"))
        .unwrap()
        .description()
        .provenance
        .clone();
    assert!(provenance.is_encoder_warm);
    assert_eq!(provenance.epochs, 1);
    let listed = place.json(&["trials", "run", "--json"]);
    assert_eq!(listed[0]["genotype"], provenance.genotype.as_str());

    let from = ["train", "--from", "run", "--out", "x"];
    let wider = ["--set", "space.encoder.width=1.0"];
    place.refuses(&[&from[..], &wider].concat(), &["shape", "space.encoder"]);
    let other = ["--set", "data.generator.seed=9"];
    place.text(&[&from[..], &["--epochs", "1"], &other].concat());
    place.refuses(
        &["train", "--from", "run#7", "--out", "x"],
        &["no trial `7`"],
    );
}

#[test]
fn a_teacher_of_the_same_task_and_classes_is_learned_from() {
    let place = Place::new();
    trained(&place, "teacher", &["--epochs", "1", "--seed", "1"]);
    trained(&place, "alone", &[]);
    let taught = ["--teacher", "teacher"];
    trained(&place, "taught", &taught);
    let off = ["--set", "train.distillation=0"];
    trained(&place, "unheard", &[&taught[..], &off].concat());
    let model = |name: &str| Model::load(&place.path(name)).unwrap();
    assert_ne!(model("taught").weights(), model("alone").weights());
    assert_eq!(model("unheard").weights(), model("alone").weights());
    let of = |name: &str| model(name).description().provenance.teacher.clone();
    assert_eq!(
        of("taught"),
        Some(model("teacher").description().weights.blake3.clone())
    );
    assert_eq!((of("unheard"), of("alone")), (None, None));

    let base = [
        &["train", "--genotype", GENOTYPE, "--out", "m"][..],
        &sets(&smallest()),
    ]
    .concat();
    let refuses = |more: &[&str], parts: &[&str]| {
        place.refuses(&[&base[..], more].concat(), parts);
    };
    refuses(
        &["--teacher", "teacher", "--task", "depth"],
        &["train.teacher", "its task is segm", "for depth"],
    );
    refuses(&["--teacher", "gone"], &["gone", "no such folder"]);
    trained(&place, "pose", &["--epochs", "1", "--task", "pose"]);
    let joints = place.path("pose/model.json");
    let text = fs::read_to_string(&joints).unwrap();
    let first = model("pose").description().data.joints[0].clone();
    let other = text.replacen(&format!("\"{first}\""), "\"wing\"", 1);
    fs::write(&joints, other).unwrap();
    refuses(
        &["--teacher", "pose", "--task", "pose"],
        &["train.teacher", "`wing`", &first, "same order"],
    );
    refuses(
        &["--teacher", "teacher", "--set", "train.distillation=-1"],
        &["train.distillation", "0 or more"],
    );
}

#[test]
fn wrong_input_is_refused_before_anything_is_written() {
    let place = Place::new();
    let base = [&["train", "--genotype", GENOTYPE][..], &sets(&smallest())].concat();
    let refuses = |more: &[&str], parts: &[&str]| {
        place.refuses(&[&base[..], more].concat(), parts);
    };
    refuses(
        &["--out", "m", "--set", "train.batch=0"],
        &["train.batch", "1 to 4096"],
    );
    refuses(
        &["--out", "m", "--set", "train.decay=slow"],
        &["train.decay", "polynomial"],
    );
    refuses(
        &["--out", "m", "--set", "train.decay=staged"],
        &["train.stages", "share = 1"],
    );
    let stages = "train.stages=[{share=1,encoder=1,decoder=1},{share=0,encoder=1,decoder=1}]";
    refuses(&["--out", "m", "--set", stages], &["train.stages[1].share"]);
    let stages = "train.stages=[{share=1,encoder=1}]";
    refuses(
        &["--out", "m", "--set", stages],
        &["train.stages[0]", "decoder"],
    );
    refuses(
        &["--out", "m", "--set", "train.scale=[2.0,0.5]"],
        &["train.scale", "[2, 0.5]"],
    );
    refuses(
        &["--out", "m", "--set", "train.scale=[1.0]"],
        &["train.scale"],
    );
    refuses(&["--out", "m", "--data", "nothing"], &["nothing"]);
    fs::write(place.path("file"), "").unwrap();
    for out in ["file", "file/m", "file/deep/m"] {
        refuses(&["--out", out], &[out, "is a file", "--out"]);
    }
    place.refuses(&["train", "--genotype", "[1]", "--out", "m"], &["genotype"]);
    place.refuses(&["train", "--out", "m"], &["--genotype"]);
    place.refuses(&["train", "--genotype", GENOTYPE], &["--out"]);
    refuses(&["--out", "m", "--finish"], &["--finish"]);
    refuses(&["--out", "m", "--checkpoint-every", "-1"], &["-1"]);
    refuses(
        &["--out", "m", "--teacher", "file"],
        &["file", "name the folder of a model"],
    );
    refuses(&["--out", "."], &["."]);
}

#[test]
fn damaged_models_and_targets_that_cannot_be_written_are_refused() {
    let place = Place::new();
    trained(&place, "m", &["--epochs", "1"]);
    let onnx = |target: &'static str| ["export", "--model", "m", "--onnx", target];
    place.refuses(
        &onnx("nowhere/n.onnx"),
        &["nowhere/n.onnx", "folder does not exist"],
    );
    place.refuses(&onnx("m"), &["m cannot be written", "folder"]);
    place.refuses(&onnx("m/model.json/n.onnx"), &["cannot be written"]);
    place.refuses(&["export", "--model", "m"], &["--onnx"]);
    place.refuses(
        &["export", "--model", "m", "--onnx", "n", "--size", "0x4"],
        &["HEIGHTxWIDTH"],
    );
    place.refuses(
        &["export", "--model", "gone", "--onnx", "n"],
        &["gone", "no such folder"],
    );

    let weights = place.path("m/weights.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&weights, bytes).unwrap();
    place.refuses(
        &onnx("n.onnx"),
        &["weights.safetensors", "copy both files again"],
    );
    fs::remove_file(&weights).unwrap();
    place.refuses(&onnx("n.onnx"), &["weights.safetensors is missing"]);
}

/// Requests a stop in the step after the first evaluation on the validation split.
#[derive(Default)]
struct Impatient {
    looks: usize,
    steps: usize,
}

impl Observer for Impatient {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Note { text } if text.starts_with("epoch") => self.looks += 1,
            Event::Step { note, .. } if note.starts_with("loss") => self.steps += 1,
            _ => {}
        }
    }

    fn should_stop(&self) -> bool {
        self.looks == 1
    }
}

#[test]
fn a_stopped_training_keeps_what_was_best() {
    let layers = smallest_layers();
    let config = layers
        .flag("--epochs", "train.epochs", 9)
        .resolve()
        .unwrap();
    let mut order = TrainRequest {
        config: &config,
        members: GivenMembers::default(),
        genotype: GENOTYPE,
        warm: None,
        data_fingerprint: None,
        keep: None,
    };
    let mut observer = Impatient::default();
    let trained = train(&order, &mut observer).unwrap();
    let provenance = &trained.model.description().provenance;
    assert_eq!((provenance.epoch, provenance.epochs), (1, 9));
    assert_eq!(trained.ended_early.as_deref(), Some("stopped on request"));
    // Two steps of the first epoch, and the one in which the stop was requested.
    assert_eq!(observer.steps, 3);

    order.data_fingerprint = Some("of other data");
    let error = train(&order, &mut Impatient::default()).unwrap_err();
    assert!(
        error.is_input() && error.to_string().contains("--data"),
        "{error}"
    );
}
