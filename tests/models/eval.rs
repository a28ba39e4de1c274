//! `nasfw eval` agrees with the metrics of training.

use std::fs;

use serde_json::{Map, Value};

use crate::program::Place;
use crate::train;

/// The output of `eval --json` for the model `task`.
fn eval(place: &Place, task: &str, more: &[&str]) -> Value {
    let base = ["eval", "--model", task, "--json"];
    let mut lines = place.json(&[&base[..], more].concat());
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

fn recorded(place: &Place, task: &str) -> Value {
    let text = fs::read_to_string(place.path(task).join("model.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["metrics"].clone()
}

fn metrics(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

/// Asserts that two sets of metrics are equal up to the order of sums.
fn assert_same(a: &Value, b: &Value) {
    let names = |v: &Value| metrics(v).keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(a), names(b));
    for (name, value) in metrics(a) {
        let (a, b) = (value.as_f64().unwrap(), b[name].as_f64().unwrap());
        assert!(
            (a - b).abs() <= 1e-6 * a.abs().max(1.0),
            "{name}: {a} and {b}"
        );
    }
}

#[test]
fn the_crops_of_training_give_what_training_recorded() {
    let place = Place::new();
    for task in ["segm", "depth", "pose"] {
        train(&place, task, &[]);
        let crop = eval(&place, task, &["--view", "crop"]);
        assert_same(&crop["metrics"], &recorded(&place, task));
        assert_eq!(
            (&crop["images"], &crop["is_training_data"]),
            (&4.into(), &true.into())
        );
        // Whole images have pixels outside the crops.
        let whole = eval(&place, task, &[]);
        assert_eq!(
            (&whole["view"], &whole["split"]),
            (&"whole".into(), &"val".into())
        );
        assert_ne!(whole["metrics"], crop["metrics"]);
        // At the scale of the crop, they equal the crop.
        let as_large = ["--set", "train.shorter_side_px=32"];
        let whole = eval(&place, task, &as_large);
        let crop = eval(&place, task, &[&as_large[..], &["--view", "crop"]].concat());
        assert_same(&whole["metrics"], &crop["metrics"]);
        let learned = eval(&place, task, &["--split", "train"]);
        assert_eq!(learned["images"], 8);
    }
    every_class_and_joint_has_figures(&place);
    a_table_fits_a_terminal(&place);
    data_that_does_not_fit_is_refused(&place);
}

fn every_class_and_joint_has_figures(place: &Place) {
    let mean = |task: &str, metric: &str| {
        let all = eval(place, task, &["--split", "train"])["metrics"].clone();
        let each: Vec<f64> = metrics(&all)
            .iter()
            .filter(|(name, _)| name.starts_with(metric))
            .map(|(_, value)| value.as_f64().unwrap())
            .collect();
        (all, each.iter().sum::<f64>() / each.len() as f64)
    };
    let (all, iou) = mean("segm", "iou/");
    assert!((all["miou"].as_f64().unwrap() - iou).abs() < 1e-12);
    let (all, found) = mean("segm", "pixel_acc/");
    assert!((all["macc"].as_f64().unwrap() - found).abs() < 1e-12);
    let (all, _) = mean("pose", "pck/");
    let joints = metrics(&all)
        .keys()
        .filter(|n| n.starts_with("mean_error/"))
        .count();
    assert!(joints > 5, "{all}");
}

fn a_table_fits_a_terminal(place: &Place) {
    for (task, parts) in [
        ("segm", ["class ", "iou", "background", "miou"]),
        ("pose", ["joint ", "pck", "head", "mean_error"]),
        ("depth", ["delta1", "rms", "abs_rel", "whole images"]),
    ] {
        let text = place.text(&["eval", "--model", task]);
        for part in parts {
            assert!(text.contains(part), "no `{part}` in: {text}");
        }
        assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    }
}

fn data_that_does_not_fit_is_refused(place: &Place) {
    let refuses = |more: &[&str], parts: &[&str]| {
        place.refuses(&[&["eval", "--model", "segm"][..], more].concat(), parts);
    };
    refuses(&["--data", "nowhere"], &["nowhere"]);
    refuses(&["--split", "test"], &["test", "train", "val"]);
    refuses(
        &["--set", "train.shorter_side_px=0"],
        &["train.shorter_side_px"],
    );
    refuses(&["--set", "task.ignored=3"], &["task.ignored"]);
    // Scenes of the generator as a folder, with other names for the classes.
    let side = 48;
    for (folder, part) in [("images", 1), ("masks", 2)] {
        fs::create_dir_all(place.path("set").join(folder)).unwrap();
        for name in ["a.png", "b.png"] {
            let path = place.path("set").join(folder).join(name);
            let values = vec![1; side * side];
            let image = nasfw_data::Image {
                size: nasfw_sdk::Size::square(side),
                pixels: values.repeat(3),
            };
            match part {
                1 => nasfw_data::write_png_rgb(&path, &image).unwrap(),
                _ => nasfw_data::write_indexed_png(&path, image.size, &values).unwrap(),
            }
        }
    }
    refuses(
        &["--data", "set"],
        &["class 0 is `background`", "`class_0`"],
    );
    fs::write(place.path("set/labels.txt"), "a\nb\n").unwrap();
    refuses(&["--data", "set"], &["labels.txt", "2 classes"]);
    let text = fs::read_to_string(place.path("segm/model.json")).unwrap();
    let mut model: Value = serde_json::from_str(&text).unwrap();
    let classes = model["data"]["classes"].as_array().unwrap().clone();
    let names: Vec<&str> = classes.iter().map(|c| c.as_str().unwrap()).collect();
    fs::write(place.path("set/labels.txt"), names.join("\n")).unwrap();
    let own = eval(place, "segm", &["--data", "set"]);
    assert_eq!(own["is_training_data"], false);
    // Only one class occurs.
    assert_eq!(
        metrics(&own["metrics"])
            .keys()
            .filter(|n| n.starts_with("iou/"))
            .count(),
        1
    );

    // A model trained on a folder does not record its location.
    model["provenance"]["data_origin"] = "folder".into();
    fs::write(place.path("segm/model.json"), model.to_string()).unwrap();
    refuses(&[], &["--data", "folder"]);
    fs::write(place.path("segm/model.json"), &text[..text.len() / 2]).unwrap();
    refuses(&[], &["model.json", "damaged"]);
    fs::remove_file(place.path("segm/model.json")).unwrap();
    refuses(&[], &["model.json is missing"]);
}
