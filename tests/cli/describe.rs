//! `nasfw describe`, `sample` and `plugins list`.

use crate::program::Place;
use serde_json::{Value, json};

const ARCH: [&str; 3] = [
    "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]",
    "[[2,[1,0,3,6],[0,1,2,8],[2,0,6,1]],[[2,3],[3,1],[4,4]]]",
    "[[5,[0,0,4,1],[3,2,0,1],[5,6,5,0]],[[1,3],[4,3],[2,2]]]",
];
const NONE: &str = "[[10,[0,0,10,10],[0,0,10,10],[0,0,10,10]],[[0,0],[0,0],[0,0]]]";

fn describe(genotype: &str, width: u32, repeats: u32, outputs: u32) -> Value {
    let sets = [
        format!("space.width={width}"),
        format!("space.repeats={repeats}"),
    ];
    let outputs = outputs.to_string();
    let args = [
        "describe",
        "--plugin",
        "segm",
        "--genotype",
        genotype,
        "--outputs",
        &outputs,
        "--set",
        &sets[0],
        "--set",
        &sets[1],
        "--input",
        "512x512",
        "--json",
    ];
    let mut lines = Place::new().json(&args);
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

#[test]
fn published_architectures_cost_what_they_should() {
    // Parameters at width 64, repeats 2, with 21, 1 and 16 outputs; at 48, 1, 21 without and with
    // auxiliary heads; loose ends; output stride; multiply-adds in G at 64, 2, 21 and 512x512.
    let table = [
        (
            [2_629_909, 2_618_369, 2_627_024, 2_212_517, 2_412_884],
            json!([4, 5, 6]),
            4,
            4.208,
        ),
        (
            [2_810_133, 2_798_593, 2_807_248, 2_316_197, 2_569_556],
            json!([5, 6]),
            8,
            2.854,
        ),
        (
            [2_853_141, 2_841_601, 2_850_256, 2_407_205, 2_706_068],
            json!([5, 6]),
            8,
            3.373,
        ),
    ];
    for (genotype, (params, ends, stride, gmacs)) in ARCH.into_iter().zip(table) {
        for (at, outputs) in [21, 1, 16].into_iter().enumerate() {
            let described = describe(genotype, 64, 2, outputs);
            assert_eq!(described["params"], params[at], "{genotype} {outputs}");
            assert_eq!(described["genotype"], genotype);
            assert_eq!(described["loose_ends"], ends);
            assert_eq!(described["output_stride"], stride);
            if outputs == 21 {
                let macs = described["macs"].as_f64().unwrap() / 1e9;
                assert!((macs - gmacs).abs() < 5e-4, "{genotype}: {macs} G");
            }
        }
        let small = describe(genotype, 48, 1, 21);
        assert_eq!(
            (&small["params"], &small["params_with_aux"]),
            (&params[3].into(), &params[4].into())
        );
        assert!(small["peak_activation_bytes"].as_u64().unwrap() > 4 * 3 * 512 * 512);
    }
    assert_eq!(describe(NONE, 48, 1, 21)["params"], 1_866_341);
}

#[test]
fn a_card_and_a_picture_for_people() {
    let place = Place::new();
    let args = ["describe", "--genotype", ARCH[0], "--svg", "cell.svg"];
    let card = place.text(&args);
    for part in [
        "2,212,517",
        "2,412,884",
        "sep_conv_5x5_dil6",
        "wiring",
        "loose ends",
    ] {
        assert!(card.contains(part), "{part}: {card}");
    }
    let widest = card.lines().map(|l| l.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?}");
    let svg = std::fs::read_to_string(place.path("cell.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("sep_conv_5x5_dil6"));
}

#[test]
fn wrong_genotypes_are_refused_with_the_place() {
    let place = Place::new();
    for (genotype, parts) in [
        (
            "[[11,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]",
            ["11", "10"],
        ),
        (
            "[[8,[0,0,5,2],[0,5,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]",
            ["5", "4"],
        ),
        (
            "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,6]]]",
            ["6", "5"],
        ),
        ("[[8,[0,0,5,2]],[[3,3]]]", ["genotype", ""]),
        ("[8", ["genotype", ""]),
        ("", ["genotype", ""]),
    ] {
        place.refuses(&["describe", "--genotype", genotype], &parts);
    }
    let good = ["describe", "--genotype", ARCH[0]];
    for (more, parts) in [
        (["--input", "512"], ["512", "HEIGHTxWIDTH"]),
        (["--input", "0x5"], ["0x5", "HEIGHTxWIDTH"]),
        (["--outputs", "0"], ["--outputs", "0"]),
        (["--plugin", "segn"], ["segn", "did you mean `segm`"]),
        (
            ["--set", "space.widht=3"],
            ["space.widht", "did you mean `space.width`"],
        ),
        (["--set", "space.width=0"], ["width", "0"]),
        (["--config", "none.toml"], ["none.toml", "cannot be read"]),
    ] {
        place.refuses(&[&good[..], &more[..]].concat(), &parts);
    }
}

#[test]
fn samples_are_valid_and_repeat() {
    let place = Place::new();
    for controller in [
        "ppo",
        "reinforce",
        "random",
        "evolution",
        "bayes",
        "forest",
        "local",
    ] {
        let sample = |seed: &str| {
            let args = [
                "sample",
                "--plugin",
                "segm",
                "--controller",
                controller,
                "-n",
                "8",
                "--seed",
                seed,
                "--json",
            ];
            place.json(&args)
        };
        let lines = sample("7");
        assert_eq!(lines.len(), 8);
        assert_eq!(lines, sample("7"), "{controller}");
        assert_ne!(lines, sample("8"), "{controller}");
        let radices = [
            4, 4, 5, 5, 6, 6, 11, 2, 2, 11, 11, 5, 5, 11, 11, 8, 8, 11, 11,
        ];
        for line in &lines {
            let choices = line["choices"].as_array().unwrap();
            assert_eq!(choices.len(), radices.len());
            for (choice, radix) in choices.iter().zip(radices) {
                assert!(choice.as_u64().unwrap() < radix);
            }
            // The others have no policy, so they have no probability.
            match controller {
                "ppo" | "reinforce" | "random" => {
                    assert!(line["log_prob"].as_f64().unwrap() < 0.0, "{line}");
                }
                _ => assert!(line.get("log_prob").is_none(), "{line}"),
            }
        }
        let genotype = lines[0]["genotype"].as_str().unwrap();
        place.text(&["describe", "--genotype", genotype, "--json"]);
    }
    let uniform = &place.json(&["sample", "--controller", "random", "--json"])[0];
    let log_prob = uniform["log_prob"].as_f64().unwrap();
    assert!((log_prob + 35.1243).abs() < 1e-4, "{log_prob}");
    place.refuses(
        &["sample", "--controller", "randon"],
        &["randon", "did you mean `random`"],
    );
}

#[test]
fn the_list_names_every_built_in() {
    let place = Place::new();
    let items = place.json(&["plugins", "list", "--json"]);
    let names: Vec<String> = items
        .iter()
        .map(|i| format!("{}/{}", i["kind"], i["name"]).replace('"', ""))
        .collect();
    for name in [
        "space/encoder-decoder",
        "controller/ppo",
        "controller/random",
        "controller/bayes",
        "controller/evolution",
        "controller/forest",
        "controller/local",
        "controller/reinforce",
        "schedule/progressive",
        "schedule/halving",
        "schedule/single-stage",
        "task/segm",
        "task/depth",
        "task/pose",
    ] {
        assert!(
            names.iter().any(|n| n == name),
            "{name} is not in {names:?}"
        );
    }
    assert!(place.text(&["plugins", "list"]).contains("--controller"));
}

#[test]
fn steps_and_inferences_are_timed() {
    let place = Place::new();
    let genotype = "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]";
    let small = ["--set", "space.width=8", "--input", "32x32", "--runs", "3"];
    for what in ["step", "infer"] {
        let base = ["bench", what, "--genotype", genotype, "--json"];
        let more = ["--reference", what];
        let report = &place.json(&[&base[..], &small, &more].concat())[0];
        let least = report["seconds_min"].as_f64().unwrap();
        let median = report["seconds_median"].as_f64().unwrap();
        assert!(0.0 < least && least <= median, "{report}");
        assert_eq!(report["runs"], 3);
        let folder = place.path(what);
        let graph = std::fs::read_to_string(folder.join("graph.json")).unwrap();
        assert!(serde_json::from_str::<Value>(&graph).unwrap()["nodes"].is_array());
        for file in ["weights", "inputs", "outputs", "gradients"] {
            let file = folder.join(format!("{file}.safetensors"));
            assert!(file.is_file(), "{}", file.display());
        }
    }
    let base = ["bench", "step", "--genotype", genotype];
    place.refuses(
        &[&base[..], &["--input", "32x64"]].concat(),
        &["32x64", "square"],
    );
}
