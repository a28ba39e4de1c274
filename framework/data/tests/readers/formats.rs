//! Variants that each format accepts.

use nasfw_data::{DataConfig, Format, check, open, read_rgb};
use nasfw_sdk::{Keypoint, Label, LabelKind, Size};
use serde_json::json;

use crate::sets::{SIZE, Set, WIDTH, depth, mask};

#[test]
fn voc_folders_and_rgbd_give_the_masks_as_written() {
    for (set, format) in [
        (Set::voc(), "voc"),
        (Set::folders(), "folders"),
        (Set::rgbd(), "rgbd"),
    ] {
        let source = set.open(LabelKind::Classes).unwrap();
        assert!(
            source.description.contains(format),
            "{}",
            source.description
        );
        assert_eq!(source.train.len() + source.val.len(), 4);
        assert_eq!(source.info.classes, ["class_0", "class_1", "class_2"]);
        assert!(check(&*source.train, 0..source.train.len()).is_empty());
        let sample = source.train.read(0).unwrap();
        assert_eq!(sample.image.size, SIZE);
        let values = mask();
        let Size { width, height } = SIZE;
        assert_eq!(
            sample.label,
            Label::Classes {
                width,
                height,
                values
            }
        );
    }
}

#[test]
fn rgbd_gives_depth_in_metres_by_the_scale() {
    let set = Set::rgbd();
    let config = DataConfig {
        depth_scale: 500.0,
        ..set.config()
    };
    let source = open(&config, LabelKind::Depth).unwrap();
    let Label::Depth { values, .. } = source.val.read(0).unwrap().label else {
        panic!("no depth");
    };
    for (got, written) in values.iter().zip(depth()) {
        assert!((got - 2.0 * written).abs() < 1e-6);
    }
    set.text("train.txt", "a\n\n c \n");
    set.text("val.txt", "b\r\n");
    let source = set.open(LabelKind::Depth).unwrap();
    assert_eq!((source.train.len(), source.val.len()), (2, 1));
    assert_eq!(source.train.name(1), "c");
}

#[test]
fn parts_may_be_folders() {
    let set = Set::empty();
    for (part, name) in [("train", "a"), ("train", "b"), ("val", "a")] {
        set.image(&format!("{part}/images/{name}.JPG"));
        set.mask(&format!("{part}/masks/{name}.png"), &mask());
    }
    set.text("labels.txt", "sky\nsea\nland\nship\n");
    let source = set.open(LabelKind::Classes).unwrap();
    assert_eq!((source.train.len(), source.val.len()), (2, 1));
    assert_eq!(source.info.classes, ["sky", "sea", "land", "ship"]);
}

#[test]
fn coco_crops_to_the_widened_box() {
    let set = Set::coco(|_| ());
    let source = set.open(LabelKind::Keypoints).unwrap();
    assert_eq!(source.info.joints, ["nose", "left_ear", "right_ear"]);
    assert_eq!(source.info.flip_pairs, Some(vec![(1, 2)]));
    assert_eq!(source.info.skeleton, [(0, 1), (0, 2)]);
    let sample = source.train.read(0).unwrap();
    // The box [1, 5] x [1, 3] widened by 0.4 px: columns 0 to 5, rows 0 to 3.
    assert_eq!(sample.image.size, Size::new(6, 4));
    let Label::Keypoints {
        points,
        reference_px,
    } = sample.label
    else {
        panic!("no keypoints");
    };
    assert_eq!(reference_px, 4.0);
    let at = |x_px, y_px, visible| Keypoint {
        x_px,
        y_px,
        visible,
    };
    assert_eq!(
        points,
        [at(1.0, 1.0, true), at(4.5, 2.0, true), at(0.0, 0.0, false)]
    );
}

