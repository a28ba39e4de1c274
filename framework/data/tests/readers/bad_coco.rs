//! Annotation files that are malformed or contradict themselves.

use nasfw_data::{CocoFile, read_keypoint_results};
use nasfw_sdk::LabelKind::Keypoints;
use serde_json::json;

use crate::sets::{Set, expect_parts};

#[test]
fn malformed_json_names_line_and_column() {
    let set = Set::coco(|_| ());
    set.text("annotations/train.json", "{\n  \"images\": [,]\n}");
    set.open_fails(
        Keypoints,
        &["annotations/train.json:2:14", "expected value"],
    );
    set.text("annotations/train.json", "{\n  \"images\": []");
    set.open_fails(Keypoints, &["train.json:2:", "EOF"]);
    set.text(
        "annotations/train.json",
        "{\"images\": [], \"annotations\": []}",
    );
    set.open_fails(Keypoints, &["train.json:1:", "missing field `categories`"]);
    set.text("annotations/train.json", "");
    set.open_fails(Keypoints, &["train.json:1:0"]);
}

#[test]
fn coordinates_that_are_no_numbers() {
    let set = Set::coco(|_| ());
    let path = set.path().join("annotations/train.json");
    let text = std::fs::read_to_string(path).unwrap();
    for word in ["NaN", "-Infinity"] {
        let broken = text.replace("4.5,2.0,1", &format!("{word},2.0,1"));
        assert_ne!(broken, text);
        set.text("annotations/train.json", &broken);
        set.open_fails(
            Keypoints,
            &["train.json:1:", "JSON has no NaN or Infinity", "v = 0"],
        );
    }
    set.text(
        "annotations/train.json",
        &text.replace("4.5,2.0,1", "1e999,2.0,1"),
    );
    set.open_fails(Keypoints, &["train.json:1:", "number out of range"]);
}

#[test]
fn joints_outside_the_image() {
    let set = Set::coco(|file| file["annotations"][0]["keypoints"][3] = json!(6.5));
    let parts = [
        "annotation 10",
        "`left_ear` is at (6.5, 2)",
        "6x4 pixels",
        "v = 0",
    ];
    set.check_finds(Keypoints, &parts);
    let set = Set::coco(|file| file["annotations"][0]["keypoints"][1] = json!(-1e300));
    set.check_finds(Keypoints, &["annotation 10", "`nose` is at"]);
}

#[test]
fn no_joint_visible() {
    let set = Set::coco(|file| {
        let object = &mut file["annotations"][0];
        object["keypoints"] = json!([0, 0, 0, 0, 0, 0, 0, 0, 0]);
    });
    set.check_finds(
        Keypoints,
        &["train.json", "annotation 10 has no visible joint"],
    );
}

#[test]
fn the_wrong_number_of_joints() {
    for numbers in [
        json!([1, 1, 2]),
        json!([1, 1, 2, 2, 2, 2, 3, 3, 2, 0]),
        json!([]),
    ] {
        let set = Set::coco(|file| file["annotations"][0]["keypoints"] = numbers);
        set.check_finds(
            Keypoints,
            &["annotation 10", "keypoint numbers", "3 joints", "make 9"],
        );
    }
    let set = Set::coco(|file| file["annotations"][0]["keypoints"][2] = json!(3));
    set.check_finds(Keypoints, &["`nose` has v = 3", "0, 1 or 2"]);
}

#[test]
fn references_to_nothing() {
    let set = Set::coco(|file| file["annotations"][0]["image_id"] = json!(77));
    set.open_fails(Keypoints, &["annotation 10", "image_id 77 is unknown"]);
    let set = Set::coco(|file| file["images"][0]["file_name"] = json!("gone.png"));
    set.open_fails(
        Keypoints,
        &["images/gone.png is missing", "train.json names this image"],
    );
    let set = Set::coco(|file| file["categories"][0]["skeleton"] = json!([[0, 1]]));
    set.open_fails(Keypoints, &["skeleton's pair [0, 1]", "1 to 3"]);
    let set = Set::coco(|file| file["categories"] = json!([]));
    set.open_fails(Keypoints, &["`categories` should start with"]);
    let set = Set::coco(|file| file["annotations"] = json!([]));
    set.open_fails(Keypoints, &["train.json has no samples", "`thing`"]);
    let set = Set::coco(|_| ());
    set.remove("annotations/val.json");
    set.open_fails(Keypoints, &["annotations/val.json is missing"]);
}

