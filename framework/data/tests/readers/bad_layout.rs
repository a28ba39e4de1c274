//! Folders and lists that do not fit.

use nasfw_data::{DataConfig, DataError, Format, open};
use nasfw_sdk::LabelKind::{Classes, Depth, Keypoints};

use crate::sets::{HEIGHT, Set, WIDTH, expect_parts, mask};

#[test]
fn a_missing_folder() {
    let config = DataConfig {
        path: Some("/no/such/folder".into()),
        ..DataConfig::default()
    };
    let error = open(&config, Classes).unwrap_err();
    assert!(matches!(error, DataError::Missing { .. }));
    expect_parts(&error, &["/no/such/folder", "a folder should be there"]);
}

#[test]
fn an_empty_folder() {
    Set::empty().open_fails(Classes, &["has no samples", "JPEGImages/"]);
}

#[test]
fn an_unknown_layout_lists_what_is_there_and_what_would_be_needed() {
    let set = Set::empty();
    set.image("pictures/a.png");
    set.text("notes.txt", "");
    let parts = [
        "It holds: notes.txt, pictures/",
        "voc (JPEGImages/",
        "rgb/",
        "annotations/",
    ];
    set.open_fails(Classes, &parts);
}

#[test]
fn labels_that_a_set_does_not_bring() {
    Set::voc().open_fails(Depth, &["(voc) has no depth maps", "rgbd", "generator"]);
    Set::folders().open_fails(Keypoints, &["(folders) has no keypoints", "coco"]);
    Set::coco(|_| ()).open_fails(Classes, &["(coco) has no class masks", "voc"]);
    let set = Set::rgbd();
    std::fs::remove_dir_all(set.path().join("seg")).unwrap();
    set.open_fails(Classes, &["(rgbd) has no class masks", "seg/"]);
    let error = Set::voc().open_as(Format::Coco, Classes).unwrap_err();
    assert!(matches!(error, DataError::NoLabels { .. }));
}

#[test]
fn an_image_without_its_mask() {
    let set = Set::folders();
    set.remove("masks/b.png");
    set.open_fails(
        Classes,
        &["images/b.png has no label", "masks/b.png should exist"],
    );
    set.remove("masks/c.png");
    set.open_fails(Classes, &["and 1 more images lack theirs: c"]);
}

#[test]
fn a_list_that_names_a_missing_file() {
    let set = Set::voc();
    set.text("ImageSets/Segmentation/train.txt", "a\nbb\n");
    let parts = [
        "train.txt:2 names `bb` (did you mean `b`?)",
        "JPEGImages/bb.jpg",
    ];
    set.open_fails(Classes, &parts);
    let set = Set::voc();
    set.remove("SegmentationClass/b.png");
    set.open_fails(
        Classes,
        &["JPEGImages/b.jpg has no label", "SegmentationClass/b.png"],
    );
}

#[test]
fn a_missing_list() {
    let set = Set::voc();
    set.remove("ImageSets/Segmentation/val.txt");
    set.open_fails(Classes, &["Segmentation/val.txt is missing"]);
    let set = Set::rgbd();
    set.text("val.txt", "a\n");
    set.open_fails(Depth, &["/train.txt is missing", "remove both"]);
}

#[test]
fn an_empty_split() {
    let set = Set::voc();
    set.text("ImageSets/Segmentation/val.txt", " \n\n");
    set.open_fails(Classes, &["val.txt has no samples"]);
    let set = Set::folders();
    for name in ["b", "c", "d"] {
        set.remove(&format!("images/{name}.png"));
    }
    set.open_fails(
        Classes,
        &["has no samples", "split should hold at least one image"],
    );
    std::fs::create_dir_all(set.path().join("train")).unwrap();
    set.open_fails(Classes, &["train/images is missing"]);
}

#[test]
fn duplicate_names() {
    let set = Set::voc();
    set.image("JPEGImages/a.png");
    set.open_fails(Classes, &["JPEGImages has the name `a` twice"]);
    let set = Set::voc();
    set.text("ImageSets/Segmentation/train.txt", "a\nb\na\n");
    set.open_fails(Classes, &["train.txt", "`a` twice"]);
    let set = Set::voc();
    set.text("ImageSets/Segmentation/val.txt", "d\nc\n");
    set.open_fails(
        Classes,
        &["train.txt and", "val.txt disagree", "`c` is in both"],
    );
}

