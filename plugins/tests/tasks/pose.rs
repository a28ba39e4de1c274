//! Pose: peaks of heatmaps, correct keypoints, and a reward that grades.

use approx::{assert_abs_diff_eq, assert_relative_eq};
use nasfw_plugins::tasks::{Pck, Pose, peak};
use nasfw_sdk::{Keypoint, Metrics, Prediction, Seed, Size, Task};
use rand::RngExt;

use crate::get;

/// A map of `size` (width, height) with `values` set at (column, row).
fn map(size: (usize, usize), values: &[(usize, usize, f32)]) -> Vec<f32> {
    let mut map = vec![0.0; size.0 * size.1];
    for &(column, row, value) in values {
        map[row * size.0 + column] = value;
    }
    map
}

fn find(size: (usize, usize), values: &[f32], image: (usize, usize)) -> (f32, f32) {
    let prediction = Prediction {
        height: size.1,
        width: size.0,
        channels: 1,
        values,
        image_size_px: Size::new(image.0, image.1),
    };
    peak(&prediction, 0).unwrap()
}

#[test]
fn a_peak_moves_to_the_vertex_of_its_parabola() {
    let (size, image) = ((6, 4), (24, 16));
    // Peak in column 2, row 1; the right and the upper neighbour are larger. Across, the parabola
    // through 4, 9, 6 is highest at (6 − 4) / 2 / (18 − 4 − 6) = 1/8: (2.125, 0.875) on the map,
    // times 4 about the pixel centre.
    let values = map(
        size,
        &[
            (2, 1, 9.0),
            (3, 1, 6.0),
            (1, 1, 4.0),
            (2, 0, 6.0),
            (2, 2, 4.0),
        ],
    );
    assert_eq!(find(size, &values, image), (10.0, 5.0));
    // Equal neighbours: it stays.
    assert_eq!(find(size, &map(size, &[(2, 1, 9.0)]), image), (9.5, 5.5));
    // In a corner there is no pair of neighbours.
    assert_eq!(
        find(size, &map(size, &[(0, 0, 9.0), (1, 0, 5.0)]), image),
        (1.5, 1.5)
    );
    // The first of equals, and a NaN never.
    let equals = map(size, &[(1, 0, f32::NAN), (4, 1, 9.0), (1, 2, 9.0)]);
    assert_eq!(find(size, &equals, image), (17.5, 5.5));
    // Image and map of one size: the identity.
    assert_eq!(find(size, &map(size, &[(3, 2, 1.0)]), size), (3.0, 2.0));
    let broken = Prediction {
        height: 0,
        width: 3,
        channels: 1,
        values: &[],
        image_size_px: Size::new(image.0, image.1),
    };
    assert_eq!(peak(&broken, 0), None);
}

#[test]
fn a_rendered_gaussian_is_found_to_a_fortieth_of_a_map_pixel() {
    let mut rng = Seed(2).stream("gaussians");
    let (size, image) = ((20_usize, 16_usize), (77, 61));
    for _ in 0..200 {
        let at = (
            rng.random_range(1.0..18.0_f32),
            rng.random_range(1.0..14.0_f32),
        );
        let gaussian: Vec<f32> = (0..size.0 * size.1)
            .map(|i| {
                let (dx, dy) = ((i % size.0) as f32 - at.0, (i / size.0) as f32 - at.1);
                (-(dx * dx + dy * dy) / 8.0).exp()
            })
            .collect();
        let (x, y) = find(size, &gaussian, image);
        let scale = (77.0 / 20.0, 61.0 / 16.0);
        let truth = ((at.0 + 0.5) * scale.0 - 0.5, (at.1 + 0.5) * scale.1 - 0.5);
        assert!((x - truth.0).abs() <= 0.025 * scale.0, "{x} for {truth:?}");
        assert!((y - truth.1).abs() <= 0.025 * scale.1, "{y} for {truth:?}");
    }
}