#[test]
fn duplicates() {
    let set = Set::coco(|file| {
        let again = file["annotations"][0].clone();
        file["annotations"].as_array_mut().unwrap().push(again);
    });
    set.open_fails(Keypoints, &["the annotation id `10` twice"]);
    let set = Set::coco(|file| {
        let mut again = file["images"][0].clone();
        again["id"] = json!(5);
        file["images"].as_array_mut().unwrap().push(again);
    });
    set.open_fails(Keypoints, &["the file name `a.png` twice"]);
    let set = Set::coco(|file| {
        let again = file["images"][0].clone();
        file["images"].as_array_mut().unwrap().push(again);
    });
    set.open_fails(Keypoints, &["the image id `1` twice"]);
    let set = Set::coco(|file| file["categories"][0]["keypoints"][2] = json!("nose"));
    set.open_fails(Keypoints, &["the joint `nose` twice"]);
}

#[test]
fn parts_that_disagree() {
    let set = Set::coco(|file| file["images"][0]["file_name"] = json!("b.png"));
    set.open_fails(Keypoints, &["b.png is in both"]);
    let set = Set::coco(|file| file["categories"][0]["keypoints"][2] = json!("tail"));
    set.open_fails(Keypoints, &["same keypoints in the same order"]);
}

#[test]
fn boxes_and_sizes_that_do_not_fit() {
    for bbox in [
        json!([1, 1, 0, 2]),
        json!([1, 1, -3, 2]),
        json!([70, 1, 3, 2]),
    ] {
        let set = Set::coco(|file| file["annotations"][0]["bbox"] = bbox);
        set.check_finds(Keypoints, &["annotation 10", "its bbox is", "6x4 image"]);
    }
    let set = Set::coco(|file| file["images"][0]["width"] = json!(60));
    set.check_finds(Keypoints, &["train.json is 60x4", "images/a.png is 6x4"]);
}

#[test]
fn result_files() {
    let set = Set::empty();
    let path = set.path().join("results.json");
    let good = r#"[{"image_id": 3, "category_id": 1, "keypoints": [1, 2.5, 0], "score": 0.5}]"#;
    set.text("results.json", good);
    let results = read_keypoint_results(&path).unwrap();
    assert_eq!((results[0].image_id, results[0].keypoints[1]), (3, 2.5));
    set.text("results.json", &good.replace("2.5, 0", "2.5"));
    expect_parts(
        &read_keypoint_results(&path).unwrap_err(),
        &["2 keypoint numbers"],
    );
    set.text("results.json", "[\n{}]");
    expect_parts(
        &read_keypoint_results(&path).unwrap_err(),
        &["results.json:2:2"],
    );
    assert!(CocoFile::read(&set.path().join("none.json")).is_err());
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let set = Set::coco(|file| {
        let good = file["annotations"][0].clone();
        let with = |id: u64, key: &str, value: serde_json::Value| {
            let mut other = good.clone();
            other["id"] = json!(id);
            other[key] = value;
            other
        };
        let more = [
            with(11, "image_id", json!(99)),
            with(12, "keypoints", json!([1.0, 1.0, 2.0])),
            with(13, "bbox", json!([0.0, 0.0, 0.0, 0.0])),
        ];
        file["annotations"].as_array_mut().unwrap().extend(more);
    });
    set.remove("images/b.png");
    set.open_fails(
        Keypoints,
        &[
            "4 problems in the data:\n",
            "annotation 11: its image_id 99",
            "annotation 12: 3 keypoint numbers",
            "annotation 13: its bbox",
            "b.png is missing",
        ],
    );
}
