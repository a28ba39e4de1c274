//! Share of correct keypoints.

use nasfw_sdk::{Error, Keypoint, Metrics, Result};

use super::{WORST_ERROR, finite};

/// Tolerances, in units of `alpha`, at which precision is graded.
const GRADES: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

/// Counts joints by how far off they are, over a whole set.
///
/// An error is the distance to the truth divided by the image's reference length: PCK with the
/// longer side of the box (Yang & Ramanan 2013), PCKh with the head segment (Andriluka et al.
/// 2014). Joints that are not visible do not count.
///
/// ```
/// use nasfw_sdk::Keypoint;
/// let truth = [10.0, 20.0].map(|x_px| Keypoint { x_px, y_px: 5.0, visible: true });
/// let mut pck = nasfw_plugins::tasks::Pck::new(0.1)?;
/// pck.add(&[(11.0, 5.0), (30.0, 5.0)], &truth, 50.0)?; // off by 0.02 and 0.2
/// assert_eq!(pck.metrics().get("pck"), Some(0.5));
/// # Ok::<(), nasfw_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pck {
    alpha: f64,
    joints: u64,
    within_alpha: u64,
    within_02: u64,
    error: f64,
    graded: f64,
}

impl Pck {
    /// An empty count with the tolerance `alpha` in reference lengths.
    ///
    /// # Errors
    /// When `alpha` is not a positive number.
    pub fn new(alpha: f64) -> Result<Self> {
        if !(alpha > 0.0 && alpha.is_finite()) {
            return Err(Error::invalid("alpha", alpha, "a positive number"));
        }
        Ok(Self::of(alpha))
    }

    /// The same for an `alpha` that has been checked.
    pub(super) fn of(alpha: f64) -> Self {
        Self {
            alpha,
            joints: 0,
            within_alpha: 0,
            within_02: 0,
            error: 0.0,
            graded: 0.0,
        }
    }

    /// Adds the joints of one image: predicted `(x, y)` and truth in pixels of that image.
    ///
    /// # Errors
    /// When the numbers of joints differ, a predicted position is not finite, or joints are
    /// visible and the reference length is not positive; nothing is added then.
    pub fn add(
        &mut self,
        points_px: &[(f32, f32)],
        truth: &[Keypoint],
        reference_px: f32,
    ) -> Result<()> {
        if points_px.len() != truth.len() {
            return Err(Error::invalid(
                "prediction",
                format!("{} joints", points_px.len()),
                format!("the truth has {}", truth.len()),
            ));
        }
        let visible: Vec<_> = (points_px.iter().zip(truth))
            .filter(|(_, t)| t.visible)
            .collect();
        let is_length = reference_px > 0.0 && reference_px.is_finite();
        if !visible.is_empty() && !is_length {
            return Err(Error::invalid(
                "reference length",
                reference_px,
                "a positive number of pixels",
            ));
        }
        let errors: Vec<f64> = (visible.into_iter())
            .map(|(&(x, y), t)| {
                let (dx, dy) = (
                    f64::from(x) - f64::from(t.x_px),
                    f64::from(y) - f64::from(t.y_px),
                );
                dx.hypot(dy) / f64::from(reference_px)
            })
            .collect();
        if let Some(bad) = errors.iter().find(|e| !e.is_finite()) {
            return Err(Error::invalid("joint error", bad, "positions are finite"));
        }
        for error in errors {
            self.joints += 1;
            self.within_alpha += u64::from(error <= self.alpha);
            self.within_02 += u64::from(error <= 0.2);
            self.error += error.min(WORST_ERROR);
            self.graded += self.grade(error);
        }
        Ok(())
    }

    /// Visible joints so far.
    pub fn joints(&self) -> u64 {
        self.joints
    }

    /// `pck`, the share of joints within `alpha`; `pck_02`, within 0.2; `mean_error` in reference
    /// lengths; and `pck_auc`, the mean over the tolerances α/2, α, 2α and 4α of the area under
    /// the PCK curve up to there.
    ///
    /// Over no joint at all, shares are 0 and the error [`WORST_ERROR`].
    pub fn metrics(&self) -> Metrics {
        let mean = |sum: f64, of_nothing: f64| match self.joints {
            0 => of_nothing,
            joints => sum / joints as f64,
        };
        finite([
            ("pck", mean(self.within_alpha as f64, 0.0)),
            ("pck_02", mean(self.within_02 as f64, 0.0)),
            ("mean_error", mean(self.error, WORST_ERROR)),
            ("pck_auc", mean(self.graded, 0.0)),
        ])
    }

    /// What one joint adds to the areas: ∫₀ᴬ [error ≤ t] dt / A = max(0, 1 − error / A).
    fn grade(&self, error: f64) -> f64 {
        let areas = GRADES.map(|g| (1.0 - error / (g * self.alpha)).max(0.0));
        areas.iter().sum::<f64>() / GRADES.len() as f64
    }
}