fn joint(x_px: f32, visible: bool) -> Keypoint {
    Keypoint {
        x_px,
        y_px: 0.0,
        visible,
    }
}

/// PCK of joints that are off by these shares of the reference length.
fn off_by(errors: &[f32]) -> Metrics {
    let mut pck = Pck::new(0.1).unwrap();
    let points: Vec<_> = errors.iter().map(|e| (100.0 * e, 0.0)).collect();
    pck.add(&points, &vec![joint(0.0, true); errors.len()], 100.0)
        .unwrap();
    pck.metrics()
}

#[test]
fn joints_by_hand() {
    let mut pck = Pck::new(0.1).unwrap();
    // Errors 0.05 and 0.5 (a 3-4-5 triangle) of 10 px, and one joint that is not visible.
    let truth = [joint(1.0, true), joint(1.0, true), joint(1.0, false)];
    pck.add(&[(1.5, 0.0), (4.0, 4.0), (99.0, 99.0)], &truth, 10.0)
        .unwrap();
    let metrics = pck.metrics();
    assert_eq!((get(&metrics, "pck"), get(&metrics, "pck_02")), (0.5, 0.5));
    assert_relative_eq!(get(&metrics, "mean_error"), 0.275);
    // Areas up to 0.05, 0.1, 0.2 and 0.4: 0, 1/2, 3/4 and 7/8 for the first, 0 for the second.
    assert_relative_eq!(get(&metrics, "pck_auc"), 2.125 / 4.0 / 2.0, epsilon = 1e-12);
    assert_eq!(get(&off_by(&[0.15]), "pck"), 0.0);
    assert_eq!(get(&off_by(&[0.15]), "pck_02"), 1.0);
}

#[test]
fn the_area_is_the_integral_of_pck() {
    let errors = [0.01, 0.03, 0.08, 0.12, 0.3, 0.7];
    let mut area = 0.0;
    for most in [0.05, 0.1, 0.2, 0.4] {
        let steps = 20_000;
        let within = |t: f64| errors.iter().filter(|&&e| f64::from(e) <= t).count() as f64 / 6.0;
        let sum: f64 = (0..steps)
            .map(|i| within(most * (f64::from(i) + 0.5) / f64::from(steps)))
            .sum();
        area += sum / f64::from(steps) / 4.0;
    }
    assert_abs_diff_eq!(get(&off_by(&errors), "pck_auc"), area, epsilon = 1e-3);
}

#[test]
fn the_reward_is_graded() {
    let rewards: Vec<f64> = [0.0, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.39, 0.5]
        .map(|error| Pose::default().reward(&off_by(&[error])).unwrap())
        .to_vec();
    assert!(rewards.windows(2).all(|w| w[0] > w[1]), "{rewards:?}");
    assert_eq!((rewards[0], rewards[8]), (1.0, 0.0));
    assert_abs_diff_eq!(rewards[4], 0.3125, epsilon = 1e-6);
}

#[test]
fn nothing_visible_is_worst_and_nonsense_is_refused() {
    let mut pck = Pck::new(0.1).unwrap();
    pck.add(&[(1.0, 1.0)], &[joint(1.0, false)], 0.0).unwrap();
    assert_eq!(pck.joints(), 0);
    assert_eq!(get(&pck.metrics(), "pck"), 0.0);
    assert_eq!(get(&pck.metrics(), "mean_error"), 1e6);
    let before = pck.clone();
    let seen = [joint(1.0, true)];
    assert!(pck.add(&[(1.0, 1.0)], &seen, 0.0).is_err());
    assert!(pck.add(&[(1.0, 1.0)], &seen, f32::NAN).is_err());
    assert!(pck.add(&[(f32::NAN, 1.0)], &seen, 5.0).is_err());
    assert!(pck.add(&[], &seen, 5.0).is_err());
    assert_eq!(pck, before);
    assert!(Pck::new(0.0).is_err() && Pck::new(f64::NAN).is_err());
}
