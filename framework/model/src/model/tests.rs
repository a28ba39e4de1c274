//! A model folder is read back unchanged, or is refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use nasfw_data::DataConfig;
use nasfw_disk::NewFolder;
use nasfw_sdk::graph::{ActivationKind, Conv, Graph, GraphBuilder, Role};
use nasfw_sdk::{DataInfo, LabelKind, Seed};
use serde_json::Value;

use super::*;
use nasfw_network::kernels::CpuKernels;
use nasfw_sdk::{MemberConfig, SpaceConfig};

fn graph(width: usize) -> Graph {
    let mut b = GraphBuilder::new();
    let image = b.input("image", 3);
    let relu = Some(ActivationKind::Relu);
    let x = b.conv_bn("body", Conv::new(3, width), relu, image);
    let head = b.conv("head", Conv::new(1, 2).with_bias(), x);
    b.output("main", Role::Main, head);
    b.finish().unwrap()
}

fn model(width: usize) -> Model {
    let graph = graph(width);
    let mut rng = Seed(1).stream("test");
    let network = Network::new(CpuKernels::default(), &graph, &mut rng).unwrap();
    let weights = network.parameters().weights();
    model_of(graph, weights)
}

/// A model of a graph with these weights; its other fields are placeholders.
pub(crate) fn model_of(graph: Graph, weights: Weights) -> Model {
    let settings = Value::Object(serde_json::Map::new());
    let description = Description {
        format: FORMAT,
        task: MemberConfig {
            name: "segm".into(),
            settings: settings.clone(),
        },
        labels: LabelKind::Classes,
        data: DataInfo {
            classes: vec!["background".into(), "thing".into()],
            ..DataInfo::default()
        },
        normalisation: Normalisation::default(),
        input: InputSize {
            height_px: 32,
            width_px: 48,
            shorter_side_px: 32,
        },
        metrics: None,
        provenance: Provenance {
            nasfw_version: "0".into(),
            genotype: "[1]".into(),
            space: SpaceConfig {
                plugin: "segm".into(),
                settings,
            },
            plugins: Vec::new(),
            seed: 7,
            data_fingerprint: "f".into(),
            data_origin: DataOrigin::Generator,
            data: DataConfig::default(),
            epoch: 1,
            epochs: 2,
            is_encoder_warm: false,
            teacher: None,
        },
        weights: WeightsFile::default(),
        graph,
    };
    Model::new(description, weights).unwrap()
}

/// Asserts that loading `folder` is refused with a message that contains all of `parts`.
fn refused(folder: &Path, parts: &[&str]) {
    let error = Model::load(folder).unwrap_err();
    assert!(error.is_input(), "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "no `{part}` in: {error}");
    }
}

#[test]
fn a_model_comes_back_as_it_was_and_is_not_overwritten() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("new/m");
    NewFolder::check_free(&folder).unwrap();
    assert!(!folder.parent().unwrap().exists());
    let first = model(4);
    first.save(&folder).unwrap();
    let back = Model::load(&folder).unwrap();
    assert_eq!(back.description(), first.description());
    assert_eq!(back.weights(), first.weights());
    let left: Vec<_> = fs::read_dir(folder.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let again = first.save(&folder).unwrap_err().to_string();
    assert!(again.contains("not empty"), "{again}");
}

#[test]
fn what_was_changed_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("m");
    refused(&folder, &["no such folder"]);
    model(4).save(&folder).unwrap();
    let (weights, text) = (folder.join(WEIGHTS), folder.join(DESCRIPTION));
    let (bytes, json) = (fs::read(&weights).unwrap(), fs::read(&text).unwrap());

    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let cut = bytes[..bytes.len() - 4].to_vec();
    let other = model(8).weights().to_safetensors().unwrap();
    for changed in [flipped, cut, other, Vec::new()] {
        fs::write(&weights, changed).unwrap();
        refused(&folder, &[WEIGHTS, "copy both files again"]);
    }
    fs::remove_file(&weights).unwrap();
    refused(&folder, &[WEIGHTS, "missing"]);
    fs::write(&weights, &bytes).unwrap();
    Model::load(&folder).unwrap();

    for end in [0, 1, json.len() / 2, json.len() - 3] {
        fs::write(&text, &json[..end]).unwrap();
        refused(&folder, &[DESCRIPTION, "damaged"]);
    }
    let newer = String::from_utf8(json.clone()).unwrap();
    fs::write(&text, newer.replacen("\"format\": 1", "\"format\": 2", 1)).unwrap();
    refused(&folder, &[DESCRIPTION, "format 2"]);
    fs::remove_file(&text).unwrap();
    refused(&folder, &[DESCRIPTION, "missing"]);
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    refused(&folder, &["name the folder of a model"]);
}

#[test]
fn weights_of_another_graph_are_named_even_where_the_hash_fits() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("m");
    model(4).save(&folder).unwrap();
    let other = model(8).weights().to_safetensors().unwrap();
    fs::write(folder.join(WEIGHTS), &other).unwrap();
    let text = fs::read_to_string(folder.join(DESCRIPTION)).unwrap();
    let mut json: Value = serde_json::from_str(&text).unwrap();
    json["weights"]["blake3"] = WeightsFile::of(&other).blake3.into();
    fs::write(folder.join(DESCRIPTION), json.to_string()).unwrap();
    refused(&folder, &["body.bn.bias", "[8]", "[4]", "and 3 more"]);

    let mut weights = model(4).weights().clone();
    let mut head = weights.get("head.bias").unwrap().clone();
    head.values[0] = f32::NAN;
    weights.insert("head.bias", head.clone());
    weights.insert("stray", head);
    let error = Model::new(model(4).description().clone(), weights).unwrap_err();
    for part in ["head.bias contains the value NaN", "stray is not an array"] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_target_that_cannot_be_made_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("file"), "").unwrap();
    for target in ["file", "file/m", "file/deep/m", ".."] {
        let target = place.path().join(target);
        for result in [
            NewFolder::check_free(&target).map_err(Error::from),
            model(4).save(&target),
        ] {
            let error = result.unwrap_err();
            assert!(error.is_input(), "{error}");
            assert!(error.to_string().contains("--out"), "{error}");
        }
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}