#[test]
fn class_names_that_do_not_fit() {
    let set = Set::voc();
    set.text("labels.txt", "sky\n\nsea\n");
    set.open_fails(Classes, &["labels.txt:2:1", "not an empty line"]);
    set.text("labels.txt", "sky\nsea\nsky\n");
    set.open_fails(Classes, &["labels.txt:3:1", "`sky` is named twice"]);
    set.text("labels.txt", "");
    set.open_fails(Classes, &["names 0 classes", "1 to 255"]);
    set.text("labels.txt", "sky\nsea\nland\n");
    let config = DataConfig {
        classes: 4,
        ..set.config()
    };
    expect_parts(
        &open(&config, Classes).unwrap_err(),
        &["names 3 classes", "4 (data.classes)"],
    );
}

#[test]
fn a_value_that_is_no_class_in_any_mask() {
    let set = Set::voc();
    set.text("labels.txt", "sky\nsea\nland\n");
    let mut values = mask();
    values[8] = 3; // the first value beyond the classes
    set.mask("SegmentationClass/c.png", &values);
    let parts = [
        "SegmentationClass/c.png",
        "value 3 in column 2, row 1",
        "0 to 2 and 255",
    ];
    set.check_finds(Classes, &parts);
}

#[test]
fn settings_out_of_range() {
    let broken = |change: fn(&mut DataConfig)| {
        let mut config = DataConfig::default();
        change(&mut config);
        open(&config, Classes).unwrap_err()
    };
    expect_parts(
        &broken(|c| c.depth_scale = 0.0),
        &["data.depth_scale is 0", "above 0"],
    );
    expect_parts(
        &broken(|c| c.depth_scale = f64::NAN),
        &["depth_scale is NaN"],
    );
    expect_parts(&broken(|c| c.box_margin = -0.1), &["box_margin is -0.1"]);
    expect_parts(
        &broken(|c| c.classes = 256),
        &["classes is 256", "0 to 255"],
    );
    expect_parts(
        &broken(|c| c.generator.side_px = 8),
        &["generator.side_px is 8"],
    );
    expect_parts(&broken(|c| c.generator.val = 0), &["generator.val is 0"]);
}

#[test]
fn samples_that_do_not_exist() {
    let sources = [
        Set::voc().open(Classes).unwrap(),
        Set::coco(|_| ()).open(Keypoints).unwrap(),
        open(&DataConfig::default(), Depth).unwrap(),
    ];
    for source in sources {
        let len = source.train.len();
        let error = source.train.read(len).unwrap_err();
        expect_parts(
            &error,
            &[&format!("no sample {len}"), &format!("the set has {len}")],
        );
        assert!(!source.train.name(len).is_empty());
    }
}

/// Problems of the lists, the folders and the files themselves are reported in one go.
#[test]
fn all_that_is_wrong_is_said_at_once() {
    let set = Set::voc();
    set.text(
        "ImageSets/Segmentation/train.txt",
        "a\nb\nc\nnone\nalone\na\n",
    );
    set.text("ImageSets/Segmentation/val.txt", "d\nb\n");
    set.image("JPEGImages/alone.jpg");
    set.cut("JPEGImages/c.jpg", 0.5);
    set.mask("SegmentationClass/d.png", &[77; WIDTH * HEIGHT]);
    set.text("labels.txt", "one\ntwo\nthree\n");
    set.open_fails(
        Classes,
        &[
            "6 problems in the data:\n",
            "train.txt:4 names `none`",
            "alone.jpg has no label",
            "the name `a` twice",
            "`b` is in both",
            "c.jpg cannot be decoded",
            "d.png: value 77",
        ],
    );
}

#[test]
fn a_folder_called_like_a_mask_is_named() {
    let set = Set::folders();
    set.remove("masks/c.png");
    std::fs::create_dir(set.path().join("masks/c.png")).unwrap();
    set.open_fails(Classes, &["masks/c.png", "irectory"]);
}
