//! Layers over members that exist only here, so that no plugin is needed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};

use super::resolve::{Defaults, Library, resolve};
use super::{Config, Layers, Preset};
use crate::error::{Error, Result};

struct Fake;

impl Defaults for Fake {
    fn of(&self, table: &str, name: &str) -> Result<Value> {
        let optimiser = json!({"kind": "adam", "lr": 3e-3, "weight_decay": 1e-5});
        let sgd = json!({"kind": "sgd", "lr": 1e-3, "momentum": 0.9, "weight_decay": 1e-5});
        Ok(match (table, name) {
            ("space", "segm") => json!({"width": 48, "encoder": {"width": 1.0}}),
            ("space", "brought") => json!({}),
            ("task", "segm") => json!({"ignore": 255}),
            ("task", "depth") => json!({}),
            ("controller", "ppo" | "bayes") => {
                json!({"lr": 3e-3, "clip": 0.2, "ring": 10, "update_every": 10,
                "epochs": 4, "minibatch": 10, "policy": "autoregressive"})
            }
            ("controller", "random") => json!({}),
            ("schedule", "progressive") => {
                let stage = json!({"samples": 4000, "epochs": 5, "batch": 64, "shorter_side_px": 300,
                    "crop_px": 256, "decoder": optimiser, "encoder": sgd, "limit": null, "decay": "constant",
                    "polyak": 0.9});
                json!({"stage0": stage, "stage1": stage, "delta": 0.9})
            }
            _ => {
                let known = ["segm", "depth", "ppo", "random", "progressive"];
                return Err(nasfw_sdk::Error::unknown(table, name, known).into());
            }
        })
    }

    fn for_weights(
        &self,
        space: &str,
        file: &std::path::Path,
    ) -> Option<serde_json::Map<String, Value>> {
        let is_known = space == "segm" && file.ends_with("wide");
        let settings = json!({"encoder": {"width": 1.4}});
        is_known.then(|| settings.as_object().cloned()).flatten()
    }
}

fn made(layers: Layers) -> Result<Config> {
    resolve(layers.layers(), &Fake, &mut |reference| {
        Ok(Library {
            recorded: format!("loaded {reference}"),
            space: reference.contains("space").then(|| "brought".to_owned()),
        })
    })
}

fn set(options: &[&str]) -> Result<Config> {
    let options: Vec<String> = options.iter().map(|o| (*o).to_owned()).collect();
    made(Layers::new(Preset::Demo).set(&options)?)
}

fn message(result: Result<Config>) -> String {
    match result {
        Ok(_) => panic!("expected an error"),
        Err(e) => e.to_string(),
    }
}

#[test]
fn later_layers_win_key_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    std::fs::write(
        &file,
        "[run]\ntrials = 5\nseed = 6\n[schedule.stage0]\nepochs = 7\nbatch = 8\n",
    )
    .unwrap();
    let layers = Layers::new(Preset::Demo).file(&file).unwrap();
    let layers = layers
        .set(&["run.seed=9".into(), "schedule.stage0.batch=10".into()])
        .unwrap();
    let config = made(layers.flag("--trials", "run.trials", 11)).unwrap();
    assert_eq!((config.run.trials, config.run.seed), (11, 9));
    let stage = &config.schedule.settings["stage0"];
    assert_eq!((&stage["epochs"], &stage["batch"]), (&json!(7), &json!(10)));
    // From the preset and from the defaults.
    assert_eq!(
        (&stage["crop_px"], &stage["decoder"]["weight_decay"]),
        (&json!(96), &json!(1e-5))
    );
    assert_eq!(
        config.schedule.settings["stage1"]["decoder"]["kind"],
        "adam"
    );
}

#[test]
fn toml_round_trip_is_exact() {
    let config = set(&[
        "controller.lr=1",
        "run.seed=9223372036854775807",
        "data.path=a b/\"c\"",
        "schedule.delta=0.1000000000000000055",
    ])
    .unwrap();
    assert_eq!(config.controller.settings["lr"], json!(1.0));
    let text = config.to_toml();
    let back = made(Layers::new(Preset::None).text(&text, "test").unwrap()).unwrap();
    assert_eq!(back, config, "{text}");
    assert!(text.contains("# limit is not set"), "{text}");
}

