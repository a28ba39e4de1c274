//! Losses against their formulas, finite differences and the cases where nothing counts.

mod reference;

use nasfw_kernels::{berhu, cross_entropy, squared_error};
use reference::{assert_close, finite_difference, random, wide};

const IGNORE: u8 = 255;

fn labels(pixels: usize, classes: usize) -> Vec<u8> {
    let label = |i: usize| {
        if i % 5 == 3 {
            IGNORE
        } else {
            (i * 7 % classes) as u8
        }
    };
    (0..pixels).map(label).collect()
}

fn entropy(logits: &[f64], classes: usize, labels: &[u8]) -> f64 {
    let mut sum = 0.0;
    let mut count = 0.0;
    for (row, &label) in logits.chunks(classes).zip(labels) {
        if label != IGNORE {
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = row.iter().map(|v| (v - largest).exp()).sum();
            sum += total.ln() + largest - row[usize::from(label)];
            count += 1.0;
        }
    }
    sum / count
}

#[test]
fn cross_entropy_agrees_with_its_formula() {
    for (pixels, classes) in [(1, 1), (1, 21), (10, 2), (700, 21), (513, 150), (130, 8)] {
        for scale in [1.0, 30.0] {
            let logits: Vec<f32> = random(pixels * classes, 1)
                .iter()
                .map(|v| v * scale + 5.0)
                .collect();
            let labels = labels(pixels, classes);
            let expected = entropy(&wide(&logits), classes, &labels);
            let before = random(logits.len(), 2);
            let mut grad = before.clone();
            let loss = cross_entropy(&logits, classes, &labels, IGNORE, Some((&mut grad, 3.0)));
            assert!(
                (loss - expected).abs() < 1e-5 * (1.0 + expected),
                "{loss} for {expected}"
            );
            assert_eq!(loss, cross_entropy(&logits, classes, &labels, IGNORE, None));

            let count = labels.iter().filter(|&&l| l != IGNORE).count() as f64;
            let mut expected = wide(&before);
            for ((row, grad), &label) in logits
                .chunks(classes)
                .zip(expected.chunks_mut(classes))
                .zip(&labels)
            {
                let total: f64 = row.iter().map(|&v| f64::from(v).exp()).sum();
                for (c, (&v, grad)) in row.iter().zip(grad).enumerate() {
                    if label != IGNORE {
                        let hit = if c == usize::from(label) { 1.0 } else { 0.0 };
                        *grad += 3.0 / count * (f64::from(v).exp() / total - hit);
                    }
                }
            }
            assert_close("gradient of the cross-entropy", &grad, &expected, 1e-6);
        }
    }
}

#[test]
fn cross_entropy_survives_logits_that_overflow_exp() {
    let loss = cross_entropy(&[1e4, -1e4, -1e4, 1e4], 2, &[0, 0], IGNORE, None);
    assert_eq!(loss, 1e4);
}

#[test]
fn cross_entropy_without_a_valid_pixel_is_zero() {
    let mut grad = [7.0; 6];
    let loss = cross_entropy(&[1.0; 6], 3, &[IGNORE; 2], IGNORE, Some((&mut grad, 1.0)));
    assert_eq!((loss, grad), (0.0, [7.0; 6]));
    assert_eq!(cross_entropy(&[], 3, &[], IGNORE, None), 0.0);
}

#[test]
#[should_panic(expected = "not below 3 classes")]
fn a_label_out_of_range_is_refused() {
    cross_entropy(&[0.0; 3], 3, &[3], IGNORE, None);
}

fn reverse_huber(pred: &[f32], truth: &[f32], c: f64) -> f64 {
    let valid: Vec<f64> = pred
        .iter()
        .zip(truth)
        .filter(|(_, truth)| **truth > 0.0)
        .map(|(&d, &g)| (f64::from(d) - f64::from(g)).abs())
        .collect();
    let value = |&e: &f64| {
        if e <= c {
            e
        } else {
            (e * e + c * c) / (2.0 * c)
        }
    };
    valid.iter().map(value).sum::<f64>() / valid.len() as f64
}