#[test]
fn coco_crops_move_joints_and_hide_those_outside() {
    let set = Set::coco(|file| {
        let object = &mut file["annotations"][0];
        object["bbox"] = json!([3.0, 2.0, 1.0, 1.0]);
    });
    let config = DataConfig {
        box_margin: 0.0,
        ..set.config()
    };
    let source = open(&config, LabelKind::Keypoints).unwrap();
    // The crop of the one pixel at (3, 2) holds neither of the two labelled joints.
    let message = source.train.read(0).unwrap_err().to_string();
    assert!(message.contains("no visible joint"), "{message}");

    let set = Set::coco(|file| {
        let object = &mut file["annotations"][0];
        object["bbox"] = json!([4.0, 2.0, 1.0, 1.0]);
    });
    let config = DataConfig {
        box_margin: 1.0,
        ..set.config()
    };
    let source = open(&config, LabelKind::Keypoints).unwrap();
    let sample = source.train.read(0).unwrap();
    // Columns 3 to 5 and rows 1 to 3.
    assert_eq!(sample.image.size, Size::new(3, 3));
    let whole = read_rgb(&set.path().join("images/a.png")).unwrap();
    let cut = &whole.pixels[(WIDTH + 3) * 3..][..9];
    assert_eq!(sample.image.pixels[..9], *cut);
    let Label::Keypoints { points, .. } = sample.label else {
        panic!("no keypoints");
    };
    assert_eq!((points[0].x_px, points[0].visible), (-2.0, false));
    let second = &points[1];
    assert_eq!((second.x_px, second.y_px, second.visible), (1.5, 1.0, true));
}

#[test]
fn coco_leaves_out_boxes_without_joints_and_other_categories() {
    let set = Set::coco(|file| {
        let mut crowd = file["annotations"][0].clone();
        crowd["id"] = json!(11);
        crowd["num_keypoints"] = json!(0);
        crowd["keypoints"] = json!([0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let mut other = file["annotations"][0].clone();
        other["id"] = json!(12);
        other["category_id"] = json!(9);
        let all = file["annotations"].as_array_mut().unwrap();
        all.extend([crowd, other]);
    });
    let source = set.open(LabelKind::Keypoints).unwrap();
    assert_eq!(source.train.len(), 1);
    assert_eq!(source.train.name(0), "a.png annotation 10");
}

#[test]
fn flips_need_sides_in_the_joints_names() {
    for (joints, pairs) in [
        (["nose", "ear_left", "ear_right"], Some(vec![(1, 2)])),
        (["nose", "paw_L", "paw_R"], None),
        (["nose", "left_ear", "tail"], None),
        (["nose", "tail", "right_ear"], None),
    ] {
        let set = Set::coco(|file| file["categories"][0]["keypoints"] = json!(joints));
        let text = std::fs::read_to_string(set.path().join("annotations/val.json")).unwrap();
        let mut val: serde_json::Value = serde_json::from_str(&text).unwrap();
        val["categories"][0]["keypoints"] = json!(joints);
        set.text("annotations/val.json", &val.to_string());
        let source = set.open(LabelKind::Keypoints).unwrap();
        assert_eq!(source.info.flip_pairs, pairs, "{joints:?}");
    }
}

#[test]
fn fingerprints_follow_the_content_not_the_place() {
    let fingerprint = |set: &Set| set.open(LabelKind::Classes).unwrap().fingerprint;
    let set = Set::voc();
    let first = fingerprint(&set);
    assert_eq!(first.len(), 64);
    assert_eq!(first, fingerprint(&Set::voc()));
    set.text("ImageSets/Segmentation/train.txt", "a\nb\n");
    let second = fingerprint(&set);
    assert_ne!(first, second);
    let mut values = mask();
    values[0] = 1;
    set.mask("SegmentationClass/a.png", &values);
    assert_ne!(second, fingerprint(&set));
}

#[test]
fn fingerprints_follow_names() {
    let set = Set::folders();
    let before = set.open(LabelKind::Classes).unwrap().fingerprint;
    for folder in ["images", "masks"] {
        let path = set.path().join(folder);
        std::fs::rename(path.join("a.png"), path.join("e.png")).unwrap();
    }
    assert_ne!(before, set.open(LabelKind::Classes).unwrap().fingerprint);
}

#[test]
fn a_given_format_overrides_what_the_folder_looks_like() {
    let set = Set::voc();
    set.image("images/a.png");
    set.image("images/b.png");
    set.mask("masks/a.png", &mask());
    set.mask("masks/b.png", &mask());
    let named = |format| set.open_as(format, LabelKind::Classes).unwrap().description;
    assert!(named(Format::Auto).contains("voc"));
    assert!(named(Format::Folders).contains("1 training and 1 validation"));
}
