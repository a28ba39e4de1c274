//! Weights of torchvision's and timm's MobileNet-v2: the same maps as a loop in PyTorch's layout,
//! and a list of arrays that do not fit.

use std::fs;

use nasfw_data::{Image, read_rgb, write_png_rgb};
use nasfw_network::{Array, Weights};
use nasfw_sdk::Seed;
use rand::RngExt;

use crate::program::Place;
use crate::program::sets;
use crate::theirs::{Theirs, normalised};
use crate::{GENOTYPE, smallest};

/// Names and shapes of the arrays of `torchvision.models.mobilenet_v2()` and of timm's
/// `mobilenetv2_100`, in the order of their state dictionaries, which follows the network.
const TORCHVISION: &str = include_str!("torchvision.txt");
const TIMM: &str = include_str!("timm.txt");
const THEIRS: [&str; 2] = ["--set", "space.encoder.variant=mobilenet-v2-torchvision"];

fn listing(text: &str) -> Vec<(String, Vec<usize>)> {
    let line = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next().unwrap().to_owned();
        (name, words.map(|w| w.parse().unwrap()).collect())
    };
    text.lines().map(line).collect()
}

/// Random arrays for a list, with statistics far from initial ones.
fn arrays(listed: &[(String, Vec<usize>)]) -> Weights {
    let mut rng = Seed(5).stream("encoder");
    let mut weights = Weights::default();
    for (name, shape) in listed {
        let length = shape.iter().product();
        let fan_in = shape.iter().skip(1).product::<usize>() as f32;
        let (low, high) = match name.rsplit('.').next() {
            Some("running_var") => (0.5, 2.0),
            Some("running_mean" | "bias") => (-0.5, 0.5),
            _ if shape.len() == 1 => (0.5, 1.5),
            _ => (-(6.0 / fan_in).sqrt(), (6.0 / fan_in).sqrt()),
        };
        let values = (0..length).map(|_| rng.random_range(low..high)).collect();
        let shape = shape.clone();
        weights.insert(name, Array { shape, values });
    }
    weights
}

fn save(place: &Place, name: &str, weights: &Weights) {
    fs::write(place.path(name), weights.to_safetensors().unwrap()).unwrap();
}

fn without(weights: &Weights, name: &str) -> Weights {
    let mut rest = Weights::default();
    weights
        .iter()
        .filter(|(n, _)| *n != name)
        .for_each(|(n, a)| rest.insert(n, a.clone()));
    rest
}

#[test]
fn torchvisions_and_timms_encoders_give_their_maps() {
    let place = Place::new();
    let (listed, timm) = (listing(TORCHVISION), listing(TIMM));
    let weights = arrays(&listed);
    let mut renamed = Weights::default();
    for ((theirs, shape), (name, same)) in listed.iter().zip(&timm) {
        assert_eq!(shape, same, "{theirs} and {name}");
        renamed.insert(name, weights.get(theirs).unwrap().clone());
    }
    save(&place, "torchvision", &weights);
    save(&place, "timm", &renamed);
    let mut rng = Seed(6).stream("image");
    // Odd sides, which reveal wrong padding.
    let image = Image {
        size: nasfw_sdk::Size::new(45, 33),
        pixels: (0..45 * 33 * 3).map(|_| rng.random()).collect(),
    };
    write_png_rgb(&place.path("image.png"), &image).unwrap();
    let image = read_rgb(&place.path("image.png")).unwrap();
    let mut found = Vec::new();
    for family in ["torchvision", "timm"] {
        let base = [
            "features",
            "--image",
            "image.png",
            "--encoder-weights",
            family,
            "--out",
            "maps",
        ];
        // Variant and width follow the file.
        let said = place.text(&base);
        assert!(
            said.contains(&format!("255 arrays in {family}'s names")),
            "{said}"
        );
        found.push(fs::read(place.path("maps")).unwrap());
    }
    assert!(found[0] == found[1]);
    let maps = Weights::from_safetensors(&found[0]).unwrap();
    let own = weights.iter().map(|(n, a)| (n.to_owned(), a.clone()));
    let theirs = Theirs(own.collect()).features(normalised(&image));
    assert_eq!(maps.len(), theirs.len());
    // The names of the nodes go from fine to coarse.
    for ((name, ours), theirs) in maps.iter().zip(&theirs) {
        assert_eq!(
            ours.shape,
            [1, theirs.channels, theirs.height, theirs.width],
            "{name}"
        );
        let largest = theirs.values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let pairs = ours.values.iter().zip(&theirs.values);
        let error = pairs.fold(0.0_f64, |m, (a, b)| m.max((f64::from(*a) - b).abs())) / largest;
        assert!(
            error < 1e-5 && largest > 1e-3,
            "{name}: {error} of {largest}"
        );
    }
    what_does_not_fit_is_listed(&place, &weights);
    searches_and_trainings_take_them(&place);
}

