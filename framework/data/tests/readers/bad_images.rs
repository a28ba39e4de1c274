//! Image and map files that are damaged or do not fit each other.

use nasfw_sdk::LabelKind::{Classes, Depth};
use nasfw_sdk::Size;

use crate::sets::{HEIGHT, Set, WIDTH};

#[test]
fn truncated_files() {
    for keep in [0.3, 0.6, 0.95] {
        let set = Set::voc();
        set.cut("JPEGImages/a.jpg", keep);
        set.check_finds(
            Classes,
            &["JPEGImages/a.jpg cannot be decoded", "PNG or JPEG"],
        );
        let set = Set::rgbd();
        let train = set.open(Depth).unwrap().train.name(0);
        set.cut(&format!("rgb/{train}.png"), keep);
        set.check_finds(Depth, &["rgb/", ".png cannot be decoded"]);
        let set = Set::rgbd();
        set.cut(&format!("depth/{train}.png"), keep);
        set.check_finds(Depth, &["depth/", "cannot be decoded", "16-bit grey PNG"]);
    }
}

#[test]
fn files_that_are_no_images() {
    let set = Set::voc();
    set.text("labels.txt", "sky\nsea\nland\n");
    set.text("JPEGImages/b.jpg", "hello");
    set.check_finds(
        Classes,
        &["JPEGImages/b.jpg cannot be decoded", "PNG or JPEG"],
    );
    let set = Set::voc();
    set.text("labels.txt", "sky\nsea\nland\n");
    set.text("SegmentationClass/b.png", "");
    set.check_finds(
        Classes,
        &["SegmentationClass/b.png cannot be decoded", "PNG mask"],
    );
    let set = Set::voc();
    set.text("JPEGImages/c.jpg", "");
    set.check_finds(Classes, &["JPEGImages/c.jpg cannot be decoded"]);
}

#[test]
fn sizes_that_differ() {
    let set = Set::voc();
    set.image_of_size("JPEGImages/a.jpg", Size::new(HEIGHT, WIDTH));
    let parts = [
        "SegmentationClass/a.png is 6x4",
        "JPEGImages/a.jpg is 4x6",
        "same size",
    ];
    set.check_finds(Classes, &parts);
}

#[test]
fn maps_of_the_wrong_kind() {
    let set = Set::voc();
    set.text("labels.txt", "sky\nsea\nland\n");
    set.image("SegmentationClass/a.png");
    set.check_finds(
        Classes,
        &["SegmentationClass/a.png has 8-bit RGB pixels", "palette"],
    );
}

#[test]
fn depth_without_a_valid_pixel() {
    let set = Set::rgbd();
    let train = set.open(Depth).unwrap().train.name(0);
    set.depth(&format!("depth/{train}.png"), &[0.0; WIDTH * HEIGHT]);
    set.check_finds(Depth, &["every depth is 0", "remove the sample"]);
}

#[test]
fn masks_without_a_class() {
    let set = Set::voc();
    set.mask("SegmentationClass/b.png", &[255; WIDTH * HEIGHT]);
    set.check_finds(Classes, &["SegmentationClass/b.png: every pixel is 255"]);
    // The masks of many two-class sets are 0 and 255, where 255 is no class here.
    let set = Set::folders();
    let values: Vec<u8> = (0..WIDTH * HEIGHT)
        .map(|i| if i > 9 { 255 } else { 0 })
        .collect();
    for name in ["a", "b", "c", "d"] {
        set.mask(&format!("masks/{name}.png"), &values);
    }
    set.open_fails(
        Classes,
        &["all masks hold only 0 and 255", "0 and 1", "data.ignore"],
    );
}

/// A header alone is enough: nothing of the claimed size may be claimed from memory.
#[test]
fn images_that_claim_to_be_huge() {
    let set = Set::rgbd();
    let train = set.open(Depth).unwrap().train.name(0);
    for folder in ["rgb", "depth"] {
        let name = format!("{folder}/{train}.png");
        let path = set.path().join(&name);
        let intact = std::fs::read(&path).unwrap();
        let mut bytes = intact.clone();
        bytes[16..20].copy_from_slice(&50_000_u32.to_be_bytes());
        bytes[20..24].copy_from_slice(&40_000_u32.to_be_bytes());
        let checksum = crc32(&bytes[12..29]).to_be_bytes();
        bytes[29..33].copy_from_slice(&checksum);
        std::fs::write(&path, bytes).unwrap();
        set.check_finds(Depth, &[&name, "50000x40000", "64 megapixels"]);
        std::fs::write(&path, intact).unwrap();
    }
}

/// The checksum of PNG chunks (ISO 15948, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn a_check_finds_everything_within_its_range() {
    let set = Set::voc();
    set.cut("JPEGImages/a.jpg", 0.5);
    set.text("JPEGImages/c.jpg", "hello");
    let source = set.open(Classes).unwrap();
    let problems = nasfw_data::check(&*source.train, 0..3);
    assert_eq!(nasfw_data::check(&*source.train, 1..3).len(), 1);
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(messages.len(), 2);
    assert!(messages[0].contains("a.jpg") && messages[1].contains("c.jpg"));
}
