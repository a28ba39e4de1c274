//! Depth: errors by hand, pooling, and a reward that grades.

use approx::assert_relative_eq;
use nasfw_plugins::tasks::{Depth, DepthErrors};
use nasfw_sdk::{Metrics, Seed, Task};
use rand::RngExt;

use crate::get;

fn errors(predicted_m: &[f32], truth_m: &[f32]) -> Metrics {
    let mut errors = DepthErrors::default();
    errors.add(predicted_m, truth_m).unwrap();
    errors.metrics()
}

#[test]
fn four_pixels_by_hand() {
    // Errors 0, 1 and 5 m; the last pixel has no truth; −1 m counts as 1 mm in logarithms.
    let metrics = errors(&[1.0, 3.0, -1.0, 5.0], &[1.0, 2.0, 4.0, 0.0]);
    assert_relative_eq!(get(&metrics, "rms"), (26.0_f64 / 3.0).sqrt());
    assert_relative_eq!(get(&metrics, "abs_rel"), (0.0 + 0.5 + 1.25) / 3.0);
    assert_relative_eq!(get(&metrics, "sqr_rel"), (0.0 + 0.5 + 6.25) / 3.0);
    let logs = 1.5_f64.ln().powi(2) + 4000.0_f64.ln().powi(2);
    assert_relative_eq!(
        get(&metrics, "rms_log"),
        (logs / 3.0).sqrt(),
        epsilon = 1e-9
    );
    // Ratios 1, 1.5 and 4000 against 1.25, 1.5625 and 1.953.
    assert_relative_eq!(get(&metrics, "delta1"), 1.0 / 3.0);
    assert_relative_eq!(get(&metrics, "delta2"), 2.0 / 3.0);
    assert_relative_eq!(get(&metrics, "delta3"), 2.0 / 3.0);
}

#[test]
fn a_ratio_at_the_threshold_is_not_within_it() {
    let metrics = errors(&[1.25, 4.0], &[1.0, 5.0]);
    assert_eq!(
        (get(&metrics, "delta1"), get(&metrics, "delta2")),
        (0.0, 1.0)
    );
}

#[test]
fn pixels_are_pooled_over_the_set() {
    // One image of one pixel and one of three: a mean of image means would give 2.5 m².
    let mut pooled = DepthErrors::default();
    pooled.add(&[3.0], &[1.0]).unwrap();
    pooled.add(&[2.0, 1.0, 1.0], &[1.0; 3]).unwrap();
    assert_relative_eq!(get(&pooled.metrics(), "rms"), (5.0_f64 / 4.0).sqrt());
}

#[test]
fn without_a_valid_pixel_everything_is_worst() {
    let task = Depth;
    let nothing = DepthErrors::default().metrics();
    let invalid = errors(&[1.0; 4], &[0.0, -1.0, f32::NAN, f32::INFINITY]);
    assert_eq!(nothing, invalid);
    assert_eq!((get(&nothing, "rms"), get(&nothing, "delta1")), (1e6, 0.0));
    assert!(task.reward(&nothing).unwrap() < 1e-4);
    let perfect = errors(&[1.0, 2.0], &[1.0, 2.0]);
    assert_eq!(
        (get(&perfect, "rms"), task.reward(&perfect).unwrap()),
        (0.0, 1.0)
    );
    assert!(DepthErrors::default().add(&[f32::NAN], &[1.0]).is_err());
    assert!(DepthErrors::default().add(&[1.0], &[]).is_err());
}

/// Rooms of 1 to 8 m, each pixel off by a factor of at most `spread` either way.
fn scene(spread: f64) -> (Vec<f32>, Vec<f32>) {
    let mut rng = Seed(9).stream("scene");
    let truth: Vec<f32> = (0..4000).map(|_| rng.random_range(1.0..8.0)).collect();
    let mut factor = || spread.powf(rng.random_range(-1.0..1.0)) as f32;
    let predicted = truth.iter().map(|&d| d * factor()).collect();
    (predicted, truth)
}

#[test]
fn the_reward_grades_networks_and_sees_through_a_constant() {
    let reward =
        |predicted: &[f32], truth: &[f32]| Depth.reward(&errors(predicted, truth)).unwrap();
    let graded: Vec<f64> = [1.0, 1.02, 1.1, 1.3, 1.6, 2.0, 4.0]
        .map(scene)
        .iter()
        .map(|(predicted, truth)| reward(predicted, truth))
        .collect();
    // Strictly falling, by a visible step each time: neither end is flat.
    assert!(graded.windows(2).all(|w| w[0] - w[1] > 0.02), "{graded:?}");
    let (decent, truth) = scene(1.3);
    let mean = truth.iter().sum::<f32>() / truth.len() as f32;
    let constant = reward(&vec![mean; truth.len()], &truth);
    assert!(constant < reward(&decent, &truth) - 0.25, "{constant}");
    // δ1 alone is 0 for both of these.
    let off = |factor: f32| truth.iter().map(|d| d * factor).collect::<Vec<_>>();
    assert!(reward(&off(1.5), &truth) > reward(&off(2.0), &truth) + 0.05);
}