#[test]
fn every_preset_reads_and_resolves() {
    for preset in [Preset::Demo, Preset::Paper, Preset::None] {
        assert!(preset == Preset::None || !Layers::new(preset).layers()[0].values.is_empty());
        made(Layers::new(preset)).unwrap().check_ranges().unwrap();
    }
    let paper = made(Layers::new(Preset::Paper)).unwrap();
    assert_eq!(
        (
            &paper.controller.settings["ring"],
            &paper.controller.settings["lr"]
        ),
        (&json!(100), &json!(1e-4))
    );
    let rate = |optimiser| match optimiser {
        nasfw_sdk::Optimiser::Sgd { lr, .. } => lr,
        nasfw_sdk::Optimiser::Adam { lr, .. } => panic!("Adam at {lr}"),
    };
    let at = |done: usize| {
        let factors = paper.train.rates().factors(done, 300);
        [
            factors.encoder * rate(paper.train.encoder),
            factors.decoder * rate(paper.train.decoder),
        ]
    };
    assert_eq!(
        [0, 100, 200].map(at),
        [[5e-4, 5e-3], [2.5e-4, 2.5e-3], [1e-4, 1e-3]]
    );
    let text = paper.to_toml();
    let back = made(Layers::new(Preset::None).text(&text, "test").unwrap()).unwrap();
    assert_eq!(back, paper, "{text}");
    let demo = made(Layers::new(Preset::Demo)).unwrap();
    assert_eq!(demo.space.settings["encoder"]["width"], 0.5);
    // The settings a preset has for one member do not reach another.
    let random = Layers::new(Preset::Paper).flag("--controller", "controller.name", "random");
    assert_eq!(made(random).unwrap().controller.settings, json!({}));
}

#[test]
fn a_members_settings_stay_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    std::fs::write(&file, "[controller]\nname = \"ppo\"\nlr = 0.5\n").unwrap();
    let layers = Layers::new(Preset::Demo).file(&file).unwrap();
    assert_eq!(made(layers.clone()).unwrap().controller.settings["lr"], 0.5);
    let config = made(layers.flag("--controller", "controller.name", "random")).unwrap();
    assert_eq!(config.controller.name, "random");
    assert_eq!(config.controller.settings, json!({}));
}

#[test]
fn an_optimiser_changes_kind_with_what_both_have() {
    let config = set(&[
        "schedule.stage0.decoder.kind=sgd",
        "schedule.stage0.decoder.momentum=0.9",
    ]);
    let decoder = config.unwrap().schedule.settings["stage0"]["decoder"].clone();
    let sgd: nasfw_sdk::Optimiser = serde_json::from_value(decoder).unwrap();
    let expected = nasfw_sdk::Optimiser::Sgd {
        lr: 8e-3, // the preset's
        momentum: 0.9,
        weight_decay: 1e-5,
    };
    assert_eq!(sgd, expected);
}

#[test]
fn wrong_values_are_named_with_their_origin() {
    let cases: [(&[&str], &[&str]); 12] = [
        (
            &["controller.lrr=1"],
            &[
                "controller.lrr",
                "--set controller.lrr=1",
                "did you mean `controller.lr`",
            ],
        ),
        (
            &["schedule.stage0.epoch=1"],
            &["schedule.stage0.epoch", "`schedule.stage0.epochs`"],
        ),
        (&["runn.trials=1"], &["`runn`", "did you mean `run`"]),
        (
            &["run.trials=many"],
            &["run.trials", "\"many\"", "whole number"],
        ),
        (&["run.trials=1.5"], &["run.trials", "1.5"]),
        (&["controller.lr=inf"], &["controller.lr", "inf"]),
        (&["run=3"], &["`run`", "table"]),
        (&["controller=random"], &["`controller`", "controller.name"]),
        (
            &["controller.name=randon"],
            &["randon", "did you mean `random`"],
        ),
        (&["nonsense"], &["--set nonsense", "KEY=VALUE"]),
        (&["a..b=1"], &["--set a..b=1", "empty"]),
        (&["run.seed=1\n[x]"], &["run.seed", "whole number"]),
    ];
    for (options, expected) in cases {
        let text = message(set(options));
        for part in expected {
            assert!(text.contains(part), "{options:?} gave: {text}");
        }
    }
}

