//! `nasfw score` on files that are small enough to check by hand.

use std::path::Path;

use nasfw_data::{write_depth_png, write_indexed_png};
use nasfw_sdk::Size;
use serde_json::{Value, json};

use crate::program::Place;

fn close(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

/// Writes folders `pred` and `truth` with these masks of 3 x 2 pixels.
fn masks(place: &Place, pairs: &[(&str, [u8; 6], [u8; 6])]) {
    for folder in ["pred", "truth"] {
        std::fs::create_dir(place.path(folder)).unwrap();
    }
    let size = Size::new(3, 2);
    for (name, pred, truth) in pairs {
        write_indexed_png(&place.path("pred").join(name), size, pred).unwrap();
        write_indexed_png(&place.path("truth").join(name), size, truth).unwrap();
    }
}

const SEGM: [&str; 9] = segm("truth");

/// Scores the masks of `pred` by those of `truth`.
const fn segm(truth: &str) -> [&str; 9] {
    [
        "score",
        "--task",
        "segm",
        "--classes",
        "3",
        "--pred",
        "pred",
        "--truth",
        truth,
    ]
}

#[test]
fn classes_are_pooled_over_the_set() {
    let place = Place::new();
    masks(
        &place,
        &[
            ("a.png", [0, 0, 1, 1, 2, 1], [0, 0, 0, 1, 1, 255]),
            ("b.png", [1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 0, 0]),
        ],
    );
    let found = &place.json(&[&SEGM[..], &["--json"]].concat())[0];
    // Class 0: 5 pixels, 4 predicted right (a: 2, b: 2), one as 1. Class 1: 6 pixels, 4 right, one
    // as 2 and one as 0. Class 2 does not occur in the ground truth.
    let (iou0, iou1) = (4.0 / (5.0 + 5.0 - 4.0), 4.0 / (6.0 + 5.0 - 4.0));
    close(&found["miou"], (iou0 + iou1) / 2.0);
    close(&found["fwiou"], (5.0 * iou0 + 6.0 * iou1) / 11.0);
    close(&found["macc"], (4.0 / 5.0 + 4.0 / 6.0) / 2.0);
    close(&found["pixel_acc"], 8.0 / 11.0);
    assert_eq!(
        (&found["images"], &found["pixels"]),
        (&json!(2), &json!(11))
    );
    // With another ignored value, 255 is not a valid class.
    place.refuses(
        &[&SEGM[..], &["--ignore", "0"]].concat(),
        &["truth/a.png", "255", "column 2, row 1"],
    );
    assert!(place.text(&SEGM).contains("miou"));
}

#[test]
fn folders_that_do_not_fit_are_refused() {
    let place = Place::new();
    let same = [0, 1, 2, 0, 1, 2];
    masks(&place, &[("a.png", same, same), ("b.png", same, same)]);
    place.refuses(&SEGM[..7], &["--truth"]);
    let no_classes = [
        "score", "--task", "segm", "--pred", "pred", "--truth", "truth",
    ];
    place.refuses(&no_classes, &["--classes"]);
    place.refuses(
        &[
            "score", "--task", "segn", "--pred", "pred", "--truth", "truth",
        ],
        &["segn", "`segm`"],
    );
    let mut two = SEGM;
    two[4] = "2";
    place.refuses(&two, &["a.png", "value 2", "column 2, row 0", "0 to 1"]);
    std::fs::remove_file(place.path("pred/a.png")).unwrap();
    place.refuses(&SEGM, &["pred/a.png is missing"]);
    write_indexed_png(&place.path("pred/a.png"), Size::new(2, 3), &same).unwrap();
    place.refuses(&SEGM, &["pred/a.png is 2x3", "truth/a.png is 3x2"]);
    let whole = std::fs::read(place.path("truth/b.png")).unwrap();
    std::fs::write(place.path("pred/a.png"), &whole[..whole.len() / 2]).unwrap();
    place.refuses(&SEGM, &["pred/a.png"]);
    std::fs::write(place.path("pred/a.png"), &whole).unwrap();
    std::fs::write(place.path("pred/c.png"), &whole).unwrap();
    place.refuses(&SEGM, &["truth/c.png is missing"]);
    std::fs::create_dir(place.path("empty")).unwrap();
    place.refuses(&segm("empty"), &["empty has no PNG"]);
}

#[test]
fn depths_are_in_metres() {
    let place = Place::new();
    let write = |folder: &str, metres: &[f32]| {
        std::fs::create_dir_all(place.path(folder)).unwrap();
        let path = place.path(folder).join("a.png");
        write_depth_png(&path, Size::square(2), metres, 1000.0).unwrap();
    };
    write("pred", &[1.0, 3.0, 2.0, 9.0]);
    write("truth", &[1.0, 2.0, 4.0, 0.0]);
    let args = [
        "score", "--task", "depth", "--scale", "1000", "--pred", "pred", "--truth", "truth",
    ];
    let found = &place.json(&[&args[..], &["--json"]].concat())[0];
    let logs = [0.0, 1.5_f64.ln(), 0.5_f64.ln()];
    close(&found["rms"], (5.0_f64 / 3.0).sqrt());
    close(
        &found["rms_log"],
        (logs.iter().map(|l| l * l).sum::<f64>() / 3.0).sqrt(),
    );
    close(&found["abs_rel"], (0.5 + 0.5) / 3.0);
    close(&found["sqr_rel"], (0.5 + 1.0) / 3.0);
    // Ratios 1, 1.5 and 2; thresholds 1.25, 1.5625 and 1.953.
    close(&found["delta1"], 1.0 / 3.0);
    close(&found["delta2"], 2.0 / 3.0);
    close(&found["delta3"], 2.0 / 3.0);
    write("truth", &[0.0; 4]);
    place.refuses(&args, &["truth", "no pixel has a valid depth"]);
    place.refuses(
        &[
            "score", "--task", "depth", "--scale", "0", "--pred", "pred", "--truth", "pred",
        ],
        &["scale", "0"],
    );
}

fn write_json(path: &Path, value: &Value) {
    std::fs::write(path, value.to_string()).unwrap();
}

#[test]
fn keypoints_are_measured_by_their_box() {
    let place = Place::new();
    let image =
        |id: u64| json!({"id": id, "file_name": format!("{id}.png"), "width": 100, "height": 80});
    let annotation = |id: u64, image: u64, keypoints: Value| {
        json!({"id": id, "image_id": image, "category_id": 1, "bbox": [0, 0, 50, 20],
            "keypoints": keypoints})
    };
    let truth = json!({
        "images": [image(1), image(2)],
        "categories": [{"id": 1, "name": "mouse", "keypoints": ["nose", "tail"]}],
        "annotations": [
            annotation(1, 1, json!([10, 10, 2, 40, 10, 2])),
            annotation(2, 1, json!([10, 60, 2, 40, 60, 0])),
            annotation(3, 2, json!([50, 50, 1, 60, 60, 2])),
        ],
    });
    write_json(&place.path("truth.json"), &truth);
    let result = |image: u64, score: f64, keypoints: Value| json!({"image_id": image, "category_id": 1, "score": score, "keypoints": keypoints});
    // Tolerance 0.1 * 50 = 5 px. The second result belongs to the second object of image 1, and
    // image 2 has none.
    let pred = json!([
        result(1, 0.9, json!([13, 14, 1, 46, 10, 1])),
        result(1, 0.8, json!([10, 66, 1, 0, 0, 1])),
    ]);
    write_json(&place.path("pred.json"), &pred);
    let args = [
        "score",
        "--task",
        "pose",
        "--pred",
        "pred.json",
        "--truth",
        "truth.json",
    ];
    let found = &place.json(&[&args[..], &["--json", "--alpha", "0.1"]].concat())[0];
    // Visible: two, one and two joints. Errors 5, 6; 6; missing, missing.
    close(&found["pck"], 1.0 / 5.0);
    assert_eq!(
        (&found["objects"], &found["missed"]),
        (&json!(3), &json!(1))
    );
    let wider = &place.json(&[&args[..], &["--json", "--alpha", "0.12"]].concat())[0];
    close(&wider["pck"], 3.0 / 5.0);
    place.refuses(&[&args[..], &["--alpha", "0"]].concat(), &["alpha", "0"]);
    write_json(
        &place.path("pred.json"),
        &json!([result(7, 1.0, json!([1, 1, 1, 2, 2, 1]))]),
    );
    place.refuses(&args, &["pred.json", "result 0", "image_id 7"]);
    write_json(
        &place.path("pred.json"),
        &json!([result(1, 1.0, json!([1, 1, 1]))]),
    );
    place.refuses(&args, &["pred.json", "1 joints", "2"]);
    std::fs::write(place.path("pred.json"), "[{").unwrap();
    place.refuses(&args, &["pred.json"]);
}
