//! Agreement of outlines: the boundary F1 of Csurka, Larlus and Perronnin (BMVC 2013).

use nasfw_sdk::{Label, Metrics, Prediction, Result, Scorer, argmax};

use crate::{BoundariesConfig, classes, outline};

/// Counts over all images.
pub(crate) struct Outlines {
    config: BoundariesConfig,
    of_class: Vec<Counts>,
    pixels: u64,
    right: u64,
}

/// Counts of one class: pixels of each outline, and those near the other one.
#[derive(Clone, Default)]
struct Counts {
    predicted: u64,
    predicted_near: u64,
    true_: u64,
    true_near: u64,
}

impl Outlines {
    pub(crate) fn new(classes: usize, config: &BoundariesConfig) -> Self {
        Self {
            config: config.clone(),
            of_class: vec![Counts::default(); classes],
            pixels: 0,
            right: 0,
        }
    }
}

impl Scorer for Outlines {
    fn add(&mut self, prediction: &Prediction<'_>, truth: &Label) -> Result<()> {
        prediction.check(self.of_class.len(), truth)?;
        let truth = classes(truth)?;
        let BoundariesConfig {
            radius_px, ignore, ..
        } = self.config;
        let pixels = prediction.values.chunks_exact(prediction.channels);
        // Where the label is ignored, so is the prediction.
        let guess: Vec<u8> = (pixels.zip(truth))
            .map(|(logits, &t)| {
                if t == ignore {
                    ignore
                } else {
                    argmax(logits) as u8
                }
            })
            .collect();
        let counted = guess.iter().zip(truth).filter(|(_, t)| **t != ignore);
        self.pixels += counted.clone().count() as u64;
        self.right += counted.filter(|(g, t)| g == t).count() as u64;
        let width = prediction.width;
        for (class, counts) in (0..=u8::MAX).zip(&mut self.of_class) {
            let predicted = outline::of_class(&guess, width, class, ignore);
            let true_ = outline::of_class(truth, width, class, ignore);
            counts.predicted += count(&predicted);
            counts.true_ += count(&true_);
            counts.predicted_near += common(&predicted, &outline::near(&true_, width, radius_px));
            counts.true_near += common(&true_, &outline::near(&predicted, width, radius_px));
        }
        Ok(())
    }

    /// `boundary_f1`: the mean over classes with an outline in the ground truth; 0 if there is
    /// none.
    fn metrics(&self) -> Result<Metrics> {
        let present = self.of_class.iter().filter(|counts| counts.true_ > 0);
        let scores: Vec<f64> = present.map(Counts::f1).collect();
        let mean = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
        let accuracy = share(self.right, self.pixels);
        Metrics::new([("boundary_f1", mean), ("pixel_acc", accuracy)])
    }
}

impl Counts {
    /// `2 P R / (P + R)`: P is the share of the predicted outline near the true one, R the share of
    /// the true outline near the predicted one.
    fn f1(&self) -> f64 {
        let precision = share(self.predicted_near, self.predicted);
        let recall = share(self.true_near, self.true_);
        if precision + recall > 0.0 {
            2.0 * precision * recall / (precision + recall)
        } else {
            0.0
        }
    }
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn count(marked: &[bool]) -> u64 {
    marked.iter().filter(|&&m| m).count() as u64
}

fn common(one: &[bool], other: &[bool]) -> u64 {
    one.iter().zip(other).filter(|(a, b)| **a && **b).count() as u64
}