fn what_does_not_fit_is_listed(place: &Place, weights: &Weights) {
    let base = [
        "features",
        "--image",
        "image.png",
        "--out",
        "none",
        "--encoder-weights",
    ];
    let refuses = |file: &str, more: &[&str], parts: &[&str]| {
        let parts = [parts, &["encoder.weights"]].concat();
        place.refuses(&[&base[..], &[file], more].concat(), &parts);
    };
    let ours = ["--set", "space.encoder.variant=mobilenet-v2"];
    refuses(
        "torchvision",
        &ours,
        &[
            "first block",
            "space.encoder.variant=mobilenet-v2-torchvision",
        ],
    );
    refuses("nowhere", &THEIRS, &["nowhere", "No such file"]);
    refuses("image.png", &THEIRS, &["image.png", "safetensors"]);
    let mut wrong = without(weights, "features.7.conv.1.0.weight");
    let one = Array {
        shape: vec![1],
        values: vec![f32::NAN],
    };
    wrong.insert("features.19.weight", one.clone());
    wrong.insert("features.0.1.bias", one.clone());
    save(place, "wrong", &wrong);
    refuses(
        "wrong",
        &THEIRS,
        &[
            "3 arrays do not fit",
            "features.7.conv.1.0.weight is missing",
            "features.19.weight is not an array of the encoder",
            "features.0.1.bias has shape [1], the encoder needs [32]",
        ],
    );
    let mut wrong = weights.clone();
    wrong.insert(
        "features.0.1.bias",
        Array {
            shape: vec![32],
            values: vec![f32::NAN; 32],
        },
    );
    save(place, "wrong", &wrong);
    refuses(
        "wrong",
        &THEIRS,
        &["features.0.1.bias contains the value NaN"],
    );
    let narrow = [&THEIRS[..], &["--set", "space.encoder.width=0.5"]].concat();
    refuses("torchvision", &narrow, &["more", "space.encoder.width"]);
    let all = [
        "features",
        "--encoder-weights",
        "torchvision",
        THEIRS[0],
        THEIRS[1],
    ];
    place.refuses(
        &[&all[..], &["--image", "wrong", "--out", "none"]].concat(),
        &["wrong", "PNG"],
    );
    let target = ["--image", "image.png", "--out", "no/maps"];
    place.refuses(
        &[&all[..], &target].concat(),
        &["no/maps", "folder does not exist"],
    );
}

fn searches_and_trainings_take_them(place: &Place) {
    let mut args = vec!["--encoder-weights", "timm"];
    let mut settings = smallest();
    settings.retain(|s| !s.contains("encoder"));
    args.extend(sets(&settings));
    args.extend(["--set", "train.samples=4"]);
    let train = ["train", "--genotype", GENOTYPE, "--out", "m"];
    let ours = ["--set", "space.encoder.variant=mobilenet-v2"];
    place.refuses(&[&train[..], &args, &ours].concat(), &["first block"]);
    let said = place.text(&[&train[..], &args].concat());
    assert!(said.contains("255 arrays in timm's names"), "{said}");
    let model = nasfw_model::Model::load(&place.path("m")).unwrap();
    assert!(model.description().provenance.is_encoder_warm);
    let config = place.text(&[&["run", "--dry-run"][..], &args].concat());
    assert!(
        config.contains("timm\"") && config.contains("mobilenet-v2-torchvision"),
        "{config}"
    );
    assert!(
        config.contains("[space.encoder]") && config.contains("width = 1.0"),
        "{config}"
    );
}
