//! Errors of depth maps (Eigen et al., NIPS 2014, section 4.2).

use nasfw_sdk::{Error, Metrics, Result};

use super::{WORST_ERROR, finite};

/// Lower bound of predicted depths for logarithms and ratios: a linear output may be negative.
const MIN_M: f64 = 1e-3;

/// Sums depth errors over the valid pixels of a whole set.
///
/// A pixel is valid when its true depth is positive and finite. `rms_log`, `delta1`, `delta2` and
/// `delta3` raise predictions below 1 mm to 1 mm; the other metrics use them unchanged.
///
/// ```
/// let mut errors = nasfw_plugins::tasks::DepthErrors::default();
/// errors.add(&[2.0, 3.0, 9.0], &[2.0, 4.0, 0.0])?; // the last pixel has no ground truth
/// assert_eq!(errors.metrics().get("abs_rel"), Some(0.125));
/// # Ok::<(), nasfw_sdk::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DepthErrors {
    pixels: u64,
    squared_m2: f64,
    squared_log: f64,
    absolute_relative: f64,
    squared_relative_m: f64,
    within: [u64; 3],
}

impl DepthErrors {
    /// Adds depths in metres, given in the same order.
    ///
    /// # Errors
    /// When the numbers of pixels differ or a predicted depth is not finite; nothing is added
    /// then.
    pub fn add(&mut self, predicted_m: &[f32], truth_m: &[f32]) -> Result<()> {
        if predicted_m.len() != truth_m.len() {
            return Err(Error::invalid(
                "prediction",
                format!("{} pixels", predicted_m.len()),
                format!("the ground truth has {}", truth_m.len()),
            ));
        }
        if let Some(bad) = predicted_m.iter().find(|d| !d.is_finite()) {
            return Err(Error::invalid(
                "predicted depth",
                bad,
                "depths must be finite",
            ));
        }
        for (&predicted, &truth) in predicted_m.iter().zip(truth_m) {
            if truth > 0.0 && truth.is_finite() {
                self.add_pixel(f64::from(predicted), f64::from(truth));
            }
        }
        Ok(())
    }

    /// Number of valid pixels so far.
    pub fn pixels(&self) -> u64 {
        self.pixels
    }

    /// `rms` (metres), `rms_log` (natural logarithm), `abs_rel`, `sqr_rel` (metres), and `delta1`
    /// to `delta3`, the shares of pixels with max(d/g, g/d) below 1.25, 1.25² and 1.25³.
    /// Without any pixel, errors are [`WORST_ERROR`] and shares 0.
    pub fn metrics(&self) -> Metrics {
        let mean = |sum: f64, of_nothing: f64| match self.pixels {
            0 => of_nothing,
            pixels => (sum / pixels as f64).min(WORST_ERROR),
        };
        let root_mean = |sum: f64| match self.pixels {
            0 => WORST_ERROR,
            pixels => (sum / pixels as f64).sqrt().min(WORST_ERROR),
        };
        let [delta1, delta2, delta3] = self.within.map(|pixels| mean(pixels as f64, 0.0));
        finite([
            ("rms", root_mean(self.squared_m2)),
            ("rms_log", root_mean(self.squared_log)),
            ("abs_rel", mean(self.absolute_relative, WORST_ERROR)),
            ("sqr_rel", mean(self.squared_relative_m, WORST_ERROR)),
            ("delta1", delta1),
            ("delta2", delta2),
            ("delta3", delta3),
        ])
    }

    fn add_pixel(&mut self, predicted_m: f64, truth_m: f64) {
        let error = (predicted_m - truth_m).abs();
        self.pixels += 1;
        self.squared_m2 += error * error;
        self.absolute_relative += error / truth_m;
        self.squared_relative_m += error * error / truth_m;
        let positive_m = predicted_m.max(MIN_M);
        let log = (positive_m / truth_m).ln();
        self.squared_log += log * log;
        let ratio = (positive_m / truth_m).max(truth_m / positive_m);
        let mut threshold = 1.0;
        for within in &mut self.within {
            threshold *= 1.25;
            *within += u64::from(ratio < threshold);
        }
    }
}
