//! The generator: the same everywhere, and its truths agree with each other.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nasfw_data::generator::{Rendered, draw};
use nasfw_data::{DataConfig, GeneratorConfig, check, open};
use nasfw_sdk::{Label, LabelKind, Seed};
use rayon::prelude::*;

const SIDE: usize = 64;

fn scenes(count: usize) -> Vec<Rendered> {
    (0..count)
        .into_par_iter()
        .map(|i| draw(Seed(11), i, SIDE))
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_scenes_on_any_thread() {
    let threaded = scenes(12);
    for (i, scene) in threaded.iter().enumerate() {
        assert_eq!(*scene, draw(Seed(11), i, SIDE));
        assert_ne!(scene.image, draw(Seed(12), i, SIDE).image);
    }
    assert_ne!(threaded[0].image, threaded[1].image);
}

#[test]
fn all_kinds_of_labels_show_the_same_images() {
    let config = DataConfig {
        generator: GeneratorConfig {
            train: 6,
            val: 2,
            side_px: 32,
            seed: 4,
        },
        ..DataConfig::default()
    };
    let kinds = [LabelKind::Classes, LabelKind::Depth, LabelKind::Keypoints];
    let sources = kinds.map(|kind| open(&config, kind).unwrap());
    for (source, kind) in sources.iter().zip(kinds) {
        assert_eq!((source.train.len(), source.val.len()), (6, 2));
        let sample = source.train.read(3).unwrap();
        assert_eq!(sample.label.kind(), kind);
        assert_eq!(sample.image, sources[0].train.read(3).unwrap().image);
        assert_ne!(sample.image, source.val.read(1).unwrap().image);
        assert!(check(&*source.train, 0..source.train.len()).is_empty());
    }
    assert_eq!(sources[0].info.classes.len(), 7);
    let joints = &sources[2].info.joints;
    for &(left, right) in sources[2].info.flip_pairs.as_ref().unwrap() {
        assert_eq!(joints[left].replace("left", "right"), joints[right]);
    }
    let other = DataConfig {
        generator: GeneratorConfig {
            seed: 5,
            ..config.generator.clone()
        },
        ..config
    };
    let other = open(&other, LabelKind::Classes).unwrap();
    assert_ne!(other.fingerprint, sources[0].fingerprint);
}

/// The floor is a plane, and on a plane the inverse depth is linear in the pixel's place: three
/// floor pixels must predict the depth of every other one.
#[test]
fn floor_depths_lie_on_one_plane() {
    for scene in scenes(20) {
        let inverse = |x: usize, y: usize| 1.0 / f64::from(scene.depth_m[y * SIDE + x]);
        let is_floor = |x: usize, y: usize| scene.classes[y * SIDE + x] == 0;
        // The camera has no roll, so a floor row has one depth; rows change it by equal steps.
        let last = SIDE - 1;
        let (near, next) = (
            (0..SIDE).find(|&x| is_floor(x, last)),
            (0..SIDE).find(|&x| is_floor(x, last - 4)),
        );
        let (Some(near), Some(next)) = (near, next) else {
            continue;
        };
        let step = (inverse(near, last) - inverse(next, last - 4)) / 4.0;
        let mut agreeing = 0;
        for y in SIDE * 3 / 4..SIDE {
            for x in (0..SIDE).filter(|&x| is_floor(x, y)) {
                let predicted = inverse(near, last) - step * (last - y) as f64;
                let off = (inverse(x, y) - predicted).abs() / predicted;
                // A wall that reaches this far down is nearer than the floor would be.
                assert!(off < 1e-5 || inverse(x, y) > predicted, "{x}, {y}: {off}");
                agreeing += usize::from(off < 1e-5);
            }
        }
        assert!(agreeing > SIDE, "{agreeing} floor pixels agree");
    }
}

#[test]
fn every_class_occurs_and_stands_before_the_background() {
    let scenes = scenes(150);
    let mut counts = [0_usize; 7];
    for scene in &scenes {
        assert!(scene.depth_m.iter().all(|&d| (0.3..30.0).contains(&d)));
        for &class in &scene.classes {
            counts[usize::from(class)] += 1;
        }
    }
    let total = (scenes.len() * SIDE * SIDE) as f64;
    let shares = counts.map(|n| n as f64 / total);
    assert!((0.6..0.9).contains(&shares[0]), "background {shares:?}");
    assert!(shares[1..].iter().all(|&s| s > 0.01), "{shares:?}");
    // At the outlines of objects depth steps towards the camera more often than away from it.
    let mut nearer = (0, 0);
    for scene in &scenes {
        for i in (0..SIDE * SIDE).filter(|i| i % SIDE > 0) {
            if scene.classes[i] != 0 && scene.classes[i - 1] == 0 {
                nearer.0 += usize::from(scene.depth_m[i] < scene.depth_m[i - 1] + 1e-3);
                nearer.1 += 1;
            }
        }
    }
    assert!(nearer.0 * 100 >= nearer.1 * 95, "{nearer:?}");
}

#[test]
fn visible_joints_lie_on_the_figure() {
    let (mut visible, mut all) = (0, 0);
    for scene in scenes(150) {
        assert!(scene.keypoints.iter().any(|k| k.visible));
        assert!(scene.reference_px.is_finite() && scene.reference_px > 8.0);
        for point in &scene.keypoints {
            all += 1;
            if point.visible {
                let (x, y) = (point.x_px.round() as usize, point.y_px.round() as usize);
                assert_eq!(scene.classes[y * SIDE + x], 6);
                visible += 1;
            }
        }
    }
    // Most can be seen, some are hidden or outside.
    assert!(
        (70..97).contains(&(visible * 100 / all)),
        "{visible} of {all}"
    );
}

/// Were class and colour linked, the mean colours of two classes would differ over many scenes.
#[test]
fn colour_gives_no_class_away() {
    let mut sums = [([0.0; 3], 0.0); 7];
    for scene in scenes(250) {
        let mut here = [([0.0; 3], 0.0); 7];
        for (pixel, &class) in scene
            .image
            .pixels
            .as_chunks::<3>()
            .0
            .iter()
            .zip(&scene.classes)
        {
            let (sum, count) = &mut here[usize::from(class)];
            (0..3).for_each(|c| sum[c] += f64::from(pixel[c]));
            *count += 1.0;
        }
        // One vote a scene and class, so that large objects count no more.
        for (all, (sum, count)) in sums.iter_mut().zip(here).filter(|(_, (_, n))| *n > 0.0) {
            (0..3).for_each(|c| all.0[c] += sum[c] / count);
            all.1 += 1.0;
        }
    }
    let means = sums.map(|(sum, count)| sum.map(|v| v / count));
    for (class, mean) in means.iter().enumerate().skip(1) {
        let hue = [mean[0] - mean[1], mean[1] - mean[2]];
        assert!(
            hue.iter().all(|d| d.abs() < 22.0),
            "class {class}: {mean:?}"
        );
    }
}

#[test]
fn label_maps_have_the_images_size() {
    let config = DataConfig::default();
    let sample = open(&config, LabelKind::Depth)
        .unwrap()
        .val
        .read(0)
        .unwrap();
    let Label::Depth {
        width,
        height,
        values,
    } = sample.label
    else {
        panic!("kind");
    };
    assert_eq!((width, height, values.len()), (96, 96, 96 * 96));
}
