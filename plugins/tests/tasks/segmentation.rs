//! Semantic segmentation: confusion matrix, means and reward.

use approx::{assert_abs_diff_eq, assert_relative_eq};
use nasfw_plugins::tasks::{ConfusionMatrix, Segmentation};
use nasfw_sdk::{DataInfo, Label, Metrics, Prediction, Seed, Size, Task};
use rand::RngExt;

use crate::get;

#[test]
fn the_reward_is_the_geometric_mean() {
    // arXiv 1810.10804: mIoU .602, fwIoU .829 and mean accuracy .731 make a reward of .7145.
    let metrics = [("miou_fg", 0.602), ("fwiou_fg", 0.829), ("macc_fg", 0.731)];
    let metrics = Metrics::new(metrics).unwrap();
    assert_abs_diff_eq!(
        Segmentation::default().reward(&metrics).unwrap(),
        0.7145,
        epsilon = 5e-5
    );
}

/// Rows (truth) and columns (prediction): [2 1 0 1], [1 2 0 0], [0 0 2 0], nothing true of
/// class 3, and one ignored pixel.
fn small() -> ConfusionMatrix {
    let mut matrix = ConfusionMatrix::new(4, 255);
    let predicted = [0, 0, 1, 3, 1, 1, 0, 2, 2, 1];
    matrix
        .add(&predicted, &[0, 0, 0, 0, 1, 1, 1, 2, 2, 255])
        .unwrap();
    matrix
}

#[test]
fn a_small_matrix_by_hand() {
    let metrics = small().metrics();
    // IoU 2/5, 2/4 and 2/2; recall 2/4, 2/3 and 2/2.
    assert_relative_eq!(get(&metrics, "miou"), (0.4 + 0.5 + 1.0) / 3.0);
    assert_relative_eq!(get(&metrics, "fwiou"), (4.0 * 0.4 + 3.0 * 0.5 + 2.0) / 9.0);
    assert_relative_eq!(get(&metrics, "macc"), (0.5 + 2.0 / 3.0 + 1.0) / 3.0);
    assert_relative_eq!(get(&metrics, "pixel_acc"), 6.0 / 9.0);
    assert_relative_eq!(get(&metrics, "miou_fg"), 0.75);
    assert_relative_eq!(get(&metrics, "fwiou_fg"), (3.0 * 0.5 + 2.0) / 5.0);
    assert_relative_eq!(get(&metrics, "macc_fg"), (2.0 / 3.0 + 1.0) / 2.0);
    assert_eq!((small().iou(2), small().iou(3)), (Some(1.0), None));
}

#[test]
fn a_class_that_is_never_true_only_costs() {
    // The same pixels with right answers in place of class 3: nothing may be lower.
    let mut right = ConfusionMatrix::new(4, 255);
    right
        .add(
            &[0, 0, 1, 0, 1, 1, 0, 2, 2, 1],
            &[0, 0, 0, 0, 1, 1, 1, 2, 2, 255],
        )
        .unwrap();
    for (name, value) in small().metrics().iter() {
        assert!(value <= get(&right.metrics(), name), "{name}");
    }
    // Answering with an absent class throughout is worth nothing.
    let mut absent = ConfusionMatrix::new(4, 255);
    absent.add(&[3; 4], &[0, 1, 1, 2]).unwrap();
    assert!(absent.metrics().iter().all(|(_, value)| value == 0.0));
}

#[test]
fn perfect_classes_count_and_nothing_is_worth_nothing() {
    let mut matrix = ConfusionMatrix::new(4, 255);
    let nothing = matrix.metrics();
    matrix.add(&[0, 1, 2], &[255; 3]).unwrap();
    assert_eq!(matrix.metrics(), nothing, "ignored pixels do not count");
    assert!(nothing.iter().all(|(_, value)| value == 0.0));
    matrix.add(&[0, 1, 2], &[0, 1, 2]).unwrap();
    assert!(matrix.metrics().iter().all(|(_, value)| value == 1.0));
    assert_eq!(
        Segmentation::default().reward(&matrix.metrics()).unwrap(),
        1.0
    );
    // Background alone: no foreground class to average over.
    let mut background = ConfusionMatrix::new(4, 255);
    background.add(&[0], &[0]).unwrap();
    assert_eq!(get(&background.metrics(), "miou"), 1.0);
    assert_eq!(get(&background.metrics(), "miou_fg"), 0.0);
}

