//! The conformance check of every task, and tests of this one.

use boundaries::{Boundaries, BoundariesConfig};
use nasfw_sdk::registry::FromConfig;
use nasfw_sdk::testing::check_task;
use nasfw_sdk::{DataInfo, Label, LossBatch, Metrics, Prediction, Size, Task};

const SIDE: usize = 8;

fn task(config: BoundariesConfig) -> Boundaries {
    Boundaries::from_config(config).unwrap()
}

/// A map whose left `columns` columns have class 1, the rest class 0.
fn halves(columns: usize) -> Vec<u8> {
    let pixel = |at: usize| u8::from(at % SIDE < columns);
    (0..SIDE * SIDE).map(pixel).collect()
}

fn truth(values: Vec<u8>) -> Label {
    let (width, height) = (SIDE, SIDE);
    Label::Classes {
        width,
        height,
        values,
    }
}

fn logits(map: &[u8]) -> Vec<f32> {
    map.iter()
        .flat_map(|&c| if c == 1 { [0.0, 4.0] } else { [4.0, 0.0] })
        .collect()
}

fn score(guess: &[u8], truth_of: Vec<u8>) -> Metrics {
    let info = DataInfo {
        classes: vec!["rest".into(), "left".into()],
        ..Default::default()
    };
    let mut scorer = task(BoundariesConfig::default()).scorer(&info).unwrap();
    let prediction = Prediction {
        height: SIDE,
        width: SIDE,
        channels: 2,
        values: &logits(guess),
        image_size_px: Size::square(SIDE),
    };
    scorer.add(&prediction, &truth(truth_of)).unwrap();
    scorer.metrics().unwrap()
}

#[test]
fn keeps_its_contract() {
    check_task(&task(BoundariesConfig::default())).unwrap();
    let wide = BoundariesConfig {
        radius_px: 3,
        weight: 9.0,
        ignore: 3,
    };
    check_task(&task(wide)).unwrap();
}

#[test]
fn outlines_that_meet_score_and_those_that_do_not_do_not() {
    let f1 = |guess: usize, truth: usize| {
        score(&halves(guess), halves(truth))
            .get("boundary_f1")
            .unwrap()
    };
    assert_eq!(f1(4, 4), 1.0);
    // An offset of one pixel is within the radius; two are not, although most pixels are right.
    assert_eq!(f1(5, 4), 1.0);
    assert_eq!(f1(6, 4), 0.0);
    assert_eq!(score(&halves(6), halves(4)).get("pixel_acc"), Some(0.75));
    // Without outlines there is nothing to match.
    assert_eq!(f1(4, 0), 0.0);
    assert_eq!(f1(0, 4), 0.0);
}

#[test]
fn pixels_that_do_not_count_count_nowhere() {
    let mut holes = halves(4);
    for row in holes.chunks_exact_mut(SIDE) {
        row[6..].fill(255);
    }
    let metrics = score(&halves(4), holes);
    assert_eq!(metrics.get("boundary_f1"), Some(1.0));
    assert_eq!(metrics.get("pixel_acc"), Some(1.0));
}

/// The formula written out, with weights for the pixels near the boundary given by hand.
#[test]
fn the_loss_is_the_weighted_mean() {
    let outputs: Vec<f32> = (0..SIDE * SIDE * 2)
        .map(|i| (i * 7 % 13) as f32 / 5.0)
        .collect();
    let map = halves(3);
    let truths = [truth(map.clone())];
    let batch = LossBatch {
        batch: 1,
        height: SIDE,
        width: SIDE,
        channels: 2,
        outputs: &outputs,
        truths: &truths,
    };
    let config = BoundariesConfig {
        weight: 5.0,
        ..Default::default()
    };
    let found = task(config.clone())
        .custom_loss(&batch, &mut vec![0.0; outputs.len()])
        .unwrap();
    let (mut sum, mut weights) = (0.0, 0.0);
    for at in 0..SIDE * SIDE {
        // Columns 2 and 3 are at the boundary, 1 and 4 next to it.
        let weight = if (1..=4).contains(&(at % SIDE)) {
            5.0
        } else {
            1.0
        };
        let (z0, z1) = (f64::from(outputs[2 * at]), f64::from(outputs[2 * at + 1]));
        let wanted = if map[at] == 1 { z1 } else { z0 };
        sum += weight * ((z0.exp() + z1.exp()).ln() - wanted);
        weights += weight;
    }
    assert!(
        (found - sum / weights).abs() < 1e-5,
        "{found} {}",
        sum / weights
    );
    let wrong = [truth(vec![2; SIDE * SIDE])];
    let batch = LossBatch {
        truths: &wrong,
        ..batch
    };
    let said = task(config).custom_loss(&batch, &mut vec![0.0; outputs.len()]);
    assert!(
        said.unwrap_err()
            .to_string()
            .contains("classes are below 2")
    );
}

#[test]
fn settings_out_of_range_are_refused() {
    let default = BoundariesConfig::default();
    for (config, key) in [
        (
            BoundariesConfig {
                radius_px: 17,
                ..default
            },
            "radius_px",
        ),
        (
            BoundariesConfig {
                weight: f32::NAN,
                ..default
            },
            "weight",
        ),
    ] {
        let said = Boundaries::from_config(config).err().map(|e| e.to_string());
        assert!(said.unwrap_or_default().contains(key), "{key}");
    }
}