#[test]
fn berhu_agrees_with_its_formula() {
    for len in [2, 30, 20_000] {
        let pred = random(len, 3);
        // About half of it is no depth at all.
        let truth = random(len, 4);
        let errors = pred
            .iter()
            .zip(&truth)
            .filter(|(_, g)| **g > 0.0)
            .map(|(d, g)| (d - g).abs());
        let c = f64::from(0.2 * errors.fold(0.0, f32::max));
        assert!(c > 0.0, "the seed gives a valid pixel");
        let expected = reverse_huber(&pred, &truth, c);
        let mut grad = vec![1.0; len];
        let loss = berhu(&pred, &truth, Some((&mut grad, 2.0)));
        assert!(
            (loss - expected).abs() < 1e-6 * (1.0 + expected),
            "{loss} for {expected}"
        );
        if len <= 30 {
            let mut expected =
                finite_difference(&pred, 1e-4, |pred| reverse_huber(pred, &truth, c));
            expected.iter_mut().for_each(|v| *v = 1.0 + 2.0 * *v);
            assert_close("gradient of the berHu", &grad, &expected, 1e-3);
        }
    }
}

#[test]
fn berhu_of_one_valid_pixel() {
    // e = 2, c = 0.4, (4 + 0.16) / 0.8 = 5.2; slope e / c = 5.
    let mut grad = [0.0; 3];
    let loss = berhu(&[9.0, 3.0, 9.0], &[0.0, 1.0, -1.0], Some((&mut grad, 1.0)));
    assert!((loss - 5.2).abs() < 1e-6, "{loss}");
    assert_close("gradient", &grad, &[0.0, 5.0, 0.0], 1e-6);
}

#[test]
fn berhu_of_a_perfect_or_absent_truth_is_zero() {
    for (pred, truth) in [
        ([1.0, 2.0], [1.0, 2.0]),
        ([1.0, 2.0], [0.0, -1.0]),
        ([1.0, 2.0], [f32::NAN, 0.0]),
    ] {
        let mut grad = [7.0; 2];
        assert_eq!(berhu(&pred, &truth, Some((&mut grad, 1.0))), 0.0);
        assert_eq!(grad, [7.0; 2]);
    }
    assert_eq!(berhu(&[], &[], None), 0.0);
}

#[test]
fn squared_error_agrees_with_its_formula() {
    for len in [1, 9, 20_000] {
        let (pred, truth) = (random(len, 5), random(len, 6));
        let some: Vec<f32> = (0..len)
            .map(|i| if i % 3 == 0 { 1.0 } else { 0.0 })
            .collect();
        for mask in [None, Some(some.as_slice())] {
            let counts = |i: usize| mask.is_none_or(|mask| mask[i] != 0.0);
            let valid: Vec<usize> = (0..len).filter(|&i| counts(i)).collect();
            let error = |i: usize| f64::from(pred[i]) - f64::from(truth[i]);
            let expected =
                valid.iter().map(|&i| error(i).powi(2)).sum::<f64>() / valid.len() as f64;
            let mut grad = vec![1.0; len];
            let loss = squared_error(&pred, &truth, mask, Some((&mut grad, 4.0)));
            assert!((loss - expected).abs() < 1e-9, "{loss} for {expected}");
            let gradient = |i: usize| {
                if counts(i) {
                    8.0 * error(i) / valid.len() as f64
                } else {
                    0.0
                }
            };
            let expected: Vec<f64> = (0..len).map(|i| 1.0 + gradient(i)).collect();
            assert_close("gradient of the squared error", &grad, &expected, 1e-6);
        }
    }
}

#[test]
fn squared_error_with_everything_masked_is_zero() {
    let mut grad = [7.0; 2];
    let loss = squared_error(
        &[1.0, 2.0],
        &[3.0, 4.0],
        Some(&[0.0; 2]),
        Some((&mut grad, 1.0)),
    );
    assert_eq!((loss, grad), (0.0, [7.0; 2]));
}