#[test]
fn classes_out_of_range_are_refused_and_not_counted() {
    let mut matrix = small();
    for (predicted, truth) in [
        (&[0_u8, 4][..], &[0_u8, 0][..]),
        (&[0, 0], &[0, 4]),
        (&[0], &[]),
    ] {
        assert!(matrix.add(predicted, truth).is_err());
    }
    let error = matrix.add(&[9], &[0]).unwrap_err().to_string();
    assert_eq!(
        error,
        "class in prediction: 9 is not allowed; 0 to 3, or 255 for no class"
    );
    assert_eq!(matrix, small());
    assert!(ConfusionMatrix::new(0, 255).add(&[0], &[0]).is_err());
}

#[test]
fn random_maps_agree_with_sets_of_pixels() {
    let mut rng = Seed(5).stream("maps");
    let classes = 6;
    let mut draw = |most| {
        (0..400)
            .map(|_| rng.random_range(0..most))
            .collect::<Vec<u8>>()
    };
    // Class 5 is predicted only.
    let (predicted, truth) = (draw(6), draw(5));
    let mut matrix = ConfusionMatrix::new(classes, 255);
    // In two parts: the matrix is summed over images, not averaged.
    matrix.add(&predicted[..100], &truth[..100]).unwrap();
    matrix.add(&predicted[100..], &truth[100..]).unwrap();
    let (mut ious, mut weighted, mut recalls) = (Vec::new(), 0.0, Vec::new());
    for class in 1..5 {
        let count = |wanted: &dyn Fn(bool, bool) -> bool| {
            let pairs = predicted.iter().zip(&truth);
            pairs
                .filter(|(p, t)| wanted(**p == class, **t == class))
                .count() as f64
        };
        let (both, either) = (count(&|p, t| p && t), count(&|p, t| p || t));
        let (true_pixels, foreground) = (
            count(&|_, t| t),
            truth.iter().filter(|t| **t > 0).count() as f64,
        );
        ious.push(both / either);
        weighted += true_pixels / foreground * both / either;
        recalls.push(both / true_pixels);
    }
    let metrics = matrix.metrics();
    assert_relative_eq!(
        get(&metrics, "miou_fg"),
        ious.iter().sum::<f64>() / 4.0,
        epsilon = 1e-12
    );
    assert_relative_eq!(get(&metrics, "fwiou_fg"), weighted, epsilon = 1e-12);
    assert_relative_eq!(
        get(&metrics, "macc_fg"),
        recalls.iter().sum::<f64>() / 4.0,
        epsilon = 1e-12
    );
}

#[test]
fn logits_become_classes_pixel_by_pixel() {
    let info = DataInfo {
        classes: vec!["background".into(), "a".into(), "b".into()],
        ..DataInfo::default()
    };
    let mut scorer = Segmentation::default().scorer(&info).unwrap();
    // Two pixels, channels last: classes 2 and 1.
    let prediction = Prediction {
        height: 1,
        width: 2,
        channels: 3,
        values: &[0.0, 1.0, 2.0, -3.0, -1.0, -2.0],
        image_size_px: Size::new(8, 4),
    };
    let truth = |values| Label::Classes {
        width: 2,
        height: 1,
        values,
    };
    scorer.add(&prediction, &truth(vec![2, 1])).unwrap();
    assert_eq!(get(&scorer.metrics().unwrap(), "pixel_acc"), 1.0);
    scorer.add(&prediction, &truth(vec![1, 1])).unwrap();
    assert_eq!(get(&scorer.metrics().unwrap(), "pixel_acc"), 0.75);
    let turned = Label::Classes {
        width: 1,
        height: 2,
        values: vec![2, 1],
    };
    assert!(scorer.add(&prediction, &turned).is_err());
    assert!(scorer.add(&prediction, &truth(vec![2])).is_err());
}
