//! Readers of untrusted input, each as a function of arbitrary bytes that must return.
//!
//! A target fails by a panic or an abort; errors are expected and ignored here. Input that is
//! accepted is used and, where possible, written and read again.

use std::path::PathBuf;
use std::sync::LazyLock;

use nasfw_abi::message;
use nasfw_data::{
    DataConfig, open, read_depth_png, read_indexed_png, read_keypoint_results, read_rgb,
};
use nasfw_engine::Config;
use nasfw_engine::config::{Layers, Preset};
use nasfw_model::Description;
use nasfw_network::Weights;
use nasfw_plugins as _;
use nasfw_sdk::graph::Graph;
use nasfw_sdk::registry::SpaceEntry;
use nasfw_sdk::{IoChannels, LabelKind, SearchSpace};
use serde::de::DeserializeOwned;

/// A target: its name, and a function of bytes.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All targets.
pub(crate) const ALL: &[Target] = &[
    ("genotype", genotype),
    ("graph", graph),
    ("config", config),
    ("coco", coco),
    ("images", images),
    ("replies", replies),
    ("weights", weights),
    ("model", model),
];

/// A genotype of the built-in space, as users write it.
pub(crate) fn genotype(data: &[u8]) {
    static SPACE: LazyLock<Box<dyn SearchSpace>> = LazyLock::new(|| {
        let entry = SpaceEntry::of_plugin("segm").expect("a built-in plugin");
        (entry.build)(&serde_json::json!({})).expect("default settings")
    });
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(choices) = SPACE.parse(text) {
        let written = SPACE.genotype(&choices).expect("valid choices");
        assert_eq!(SPACE.parse(&written).ok().as_ref(), Some(&choices));
        SPACE
            .decode(&choices, &IoChannels::rgb(5))
            .expect("valid choices");
    }
}

/// A graph, as in replies of plugins and in models.
pub(crate) fn graph(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(graph) = Graph::from_json(text) {
        let again = Graph::from_json(&graph.to_json()).expect("what was written");
        assert_eq!(graph.hash(), again.hash());
        let _ = graph.cost(nasfw_sdk::Size::new(48, 64));
        let _ = graph.check_io(&IoChannels::rgb(5));
        if graph.encoder().is_ok() {
            let _ = graph.after_encoder();
        }
    }
}

/// A configuration: a user's over a preset, and one stored with a run.
pub(crate) fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for preset in [Preset::Demo, Preset::Paper] {
        if let Ok(config) = Layers::new(preset)
            .text(text, "fuzzed")
            .and_then(|layers| layers.resolve())
        {
            Config::from_toml(&config.to_toml()).expect("what was written");
        }
    }
    let _ = Config::from_toml(text);
}

/// Annotations of a COCO data set, and a file of keypoint results.
pub(crate) fn coco(data: &[u8]) {
    let root = scratch("coco");
    for folder in ["images", "annotations"] {
        std::fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    let picture = include_bytes!("corpus/images/rgb.png");
    for image in ["a.png", "b.png"] {
        std::fs::write(root.join("images").join(image), picture).expect("an image");
    }
    let valid = include_str!("corpus/coco/one.json").replace("a.png", "b.png");
    std::fs::write(root.join("annotations/val.json"), valid).expect("a file");
    let fuzzed = root.join("annotations/train.json");
    std::fs::write(&fuzzed, data).expect("a file");
    let _ = read_keypoint_results(&fuzzed);
    let config = DataConfig {
        path: Some(root),
        ..DataConfig::default()
    };
    if let Ok(source) = open(&config, LabelKind::Keypoints) {
        for index in 0..source.train.len().min(4) {
            let _ = source.train.read(index);
        }
    }
}

/// An image, a mask or a depth map.
pub(crate) fn images(data: &[u8]) {
    let path = scratch("image").with_extension("png");
    std::fs::write(&path, data).expect("a file");
    let _ = read_rgb(&path);
    let _ = read_indexed_png(&path);
    let _ = read_depth_png(&path, 1000.0);
}

/// Replies of a plugin in a library: the first byte selects the call.
pub(crate) fn replies(data: &[u8]) {
    fn read<R: DeserializeOwned>(data: &[u8]) -> Option<R> {
        serde_json::from_slice(data).ok()
    }
    let Some((which, data)) = data.split_first() else {
        return;
    };
    match which % 14 {
        0 => drop(read::<message::Described>(data)),
        1 => drop(read::<message::space::Made>(data)),
        2 => drop(read::<message::space::Genotype>(data)),
        3 => drop(read::<message::space::Sketches>(data)),
        4 => drop(read::<message::space::Facts>(data)),
        5 => drop(read::<message::controller::Proposed>(data)),
        6 => drop(read::<message::controller::Probabilities>(data)),
        7 => drop(read::<message::schedule::Made>(data)),
        8 => drop(read::<message::schedule::Answer>(data)),
        9 => drop(read::<message::task::Made>(data)),
        10 => drop(read::<message::task::CustomLoss>(data)),
        11 => drop(read::<message::task::Scored>(data)),
        12 => drop(read::<message::task::Filled>(data)),
        _ => {
            if let Some(generator) = read::<message::Generator>(data) {
                let _ = generator.rng();
            }
        }
    }
}

/// Weights as safetensors.
pub(crate) fn weights(data: &[u8]) {
    let _ = Weights::names_in_safetensors(data);
    if let Ok(weights) = Weights::from_safetensors(data) {
        weights.to_safetensors().expect("what was read");
    }
}

/// The description of a trained network.
pub(crate) fn model(data: &[u8]) {
    let _ = serde_json::from_slice::<Description>(data);
}

/// A separate folder for each thread.
fn scratch(name: &str) -> PathBuf {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a temporary folder");
    }
    FOLDER.with(|folder| folder.path().join(name))
}