#[test]
fn the_space_follows_the_encoders_weights_unless_it_is_set() {
    let width = |options: &[&str]| set(options).unwrap().space.settings["encoder"]["width"].clone();
    assert_eq!(width(&[]), 0.5, "the preset's");
    assert_eq!(width(&["encoder.weights=some/wide"]), 1.4);
    assert_eq!(width(&["encoder.weights=some/other"]), 0.5);
    let given = ["encoder.weights=some/wide", "space.encoder.width=0.75"];
    assert_eq!(width(&given), 0.75);
    // A stored configuration is complete, and says what was used.
    let mut stored = set(&["encoder.weights=some/wide"]).unwrap();
    stored.space.settings["encoder"]["width"] = 0.25.into();
    let read = Layers::new(Preset::None).text(&stored.to_toml(), "stored");
    assert_eq!(made(read.unwrap()).unwrap(), stored);
}

#[test]
fn a_bad_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.toml");
    let missing = Layers::new(Preset::Demo).file(&file).unwrap_err();
    assert!(
        missing.is_input() && missing.to_string().contains("x.toml"),
        "{missing}"
    );
    std::fs::write(&file, "[run\n").unwrap();
    let broken = Layers::new(Preset::Demo).file(&file).unwrap_err();
    assert!(broken.to_string().contains("x.toml"), "{broken}");
    std::fs::write(&file, "[run]\nthread = 2\n").unwrap();
    let unknown = message(made(Layers::new(Preset::Demo).file(&file).unwrap()));
    assert!(
        unknown.contains("x.toml") && unknown.contains("run.threads"),
        "{unknown}"
    );
}

#[test]
fn ranges_are_checked() {
    for (option, expected) in [
        ("run.trials=0", "run.trials: 0"),
        ("meta.val_share=1", "meta.val_share: 1"),
        ("warmup.batch=0", "warmup.batch: 0"),
        ("warmup.lr=-1", "warmup.lr: -1"),
    ] {
        let error: Error = set(&[option]).unwrap().check_ranges().unwrap_err();
        assert!(
            error.is_input() && error.to_string().contains(expected),
            "{option}: {error}"
        );
    }
    let unknown = set(&["run.device=gpu"]).unwrap_err();
    assert!(unknown.is_input(), "{unknown}");
    assert!(unknown.to_string().contains("cuda:N"), "{unknown}");
    if nasfw_device::Device::Cuda(0).check_built().is_err() {
        let error = set(&["run.device=cuda:0"])
            .unwrap()
            .check_ranges()
            .unwrap_err();
        assert!(error.to_string().contains("built without CUDA"), "{error}");
    }
}

#[test]
fn libraries_of_all_layers_are_loaded_once_and_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    std::fs::write(&file, "plugins = ['./a.so', './b.so']\n").unwrap();
    let layers = Layers::new(Preset::Demo).file(&file).unwrap();
    let layers = layers
        .set(&["plugins=['./c.so', './a.so']".into()])
        .unwrap();
    let config = made(layers).unwrap();
    let recorded = ["loaded ./a.so", "loaded ./b.so", "loaded ./c.so"];
    assert_eq!(config.plugins, recorded);
    let text = config.to_toml();
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("plugins = ["), "{first}");
    // Its space becomes the default; naming another one overrides it.
    let space = |sets: &[&str]| set(sets).unwrap().space.plugin;
    assert_eq!(space(&["plugins=['./c.so', './space.so']"]), "brought");
    assert_eq!(
        space(&["plugins=['./space.so']", "space.plugin=segm"]),
        "segm"
    );
    for wrong in ["plugins=3", "plugins=[3]", "plugins=x.so"] {
        let said = message(set(&[wrong]));
        assert!(said.contains("expected a list of paths"), "{said}");
    }
}
